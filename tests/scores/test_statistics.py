"""Intervals against theory, and the properties that make them honest."""

import numpy as np
import pytest

from shapeshot.scores.statistics import Interval, bootstrap_mean, paired_difference


def test_interval_of_normal_values_is_close_to_theory():
    values = np.random.default_rng(0).normal(0.5, 0.2, 400)
    interval = bootstrap_mean(values)
    half_width = 1.96 * values.std() / np.sqrt(len(values))
    assert interval.mean == pytest.approx(values.mean())
    assert interval.high - interval.mean == pytest.approx(half_width, rel=0.1)
    assert interval.mean - interval.low == pytest.approx(half_width, rel=0.1)


def test_intervals_cover_the_true_mean_about_as_often_as_they_say():
    rng = np.random.default_rng(1)
    intervals = [bootstrap_mean(rng.beta(2, 4, 60), num_resamples=600) for _ in range(200)]
    covered = np.mean([interval.low <= 1 / 3 <= interval.high for interval in intervals])
    assert 0.88 <= covered <= 0.99


def test_near_duplicates_do_not_narrow_an_interval():
    values = np.random.default_rng(2).random(40)
    alone = bootstrap_mean(values)
    copies, labels = np.repeat(values, 5), np.repeat([f"g{i}" for i in range(40)], 5)
    naive, clustered = bootstrap_mean(copies), bootstrap_mean(copies, list(labels))
    assert clustered.high - clustered.low == pytest.approx(alone.high - alone.low, rel=0.05)
    assert naive.high - naive.low < 0.6 * (clustered.high - clustered.low)
    assert clustered.count == 200


def test_same_seed_same_interval_and_blocks_do_not_matter(monkeypatch):
    values = np.random.default_rng(3).random(30)
    first = bootstrap_mean(values, seed=5)
    assert bootstrap_mean(values, seed=5) == first
    assert bootstrap_mean(values, seed=6) != first
    monkeypatch.setattr("shapeshot.scores.statistics._BLOCK_CELLS", 1000)
    assert bootstrap_mean(values, seed=5) == first


def test_one_value_is_its_own_interval():
    assert bootstrap_mean([0.25]) == Interval(0.25, 0.25, 0.25, 1)


@pytest.mark.parametrize("values", [[], [0.1, float("nan")]])
def test_nothing_and_nan_are_refused(values):
    with pytest.raises(ValueError, match="finite"):
        bootstrap_mean(values)


def test_paired_difference_is_sharper_than_two_intervals():
    rng = np.random.default_rng(4)
    base = {f"object{i}": float(value) for i, value in enumerate(rng.random(80))}
    better = {name: value + 0.05 + float(rng.normal(0, 0.01)) for name, value in base.items()}
    gain = paired_difference(better, base)
    assert 0.045 < gain.low <= gain.mean <= gain.high < 0.055
    assert bootstrap_mean(list(better.values())).overlaps(bootstrap_mean(list(base.values())))
    assert paired_difference(base, base) == Interval(0.0, 0.0, 0.0, 80)


def test_paired_difference_refuses_other_objects():
    with pytest.raises(ValueError, match="same objects"):
        paired_difference({"a": 1.0, "b": 2.0}, {"a": 1.0})
