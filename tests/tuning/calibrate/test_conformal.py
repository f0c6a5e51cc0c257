"""Coverage is kept on data of a known distribution; with one view an object it is the textbook's quantile."""

from __future__ import annotations

import math

import numpy as np
import pytest

from shapeshot.tuning.calibrate.conformal import conformal_quantile


@pytest.mark.parametrize(("count", "coverage"), [(9, 0.9), (19, 0.9), (20, 0.9), (69, 0.9), (30, 0.5)])
def test_one_view_an_object_is_the_textbook_quantile(count: int, coverage: float) -> None:
    scores = np.random.default_rng(count).permutation(count).astype(float)
    place = math.ceil((count + 1) * coverage - 1e-9)
    assert conformal_quantile(scores, [str(index) for index in range(count)], coverage) == place - 1


def test_coverage_holds_over_objects_with_dependent_views() -> None:
    """Views of an object share its error, so that pooling them as if independent would promise too much."""
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(400):
        counts = rng.integers(1, 9, 40)
        groups = np.repeat(np.arange(40), counts)
        own = rng.standard_t(3, 40)
        limit = conformal_quantile(np.abs(own[groups] + 0.2 * rng.normal(size=len(groups))), groups.tolist(), 0.9)
        new = np.abs(rng.standard_t(3, 500) + 0.2 * rng.normal(size=500))
        covered.append((new <= limit).mean())
    assert 0.89 <= np.mean(covered) <= 0.93


def test_an_object_counts_once_however_many_views_it_has() -> None:
    scores = np.array([1.0] * 9 + [5.0] * 1000)
    groups = [str(index) for index in range(9)] + ["loud"] * 1000
    assert conformal_quantile(scores, groups, 0.8) == 1.0


def test_too_few_objects_promise_nothing() -> None:
    with pytest.raises(ValueError, match="8 objects"):
        conformal_quantile(np.zeros(8), [str(index) for index in range(8)], 0.9)
    with pytest.raises(ValueError, match="0 objects"):
        conformal_quantile(np.zeros(0), [], 0.9)
