"""Voxels as the blocks that people expect to see: the mesh of their exposed faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapeshot.geometry.mesh import Mesh
from shapeshot.geometry.voxel_grid import VoxelGrid

if TYPE_CHECKING:
    from jaxtyping import Int


def voxel_boundary(grid: VoxelGrid) -> Mesh:
    """The cell faces between inside and outside, two triangles each, looking outwards.

    Every cell face has four vertices of its own, for flat shading and its cell's colour; welded by position they close.
    Lengths are the grid's (`side`). A grid without an occupied cell gives an empty mesh.
    """
    padded = np.pad(grid.occupancy, 1)
    cells, corners = [], []
    for axis in range(3):
        for step in (-1, 1):
            exposed = padded & ~np.roll(padded, -step, axis)
            found = np.argwhere(exposed) - 1
            cells.append(found)
            corners.append(found[:, None, :] + _square(axis, step))
    positions = np.concatenate(corners).reshape(-1, 3) / grid.resolution - 0.5
    first = 4 * np.arange(len(positions) // 4)[:, None, None]
    colors = None
    if grid.colors is not None:
        colors = np.repeat(grid.colors[tuple(np.concatenate(cells).T)], 4, axis=0)
    halves = np.array([[0, 1, 2], [0, 2, 3]])
    return Mesh(positions * grid.side, (first + halves).reshape(-1, 3), colors)


def _square(axis: int, step: int) -> Int[np.ndarray, "4 3"]:
    """Corners of the unit cell's face towards `step` along `axis`, int [4, 3], counter-clockwise seen from outside."""
    square = np.zeros((4, 3), int)
    square[:, axis] = step > 0
    square[:, [(axis + 1) % 3, (axis + 2) % 3]] = [[0, 0], [1, 0], [1, 1], [0, 1]]
    return square if step > 0 else square[::-1]
