"""The isosurface by its laws (closed, manifold, as many pieces as topology demands) and against naive loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from shapeshot.errors import MeshError
from shapeshot.geometry import Mesh, cell_centers
from shapeshot.geometry.isosurface import case_table, isosurface

SIX_CONNECTED = ndimage.generate_binary_structure(3, 1)
EIGHTEEN_CONNECTED = ndimage.generate_binary_structure(3, 2)


def surface(values: np.ndarray, level: float = 0.0, origin=0.0, spacing=1.0) -> Mesh:
    return Mesh(*isosurface(values, level, origin, spacing))


def euler_characteristic(mesh: Mesh) -> int:
    return len(mesh.vertices) - 3 * len(mesh.faces) // 2 + len(mesh.faces)


def count_pieces(mesh: Mesh) -> int:
    a, b = mesh.faces[:, [0, 1]].ravel(), mesh.faces[:, [1, 2]].ravel()
    graph = coo_matrix((np.ones(len(a)), (a, b)), shape=(len(mesh.vertices),) * 2)
    return connected_components(graph, directed=False)[0]


def is_vertex_manifold(mesh: Mesh) -> bool:
    """The faces round each vertex hang together by their edges: one fan a vertex, not two that meet in a point."""
    corners = np.arange(mesh.faces.size).reshape(-1, 3)
    start, end = mesh.faces, np.roll(mesh.faces, -1, axis=1)
    edges = np.sort(np.stack([start.ravel(), end.ravel()], axis=1), axis=1)
    at_low = np.where(start < end, corners, np.roll(corners, -1, axis=1)).ravel()
    at_high = np.where(start < end, np.roll(corners, -1, axis=1), corners).ravel()
    order = np.lexsort(edges.T)
    pairs = order.reshape(-1, 2)  # a closed mesh has every edge exactly twice
    links = np.concatenate([at_low[pairs], at_high[pairs]])
    graph = coo_matrix((np.ones(len(links)), links.T), shape=(mesh.faces.size,) * 2)
    return connected_components(graph, directed=False)[0] == len(np.unique(mesh.faces))


def in_order(points: np.ndarray) -> np.ndarray:
    return points[np.lexsort(points.round(5).T)]


def expected_pieces(inside: np.ndarray) -> int:
    """Closed surfaces that part n regions of space are n - 1. The outside includes what lies round the grid."""
    padded = np.pad(inside, 1)
    regions = ndimage.label(padded, SIX_CONNECTED)[1] + ndimage.label(~padded, EIGHTEEN_CONNECTED)[1]
    return regions - 1


@pytest.mark.parametrize("seed", range(60))
def test_noise_gives_closed_manifold_surfaces_with_the_topology_of_the_grid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(rng.integers(1, 9, 3)).astype([np.float32, np.float64][seed % 2])
    level = float(rng.normal(0, 0.8))
    values.flat[0] = abs(level) + 1  # never all outside
    mesh = surface(values, level)
    assert mesh.is_closed
    assert is_vertex_manifold(mesh)
    assert mesh.volume > 0
    assert mesh.face_areas.min() > 0
    assert euler_characteristic(mesh) % 2 == 0
    assert count_pieces(mesh) == expected_pieces(values > level)


def test_every_pair_of_neighbouring_cells_fits_together() -> None:
    """All 4096 sign patterns of two cells that share a face, side by side in one grid with room between them."""
    patterns = (np.arange(4096)[:, None] >> np.arange(12) & 1).reshape(16, 16, 16, 2, 2, 3)
    blocks = np.pad(patterns, [(0, 0)] * 3 + [(0, 1)] * 3)
    inside = blocks.transpose(0, 3, 1, 4, 2, 5).reshape(48, 48, 64).astype(bool)
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        turned = inside.transpose(order)
        mesh = surface(np.where(turned, 1.0, -1.0))
        assert mesh.is_closed
        assert is_vertex_manifold(mesh)
        assert count_pieces(mesh) == expected_pieces(turned)


def test_opposite_samples_of_a_face_stay_apart_when_inside() -> None:
    values = np.full((2, 2, 1), -1.0)
    values[0, 0], values[1, 1] = 1, 1
    assert count_pieces(surface(values)) == 2


def test_table_of_a_single_inside_corner_looks_outwards() -> None:
    first, edges = case_table()
    assert first[1] == 0
    assert first[2] == 1  # corner 0 alone: one triangle
    assert sorted(edges[0].tolist()) == [0, 4, 8]  # on the x, y and z edge that start in corner 0
    assert first[-1] == len(edges)
    assert first[256] == first[255]  # all inside: none


def sphere_field(resolution: int, radius: float) -> np.ndarray:
    axis = cell_centers(resolution).astype(np.float64)
    return radius - np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)


def test_sphere_has_its_volume_area_and_normals() -> None:
    radius, resolution = 0.4, 48
    mesh = surface(sphere_field(resolution, radius), 0.0, 0.5 / resolution - 0.5, 1 / resolution)
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.005)
    assert mesh.face_areas.sum() == pytest.approx(4 * np.pi * radius**2, rel=0.005)
    assert np.linalg.norm(mesh.vertices, axis=1) == pytest.approx(radius, abs=0.02 / resolution)
    centers = mesh.triangles.mean(axis=1)
    outwards = centers / np.linalg.norm(centers, axis=1, keepdims=True)
    cosines = np.einsum("ij,ij->i", mesh.face_normals, outwards)
    assert cosines.min() > 0.5  # slivers beside a sample that almost equals the level
    assert np.average(cosines, weights=mesh.face_areas) > 0.999
    assert euler_characteristic(mesh) == 2


def test_torus_has_one_hole() -> None:
    axis = np.linspace(-1, 1, 40)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    mesh = surface(0.25 - np.hypot(np.hypot(x, z) - 0.6, y))
    assert mesh.is_closed
    assert euler_characteristic(mesh) == 0


def test_vertices_lie_where_naive_interpolation_puts_them() -> None:
    values = np.random.default_rng(3).standard_normal((4, 5, 3))
    values[[0, -1]] = values[:, [0, -1]] = -1
    values[:, :, [0, -1]] = -1
    values[1:3, 1:4, 1] = np.random.default_rng(4).uniform(0.5, 2, (2, 3))
    expected = []
    for cell in itertools.product(*map(range, values.shape)):
        for axis in range(3):
            other = tuple(np.add(cell, np.eye(3, dtype=int)[axis]))
            if other[axis] < values.shape[axis] and (values[cell] > 0) != (values[other] > 0):
                t = values[cell] / (values[cell] - values[other])
                expected.append(np.add(cell, t * np.eye(3)[axis]))
    found = surface(values).vertices
    assert len(found) == len(expected)
    np.testing.assert_allclose(in_order(found), in_order(np.array(expected)), atol=1e-6)


@pytest.mark.parametrize("values", [np.ones((4, 4, 4)), np.full((4, 4, 4), 7, np.float32), np.ones((4, 4, 4), bool)])
def test_an_object_that_fills_the_grid_is_closed_at_the_wall_of_the_cube(values: np.ndarray) -> None:
    mesh = surface(values, 0.5, 0.5 / 4 - 0.5, 1 / 4)
    assert mesh.is_closed
    np.testing.assert_allclose(mesh.bounds, [[-0.5] * 3, [0.5] * 3])


def test_position_and_spacing_differ_by_axis() -> None:
    values = np.random.default_rng(5).standard_normal((4, 3, 5))
    plain = surface(values)
    placed = surface(values, 0.0, (1, -2, 3), (0.5, 2, 0.25))
    np.testing.assert_allclose(placed.vertices, plain.vertices * [0.5, 2, 0.25] + [1, -2, 3], rtol=1e-5)
    np.testing.assert_array_equal(placed.faces, plain.faces)


def test_nothing_inside_gives_no_triangles() -> None:
    vertices, faces = isosurface(np.zeros((3, 3, 3)), 0.0, 0.0, 1.0)
    assert vertices.shape == (0, 3)
    assert faces.shape == (0, 3)
    assert (vertices.dtype, faces.dtype) == (np.float32, np.int32)


def test_samples_that_equal_the_level_leave_no_flat_triangles() -> None:
    values = np.random.default_rng(6).integers(-1, 2, (8, 8, 8)).astype(np.float32)
    mesh = surface(values, 0.0)
    assert mesh.is_closed
    assert mesh.face_areas.min() > 1e-6


def test_a_level_that_float32_rounds_up_leaves_no_hole_in_the_border() -> None:
    """float32(0.1) > 0.1: the same sample must not count as inside in one comparison and outside in the next."""
    values = np.full((2, 2, 2), np.float32(0.1), np.float32)
    assert len(surface(values, 0.1).faces) == 0
    values[0, 0, 0] = np.nextafter(np.float32(0.1), np.float32(1))
    mesh = surface(values, 0.1)
    assert mesh.is_closed
    assert mesh.volume > 0


@pytest.mark.parametrize(
    ("values", "level", "origin", "spacing", "message"),
    [
        (np.zeros((2, 2)), 0.0, 0.0, 1.0, r"got \[2, 2\]"),
        (np.zeros((0, 2, 2)), 0.0, 0.0, 1.0, r"got \[0, 2, 2\]"),
        (np.full((2, 2, 2), np.nan), 0.0, 0.0, 1.0, "NaN"),
        (np.full((2, 2, 2), np.inf, np.float32), 0.0, 0.0, 1.0, "infinity"),
        (np.zeros((2, 2, 2)), float("nan"), 0.0, 1.0, "level nan"),
        (np.zeros((2, 2, 2)), 0.0, (0, np.inf, 0), 1.0, "origin"),
        (np.zeros((2, 2, 2)), 0.0, 0.0, (1, 0, 1), "positive spacing"),
    ],
)
def test_bad_input_is_named(values: np.ndarray, level: float, origin, spacing, message: str) -> None:
    with pytest.raises(MeshError, match=message):
        isosurface(values, level, origin, spacing)
