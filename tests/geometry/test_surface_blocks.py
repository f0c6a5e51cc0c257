"""Boxes around the surface of a sampled field: none of it is left out, and no cell comes twice."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.geometry import cell_centers
from shapeshot.geometry.surface_blocks import surface_blocks


def ball(resolution: int, radius: float, center: float = 0.0) -> np.ndarray:
    axis = cell_centers(resolution)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    return (radius - np.linalg.norm(points - center, axis=-1)).astype(np.float32)


def covered(values: np.ndarray, level: float) -> np.ndarray:
    """How many boxes each cell lies in."""
    count = np.zeros(values.shape, int)
    for box in surface_blocks(values, level):
        count[box] += 1
    return count


def touches_surface(values: np.ndarray, level: float) -> np.ndarray:
    """Inside cells with an outside neighbour, or at the border, and the other way round, by the naive definition."""
    inside = np.pad(values > level, 1)
    touching = np.zeros(inside.shape, bool)
    for axis in range(3):
        for step in (-1, 1):
            touching |= inside != np.roll(inside, step, axis)
    return touching[1:-1, 1:-1, 1:-1]


@pytest.mark.parametrize(
    ("resolution", "radius", "center"), [(32, 0.3, 0.0), (20, 0.45, 0.1), (33, 0.4, 0.3), (9, 2, 0)]
)
def test_every_cell_at_the_surface_lies_in_one_box(resolution: int, radius: float, center: float) -> None:
    coarse = ball(resolution, radius, center)
    count = covered(coarse, 0.0)
    assert count.max() == 1
    assert (count[touches_surface(coarse, 0.0)] == 1).all()
    fine = ball(2 * resolution, radius, center)
    needed = touches_surface(fine, 0.0).reshape(resolution, 2, resolution, 2, resolution, 2).any(axis=(1, 3, 5))
    assert (count[needed] == 1).all()


def test_most_of_a_smooth_field_is_left_out() -> None:
    assert covered(ball(64, 0.3), 0.0).mean() < 0.2


def test_no_surface_no_box() -> None:
    assert not list(surface_blocks(ball(16, 0.3), 1.0))
