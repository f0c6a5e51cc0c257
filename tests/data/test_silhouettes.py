"""Silhouettes of solids, against Mitsuba's pictures of the same object."""

from __future__ import annotations

import numpy as np
import pytest
from solids import SIDE, box_solid, chair

from shapeshot.data.objects import Material, ObjectModel, Part
from shapeshot.data.solids.silhouettes import solid_silhouette, surface_centers
from shapeshot.data.solids.solid import solid_occupancy
from shapeshot.errors import PhotoError
from shapeshot.geometry.camera import Camera, sample_camera
from shapeshot.photo import crop_silhouette, object_box


def test_surface_cells_are_those_with_an_empty_neighbour() -> None:
    solid = box_solid(0.5, 0.25, 1.0)  # 64 x 32 x 128 cells; what lies beyond the cube is empty
    centers = surface_centers(solid)
    assert centers.dtype == np.float32
    assert len(centers) == 64 * 32 * 128 - 62 * 30 * 126
    depths = np.array([0.25, 0.125, 0.5]) - np.abs(centers)
    np.testing.assert_allclose(depths.min(axis=1), 0.5 / SIDE, atol=1e-6)


def test_silhouettes_are_those_of_rendered_pictures() -> None:
    pytest.importorskip("mitsuba")
    from shapeshot.data.rendering.render import render_views

    mesh, rng = chair(), np.random.default_rng(1)
    model = ObjectModel((Part(mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32), Material()),))
    centers = surface_centers(solid_occupancy(mesh.vertices, mesh.faces))
    cameras = [sample_camera(rng, 0.7) for _ in range(6)]
    for camera, view in zip(cameras, render_views(model, cameras, 128, rng, 8), strict=True):
        alpha = view[..., 3]
        rendered = crop_silhouette(alpha, object_box(alpha / np.float32(255)))
        drawn = solid_silhouette(centers, camera)
        assert drawn.shape == rendered.shape == (32, 32)
        assert np.abs(drawn - rendered).mean() < 0.05
        turned = solid_silhouette(centers, Camera(camera.azimuth_deg + 40, *list(vars(camera).values())[1:]))
        assert np.abs(turned - rendered).mean() > 2 * np.abs(drawn - rendered).mean()


def test_nothing_in_the_picture_is_said() -> None:
    with pytest.raises(PhotoError, match="no object found"):
        solid_silhouette(np.full((3, 3), 0.4, np.float32), Camera(0.0, 0.0, 3.0, 1.0))
