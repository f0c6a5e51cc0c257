"""Surfaces whose vertices were merged, made manifold again."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.geometry import Mesh, VoxelGrid
from shapeshot.geometry.components import count_pieces
from shapeshot.geometry.manifold import made_manifold
from shapeshot.geometry.voxel_boundary import voxel_boundary


def welded(occupancy: np.ndarray) -> Mesh:
    """The blocks of voxels with one vertex at each place, as a merge leaves them."""
    blocks = voxel_boundary(VoxelGrid(occupancy))
    vertices, index = np.unique(blocks.vertices, axis=0, return_inverse=True)
    return Mesh(vertices, index.reshape(-1)[blocks.faces], vertices + 0.5)


def cubes_at(*cells: tuple[int, int, int]) -> np.ndarray:
    occupancy = np.zeros((3, 3, 3), bool)
    occupancy[tuple(np.transpose(cells))] = True
    return occupancy


def test_a_manifold_surface_keeps_its_faces() -> None:
    mesh = welded(cubes_at((0, 0, 0), (1, 0, 0)))
    found, origin = made_manifold(mesh)
    np.testing.assert_array_equal(found.triangles, mesh.triangles)
    np.testing.assert_array_equal(origin, np.arange(len(mesh.faces)))
    assert len(found.vertices) == len(mesh.vertices)


def test_cubes_that_touch_in_a_point_come_apart() -> None:
    mesh = welded(cubes_at((0, 0, 0), (1, 1, 1)))
    found, _ = made_manifold(mesh)
    assert (len(mesh.vertices), len(found.vertices), count_pieces(found)) == (15, 16, 2)
    assert found.is_closed


def test_cubes_that_touch_along_an_edge_stay_joined() -> None:
    mesh = welded(cubes_at((0, 0, 0), (1, 1, 0)))
    assert not mesh.is_closed
    found, _ = made_manifold(mesh)
    assert found.is_closed
    assert count_pieces(found) == 1
    assert found.volume == pytest.approx(mesh.volume)


@pytest.mark.parametrize("seed", range(8))
def test_any_voxels_become_closed_with_vertices_and_colours_in_place(seed: int) -> None:
    mesh = welded(np.random.default_rng(seed).random((6, 6, 6)) < 0.5)
    assert not mesh.is_closed
    found, origin = made_manifold(mesh)
    assert found.is_closed
    assert found.volume == pytest.approx(mesh.volume, rel=1e-5)
    np.testing.assert_allclose(found.colors, found.vertices + 0.5, atol=1e-6)
    # Every face lies in the one that it comes from: same plane, same side, and inside its box.
    np.testing.assert_allclose(found.face_normals, mesh.face_normals[origin], atol=1e-5)
    boxes, corners = mesh.triangles[origin], found.triangles
    assert (corners.min(axis=1) >= boxes.min(axis=1) - 1e-6).all()
    assert (corners.max(axis=1) <= boxes.max(axis=1) + 1e-6).all()
    np.testing.assert_allclose(np.bincount(origin, found.face_areas, len(mesh.faces)), mesh.face_areas, rtol=1e-4)


def test_folded_faces_go() -> None:
    cube = welded(cubes_at((1, 1, 1)))
    # A fin of two faces back to back, a face without area, and a face there three times, once the other way round.
    a, b, c = cube.faces[0]
    folded = np.concatenate([cube.faces, [[a, b, 7], [b, a, 7], [a, a, b], [a, b, c], [b, a, c]]])
    found, origin = made_manifold(Mesh(cube.vertices, folded))
    assert found.is_closed
    assert len(found.faces) == 12
    assert set(origin) <= {*range(12), 15}
    assert found.volume == pytest.approx(cube.volume)
