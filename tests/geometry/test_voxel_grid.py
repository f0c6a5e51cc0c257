from __future__ import annotations

import numpy as np
import pytest

from shapeshot.errors import MeshError
from shapeshot.geometry import VoxelGrid, cell_centers


def test_cell_centres_follow_the_convention() -> None:
    np.testing.assert_allclose(cell_centers(4, side=2.0), [-0.75, -0.25, 0.25, 0.75])
    assert cell_centers(32)[0] == pytest.approx(0.5 / 32 - 0.5)


def test_measures_scale_with_the_side() -> None:
    occupancy = np.zeros((4, 4, 4), bool)
    occupancy[:2] = True
    grid = VoxelGrid(occupancy).scaled(2)
    assert (grid.resolution, grid.cell_size, grid.volume) == (4, 0.5, 4.0)


def test_arrays_are_copies_that_cannot_be_written() -> None:
    colors = np.zeros((2, 2, 2, 3))
    grid = VoxelGrid(np.ones((2, 2, 2)), colors)
    colors[:] = 1
    assert grid.colors.dtype == np.float32
    assert not grid.colors.any()
    with pytest.raises(ValueError, match="read-only"):
        grid.colors[0] = 1


@pytest.mark.parametrize(
    ("occupancy", "colors", "side"),
    [
        (np.ones((2, 2)), None, 1.0),
        (np.ones((2, 2, 3)), None, 1.0),
        (np.ones((0, 0, 0)), None, 1.0),
        (np.ones((2, 2, 2)), np.ones((2, 2, 2)), 1.0),
        (np.ones((2, 2, 2)), None, 0.0),
        (np.ones((2, 2, 2)), None, float("nan")),
    ],
)
def test_what_is_no_cube_of_cells_is_refused(occupancy, colors, side) -> None:
    with pytest.raises(MeshError):
        VoxelGrid(occupancy, colors, side)
