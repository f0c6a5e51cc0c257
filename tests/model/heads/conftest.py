"""Heads that were made by hand, for models and photos that need no training."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.model.heads import Calibration, FamiliarityHead, Heads, Look, PointHead, SizeHead


def make_heads(limit: float = 0.5) -> Heads:
    """Three kinds of training objects along the axes: 1 m cubes, 2 m cubes and slabs of 1 x 0.1 x 2 m."""
    look = Look(np.zeros(3), np.ones(3), np.eye(3))
    sizes = np.log([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [1.0, 0.1, 2.0]])
    points = PointHead(np.zeros(21), np.ones(21), np.full(21, 0.1), 0.2, 0.05)
    size = SizeHead(np.eye(3), sizes, bandwidth=0.05, half_width=np.array([2.0, 2.0, 3.0]), coverage=0.9)
    return Heads(look, size, FamiliarityHead(np.eye(3), neighbour=1, limit=limit), Calibration(2.0, -0.3), points)


@pytest.fixture
def heads() -> Heads:
    return make_heads()
