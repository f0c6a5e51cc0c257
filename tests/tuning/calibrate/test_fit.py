"""The fits on features whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.errors import DatasetError
from shapeshot.tuning.calibrate.fit import fit_familiarity, fit_look, fit_size, object_directions
from shapeshot.tuning.calibrate.photos import SeenViews
from shapeshot.tuning.calibrate.size_scores import CategoryMedian, size_scores

NUM_FEATURES = 20


def seen_views(num_objects: int, seed: int, num_views: int = 3) -> SeenViews:
    """Four kinds far apart in features; size is the kind's, with a spread that views do not show."""
    rng = np.random.default_rng(seed)
    centres = 4 * np.random.default_rng(99).normal(size=(4, NUM_FEATURES))
    kinds = rng.integers(0, 4, num_objects)
    objects = np.repeat(np.arange(num_objects), num_views)
    features = centres[kinds[objects]] + rng.normal(size=(len(objects), NUM_FEATURES))
    log_metres = kinds[:, None] * [0.5, 1.0, -0.5] + 0.2 * rng.normal(size=(num_objects, 3))
    names = np.array([f"{seed}-{index:03d}" for index in range(num_objects)])
    nothing = np.zeros((0, 32, 32, 32))
    labels = np.array([f"kind {kind}" for kind in kinds])
    return SeenViews(
        names[objects], names[objects], labels[objects], features, log_metres[objects], nothing, nothing.astype(bool)
    )


@pytest.fixture(scope="module")
def train() -> SeenViews:
    return seen_views(120, 1)


def test_components_are_orthonormal_and_hold_what_varies(train: SeenViews) -> None:
    look = fit_look(train.features, 5)
    np.testing.assert_allclose(look.basis.T.astype(float) @ look.basis, np.eye(5), atol=2e-3)
    standard = (train.features - train.features.mean(axis=0)) / train.features.std(axis=0)
    expected = np.linalg.svd(standard, compute_uv=False)[:5]
    np.testing.assert_allclose(np.linalg.norm(look.components(train.features), axis=0), expected, rtol=5e-3)


def test_a_feature_that_never_changes_does_no_harm(train: SeenViews) -> None:
    constant = np.concatenate([train.features, np.full((len(train.features), 1), 7.0)], axis=1)
    assert np.isfinite(fit_look(constant, 5).directions(constant)).all()


def test_size_is_found_and_the_interval_covers_new_objects(train: SeenViews) -> None:
    look = fit_look(train.features, 10)
    covered, errors = [], []
    for seed in range(10, 20):
        head = fit_size(look, train, seen_views(60, seed))
        scores = size_scores(look, head, CategoryMedian.fit(train), seen_views(200, seed + 100))
        covered.append(scores["coverage"]["all"])
        errors.append(scores["model"]["log_error"][0] / scores["category_median"]["log_error"][0])
    assert 0.87 <= np.mean(covered) <= 0.95
    assert np.mean(errors) < 1.1  # kinds are told apart at sight here, so knowing them is no help


def test_familiarity_lets_new_objects_pass_and_stops_others(train: SeenViews) -> None:
    look = fit_look(train.features, 10)
    head = fit_familiarity(look, train, seen_views(100, 2))
    new = head.distances(look.directions(seen_views(200, 3).features))
    other = head.distances(look.directions(4 * np.random.default_rng(5).normal(size=(200, NUM_FEATURES))))
    assert 0.9 <= (new <= head.limit).mean() <= 0.99
    assert (other > head.limit).mean() > 0.9


def test_each_object_is_one_direction(train: SeenViews) -> None:
    look = fit_look(train.features, 10)
    directions, first = object_directions(look, train)
    assert directions.shape == (120, 10)
    own = look.directions(train.features[train.objects == train.objects[first[7]]]).mean(axis=0)
    np.testing.assert_allclose(directions[7], own / np.linalg.norm(own), atol=2e-3)


def test_few_validation_objects_are_too_few(train: SeenViews) -> None:
    look = fit_look(train.features, 10)
    with pytest.raises(DatasetError, match="too small to calibrate"):
        fit_size(look, train, seen_views(8, 2))
    with pytest.raises(DatasetError, match="too small to calibrate"):
        fit_familiarity(look, train, seen_views(18, 2))


def test_the_category_median_is_told_the_kind_and_guesses_for_others(train: SeenViews) -> None:
    baseline = CategoryMedian.fit(train)
    _, first = np.unique(train.objects, return_index=True)
    sizes = train.log_metres[first]
    own = np.median(sizes[train.kinds[first] == "kind 2"], axis=0)
    predicted = baseline(np.array(["kind 2", "aardvark", "zebra"]))
    np.testing.assert_allclose(predicted, [own, np.median(sizes, axis=0), np.median(sizes, axis=0)])
