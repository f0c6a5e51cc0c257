"""AUROC against counting pairs, and the pictures of other things."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.tuning.calibrate.familiar_scores import auroc
from shapeshot.tuning.calibrate.other_images import MAKERS, SIZE


def test_auroc_counts_pairs() -> None:
    rng = np.random.default_rng(0)
    familiar, other = rng.integers(0, 9, 40), rng.integers(2, 12, 30)
    pairs = [(o > f) + 0.5 * (o == f) for o in other for f in familiar]
    assert auroc(familiar, other) == pytest.approx(np.mean(pairs))
    assert auroc(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1.0
    assert auroc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 0.0


@pytest.mark.parametrize("name", [name for name in MAKERS if name not in ("room", "group")])
def test_pictures_repeat_differ_and_fill_the_frame(name: str) -> None:
    first, again, other = (MAKERS[name](np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert (first.shape, first.dtype) == ((SIZE, SIZE, 3), np.uint8)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.std() > 3


def test_a_room_fills_the_frame_and_a_group_does_not() -> None:
    room, group = (MAKERS[name](np.random.default_rng(0)) for name in ("room", "group"))
    assert room.shape == (SIZE, SIZE, 3)
    assert room.min(axis=2).std() > 3
    assert group.shape == (SIZE, SIZE, 4)
    assert 0.01 < (group[..., 3] > 128).mean() < 0.6
