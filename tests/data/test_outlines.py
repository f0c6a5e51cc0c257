"""Outlines of solids: against Mitsuba's pictures of the same object, and by laws of stretching."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from scipy.spatial import KDTree

from shapeshot.data.cameras import Camera, sample_camera
from shapeshot.data.objects import Material, ObjectModel, Part
from shapeshot.data.outlines import outline, stretch, surface_centers
from shapeshot.data.solid import downsample_occupancy, solid_occupancy
from shapeshot.errors import PhotoError
from shapeshot.geometry import cell_centers
from shapeshot.photo import crop_outline, object_box

SIDE = 128


def box_solid(*sides: float) -> np.ndarray:
    """A box about the origin, bool [128, 128, 128]."""
    x, y, z = (np.abs(cell_centers(SIDE)) <= side / 2 for side in sides)
    return x[:, None, None] & y[None, :, None] & z[None, None, :]


def chair() -> trimesh.Trimesh:
    """A seat on four legs with a back and one armrest, so that no two sides look the same; longest side 1."""
    parts = [((0.6, 0.06, 0.6), (0, 0, 0)), ((0.6, 0.5, 0.06), (0, 0.25, -0.27)), ((0.06, 0.2, 0.6), (0.27, 0.1, 0))]
    parts += [((0.06, 0.5, 0.06), (x, -0.25, z)) for x in (-0.27, 0.27) for z in (-0.27, 0.27)]
    return trimesh.util.concatenate([trimesh.creation.box(size).apply_translation(at) for size, at in parts])


def test_surface_cells_are_those_with_an_empty_neighbour() -> None:
    solid = box_solid(0.5, 0.25, 1.0)  # 64 x 32 x 128 cells; what lies beyond the cube is empty
    centers = surface_centers(solid)
    assert centers.dtype == np.float32
    assert len(centers) == 64 * 32 * 128 - 62 * 30 * 126
    depths = np.array([0.25, 0.125, 0.5]) - np.abs(centers)
    np.testing.assert_allclose(depths.min(axis=1), 0.5 / SIDE, atol=1e-6)


def test_a_box_stretches_to_the_box_of_stretched_sides() -> None:
    solid = box_solid(0.5, 0.25, 1.0)
    shape, centers = stretch(solid, surface_centers(solid), np.array([2.0, 1.0, 0.5]))  # to 1 : 0.25 : 0.5
    np.testing.assert_array_equal(shape, downsample_occupancy(box_solid(1.0, 0.25, 0.5)))
    cells = np.array([2.0, 1.0, 0.5]) / SIDE
    np.testing.assert_allclose(np.ptp(centers, axis=0) + cells, [1.0, 0.25, 0.5], atol=1e-6)


@pytest.mark.parametrize("shift", [(0, 0, 0), (20, -10, 5)])
def test_a_stretched_solid_is_centred_and_fills_the_cube(shift: tuple[int, int, int]) -> None:
    rng, solid = np.random.default_rng(0), np.roll(box_solid(0.5, 0.25, 0.375), shift, axis=(0, 1, 2))
    for _ in range(5):
        shape, centers = stretch(solid, surface_centers(solid), np.exp(rng.uniform(-0.3, 0.3, 3)))
        np.testing.assert_allclose(centers.min(axis=0), -centers.max(axis=0), atol=1e-6)
        assert 1 - 4 / SIDE < np.ptp(centers, axis=0).max() < 1
        assert shape.any(axis=(1, 2)).all() or shape.any(axis=(0, 2)).all() or shape.any(axis=(0, 1)).all()


def test_a_shape_and_its_surface_stretch_alike() -> None:
    mesh = chair()
    factors = np.array([1.3, 0.8, 1.1])
    solid = solid_occupancy(mesh.vertices, mesh.faces)
    shape, centers = stretch(solid, surface_centers(solid), factors)
    stretched = mesh.vertices * factors
    stretched /= np.ptp(stretched, axis=0).max()
    expected = downsample_occupancy(solid_occupancy(stretched, mesh.faces))
    assert (shape & expected).sum() / (shape | expected).sum() > 0.8  # thin parts are thickened before or after
    surface, _ = trimesh.sample.sample_surface(trimesh.Trimesh(stretched, mesh.faces), 50_000, seed=0)
    assert KDTree(surface).query(centers)[0].max() < 0.05


def test_outlines_are_those_of_rendered_pictures() -> None:
    pytest.importorskip("mitsuba")
    from shapeshot.data.render import render_views

    mesh, rng = chair(), np.random.default_rng(1)
    model = ObjectModel((Part(mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32), Material()),))
    centers = surface_centers(solid_occupancy(mesh.vertices, mesh.faces))
    cameras = [sample_camera(rng, 0.7) for _ in range(6)]
    for camera, view in zip(cameras, render_views(model, cameras, 128, rng, 8), strict=True):
        alpha = view[..., 3]
        rendered = crop_outline(alpha, object_box(alpha / np.float32(255)))
        drawn = outline(centers, camera)
        assert drawn.shape == rendered.shape == (32, 32)
        assert np.abs(drawn - rendered).mean() < 0.05
        turned = outline(centers, Camera(camera.azimuth_deg + 40, *list(vars(camera).values())[1:]))
        assert np.abs(turned - rendered).mean() > 2 * np.abs(drawn - rendered).mean()


def test_nothing_in_the_picture_is_said() -> None:
    with pytest.raises(PhotoError, match="no object found"):
        outline(np.full((3, 3), 0.4, np.float32), Camera(0.0, 0.0, 3.0, 1.0))
