from __future__ import annotations

import numpy as np
import pytest
import trimesh

from shapeshot.geometry import VoxelGrid
from shapeshot.geometry.voxel_boundary import voxel_boundary


def test_one_voxel_is_a_cube_of_its_colour() -> None:
    occupancy = np.zeros((4, 4, 4), bool)
    occupancy[3, 0, 1] = True
    colors = np.zeros((4, 4, 4, 3))
    colors[3, 0, 1] = 0.2, 0.4, 0.6
    mesh = voxel_boundary(VoxelGrid(occupancy, colors, side=2.0))
    assert mesh.faces.shape == (12, 3)
    np.testing.assert_allclose(mesh.bounds, [[0.5, -1, -0.5], [1, -0.5, 0]])
    np.testing.assert_allclose(mesh.colors, np.tile([0.2, 0.4, 0.6], (24, 1)), atol=1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_random_grids_keep_volume_and_area_and_close_when_welded(seed: int) -> None:
    occupancy = np.random.default_rng(seed).random((6, 6, 6)) < 0.4
    grid = VoxelGrid(occupancy, side=3.0)
    mesh = voxel_boundary(grid)
    assert mesh.volume == pytest.approx(grid.volume, rel=1e-5)
    exposed = sum(np.abs(np.diff(np.pad(occupancy, 1).astype(int), axis=axis)).sum() for axis in range(3))
    assert mesh.face_areas.sum() == pytest.approx(exposed * grid.cell_size**2, rel=1e-5)
    welded = trimesh.Trimesh(mesh.vertices, mesh.faces, process=True)
    directed = {}
    for start, end in np.concatenate([welded.faces[:, [i, (i + 1) % 3]] for i in range(3)]):
        key = (min(start, end), max(start, end))
        directed[key] = directed.get(key, 0) + (1 if start < end else -1)
    assert not any(directed.values())


def test_no_voxel_no_face() -> None:
    assert len(voxel_boundary(VoxelGrid(np.zeros((2, 2, 2), bool), np.zeros((2, 2, 2, 3)))).faces) == 0
