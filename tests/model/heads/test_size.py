"""Real size: neighbours that agree, neighbours that do not, and the scale of a shape."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.errors import ModelError
from shapeshot.model.heads import Heads, SizeEstimate
from shapeshot.model.heads.size import FLOOR


def test_what_looks_like_a_training_object_is_of_its_size(heads: Heads) -> None:
    estimate = heads.estimate_size(np.array([0.0, 0.0, 7.0]))
    assert estimate is not None
    assert estimate.metres == pytest.approx((1.0, 0.1, 2.0), rel=1e-4)
    assert estimate.coverage == 0.9
    spread = np.log(estimate.high) - np.log(estimate.metres)
    np.testing.assert_allclose(spread, FLOOR * np.array([2.0, 2.0, 3.0]), rtol=1e-3)
    np.testing.assert_allclose(np.log(estimate.metres) - np.log(estimate.low), spread)


def test_between_two_that_differ_it_is_their_geometric_mean_and_unsure(heads: Heads) -> None:
    between = heads.estimate_size(np.array([1.0, 1.0, 0.0]))
    certain = heads.estimate_size(np.array([1.0, 0.0, 0.0]))
    assert between is not None
    assert certain is not None
    assert between.metres == pytest.approx((2**0.5,) * 3, rel=1e-3)
    assert between.high[0] / between.low[0] > 2 * certain.high[0] / certain.low[0]


def test_contrast_does_not_matter(heads: Heads) -> None:
    features = np.array([0.3, 0.5, 0.1])
    assert heads.estimate_size(features) == heads.estimate_size(4 * features)


def test_the_scale_fits_all_three_dimensions() -> None:
    estimate = SizeEstimate((0.5, 1.0, 0.5), (0, 0, 0), (9, 9, 9), 0.9)
    assert estimate.scale(np.array([0.5, 1.0, 0.5])) == pytest.approx(1.0)
    assert estimate.scale(np.array([0.25, 0.5, 0.25])) == pytest.approx(2.0)
    off = estimate.scale(np.array([1.0, 1.0, 0.5]))
    assert off == pytest.approx(0.5 ** (1 / 3))


def test_no_head_or_no_features_is_no_estimate(heads: Heads) -> None:
    assert heads.estimate_size(None) is None
    assert Heads().estimate_size(np.ones(3)) is None
    assert Heads(size=heads.size).estimate_size(np.ones(3)) is None


def test_heads_of_another_encoder_are_told(heads: Heads) -> None:
    with pytest.raises(ModelError, match="know 3 features and the encoder gives 5"):
        heads.estimate_size(np.ones(5))
