"""Outer surface points: where they lie, which way they look, and what colour they have."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from shapeshot.data.objects import Material, ObjectModel, Part
from shapeshot.data.solids.solid import solid_occupancy
from shapeshot.data.solids.surface import outer_points, sample_outer_surface
from shapeshot.errors import MeshError

make = trimesh.creation
SQUARE = np.array([[-0.5, 0, 0.5], [0.5, 0, 0.5], [0.5, 0, -0.5], [-0.5, 0, -0.5]], np.float32)
SQUARE_FACES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def points_of(mesh: trimesh.Trimesh, seed: int = 0, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    solid = solid_occupancy(mesh.vertices, mesh.faces, 64, min_thickness=5 / 64)
    return outer_points(mesh.vertices, mesh.faces, solid, count, np.random.default_rng(seed))


def test_normals_look_outwards_whatever_the_winding() -> None:
    sphere = make.icosphere(4, 0.45)
    flipped = np.random.default_rng(0).random(len(sphere.faces)) < 0.5
    faces = np.where(flipped[:, None], sphere.faces[:, ::-1], sphere.faces)
    points, normals = points_of(trimesh.Trimesh(sphere.vertices, faces, process=False))
    assert ((points * normals).sum(axis=1) > 0).mean() > 0.999
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.linalg.norm(points, axis=1) == pytest.approx(0.45, abs=0.005)


def test_points_are_uniform_by_area() -> None:
    box = make.box((1.0, 0.6, 0.4))
    points, _ = points_of(box)
    for axis, extent in enumerate((1.0, 0.6, 0.4)):
        on_axis = np.isclose(np.abs(points[:, axis]), extent / 2, atol=1e-6).mean()
        assert on_axis == pytest.approx(2 * 0.24 / extent / box.area, abs=0.03)


def test_faces_buried_in_other_parts_are_left_out() -> None:
    outer, inner = make.box((0.8, 0.8, 0.8)), make.icosphere(3, 0.3)
    points, _ = points_of(trimesh.util.concatenate([outer, inner]))
    assert np.abs(points).max(axis=1) == pytest.approx(0.4, abs=1e-6)


def test_a_single_sheet_is_all_outside() -> None:
    model = ObjectModel((Part(SQUARE, SQUARE_FACES),))
    samples = sample_outer_surface(model, solid_occupancy(SQUARE, SQUARE_FACES), 1000, np.random.default_rng(0))
    assert samples.points.shape == samples.normals.shape == samples.colors.shape == (1000, 3)
    assert np.abs(samples.points[:, 0]).max() > 0.49


def test_colours_are_texture_times_material_with_v_up() -> None:
    texture = np.zeros((2, 4, 3), np.uint8)
    texture[0], texture[1] = (200, 0, 0), (0, 0, 100)
    uvs = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    part = Part(SQUARE, SQUARE_FACES, Material((0.5, 1.0, 1.0), texture), uvs)
    solid = solid_occupancy(SQUARE, SQUARE_FACES)
    samples = sample_outer_surface(ObjectModel((part,)), solid, 4000, np.random.default_rng(0))
    far, near = np.isclose(samples.points[:, 2], -0.25, atol=0.01), np.isclose(samples.points[:, 2], 0.25, atol=0.01)
    assert np.abs(samples.colors[far].astype(int) - [100, 0, 0]).max() <= 4
    assert np.abs(samples.colors[near].astype(int) - [0, 0, 100]).max() <= 4


def test_each_part_keeps_its_own_colour() -> None:
    narrow, shift = SQUARE * np.float32([0.4, 1, 1]), np.float32([0.3, 0, 0])
    left, right = narrow - shift, narrow + shift
    parts = (Part(left, SQUARE_FACES, Material((1, 0, 0))), Part(right, SQUARE_FACES, Material((0, 0, 1))))
    model = ObjectModel(parts)
    samples = sample_outer_surface(model, solid_occupancy(*model.merged()), 500, np.random.default_rng(0))
    expected = np.where(samples.points[:, :1] < 0, [[255, 0, 0]], [[0, 0, 255]])
    assert np.array_equal(samples.colors, expected)


def test_the_same_seed_gives_the_same_points() -> None:
    box = make.box((0.5, 0.5, 0.5))
    assert np.array_equal(points_of(box, 7)[0], points_of(box, 7)[0])
    assert not np.array_equal(points_of(box, 7)[0], points_of(box, 8)[0])


def test_no_area_and_no_outside_are_refused() -> None:
    line = np.zeros((3, 3))
    with pytest.raises(MeshError, match="area"):
        outer_points(line, np.array([[0, 1, 2]]), np.ones((8, 8, 8), bool), 10, np.random.default_rng(0))
    small = SQUARE * 0.1
    with pytest.raises(MeshError, match="outside"):
        outer_points(small, SQUARE_FACES, np.ones((64, 64, 64), bool), 10, np.random.default_rng(0))


def test_faces_deep_inside_of_coarse_cells_are_sampled() -> None:
    """Published 32^3 grids fill every cell that the surface touches: a face may lie almost a cell deep."""
    extents = np.array([20.2, 12.2, 8.2]) / 32  # each face is 0.1 of a cell beyond a wall, so 0.9 of one deep
    box = make.box(extents)
    axis = (np.arange(32) + 0.5) / 32 - 0.5
    inside = [np.abs(axis) < extent / 2 + 0.5 / 32 for extent in extents]
    coarse = inside[0][:, None, None] & inside[1][None, :, None] & inside[2][None, None, :]
    solid = np.kron(coarse, np.ones((4, 4, 4), bool)).astype(bool)
    points, normals = outer_points(box.vertices, box.faces, solid, 4000, np.random.default_rng(0))
    assert ((points * normals).sum(axis=1) > 0).all()
    for axis_index, extent in enumerate(extents):
        on_axis = np.isclose(np.abs(points[:, axis_index]), extent / 2, atol=1e-6).mean()
        assert on_axis == pytest.approx(2 * extents.prod() / extent / box.area, abs=0.03)
