from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from shapeshot.errors import MeshError
from shapeshot.geometry import Mesh
from shapeshot.geometry.components import largest_component, remove_small_components, vertex_components
from shapeshot.geometry.isosurface import isosurface


def noise_mesh(seed: int) -> Mesh:
    vertices, faces = isosurface(np.random.default_rng(seed).standard_normal((9, 9, 9)), 0.6, 0.0, 1.0)
    return Mesh(vertices, faces, np.random.default_rng(seed).random((len(vertices), 3)))


@pytest.mark.parametrize("seed", range(10))
def test_pieces_are_those_of_scipy(seed: int) -> None:
    mesh = noise_mesh(seed)
    shuffled = np.random.default_rng(seed).permutation(len(mesh.vertices))
    faces = shuffled[mesh.faces]
    a, b = faces.ravel(), np.roll(faces, 1, axis=1).ravel()
    expected = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(len(shuffled),) * 2), False)[1]
    vertices = np.empty_like(mesh.vertices)
    vertices[shuffled] = mesh.vertices
    found = vertex_components(Mesh(vertices, faces))
    # Both number pieces by their first vertex.
    np.testing.assert_array_equal(found, expected)


def test_a_long_chain_is_one_piece() -> None:
    order = np.random.default_rng(0).permutation(3000)
    faces = np.stack([order[:-2], order[1:-1], order[2:]], axis=1)
    assert vertex_components(Mesh(np.zeros((3000, 3)), faces)).max() == 0


def test_specks_go_and_the_rest_stays_closed_with_its_colours() -> None:
    mesh = noise_mesh(1)
    cleaned = remove_small_components(mesh, 0.5)
    assert cleaned.is_closed
    assert 0 < len(cleaned.faces) < len(mesh.faces)
    assert len(np.unique(cleaned.faces)) == len(cleaned.vertices)
    position_to_color = {tuple(v): tuple(c) for v, c in zip(mesh.vertices, mesh.colors, strict=True)}
    assert all(position_to_color[tuple(v)] == tuple(c) for v, c in zip(cleaned.vertices, cleaned.colors, strict=True))


def test_a_speck_goes_with_its_cavity_and_a_large_piece_keeps_its_own() -> None:
    values = np.full((20, 12, 12), -1.0)
    values[0:10, 0:10, 0:10] = 1
    values[4:6, 4:6, 4:6] = -1  # a cavity of 2 cells in the large block
    values[12:17, 0:5, 0:5] = 1
    values[13:16, 1:4, 1:4] = -1  # a larger cavity, in the small block
    mesh = Mesh(*isosurface(values, 0.0, 0.0, 1.0))
    assert vertex_components(mesh).max() + 1 == 4
    kept = remove_small_components(mesh, 0.2)
    assert kept.bounds[1, 0] < 11
    assert kept.volume > 0
    assert vertex_components(remove_small_components(mesh, 0.0)).max() + 1 == 4
    assert vertex_components(largest_component(mesh)).max() + 1 == 1


def test_an_empty_mesh_stays_empty() -> None:
    assert len(remove_small_components(Mesh(np.zeros((0, 3)), np.zeros((0, 3))), 0.1).faces) == 0


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_a_fraction_outside_0_to_1_is_refused(fraction: float) -> None:
    with pytest.raises(MeshError, match="fraction"):
        remove_small_components(noise_mesh(0), fraction)
