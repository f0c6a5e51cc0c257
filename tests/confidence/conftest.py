"""Heads that were made by hand, for models and photos that need no training."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.confidence import FamiliarityHead, Heads, Look, SizeHead


def make_heads(temperature: float | None = 2.0, limit: float = 0.5) -> Heads:
    """Three kinds of training objects along the axes: 1 m cubes, 2 m cubes and slabs of 1 x 0.1 x 2 m."""
    look = Look(np.zeros(3), np.ones(3), np.eye(3))
    sizes = np.log([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [1.0, 0.1, 2.0]])
    size = SizeHead(np.eye(3), sizes, bandwidth=0.05, half_width=np.array([2.0, 2.0, 3.0]), coverage=0.9)
    return Heads(look, size, FamiliarityHead(np.eye(3), neighbour=1, limit=limit), temperature)


@pytest.fixture
def heads() -> Heads:
    return make_heads()
