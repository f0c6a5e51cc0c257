"""Familiarity is the distance to the k-th nearest, and the limit decides."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.model.heads import FamiliarityHead, Heads
from shapeshot.model.heads.look import unit


def test_a_training_look_is_familiar_and_its_opposite_is_not(heads: Heads) -> None:
    same, opposite = heads.judge(np.array([3.0, 0.0, 0.0])), heads.judge(np.array([-1.0, -1.0, -1.0]))
    assert same is not None
    assert opposite is not None
    assert (same.score, same.is_familiar) == (0.0, True)
    assert opposite.score > opposite.limit == 0.5
    assert not opposite.is_familiar


@pytest.mark.parametrize("neighbour", [1, 4, 20])
def test_a_plain_search_agrees(neighbour: int) -> None:
    rng = np.random.default_rng(neighbour)
    bank, photos = unit(rng.normal(size=(20, 6))), unit(rng.normal(size=(5, 6)))
    expected = [sorted(np.linalg.norm(bank - photo, axis=1))[neighbour - 1] for photo in photos]
    np.testing.assert_allclose(FamiliarityHead(bank, neighbour, 1.0).distances(photos), expected, atol=1e-6)


def test_no_head_is_no_verdict(heads: Heads) -> None:
    assert Heads().judge(np.ones(3)) is None
    assert heads.judge(None) is None
