"""Crop coordinates: one camera, told twice, gives the same places; rays and projection are inverses."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.geometry.box import Box
from shapeshot.geometry.camera import Camera
from shapeshot.geometry.frustum import HALF_DEPTH, Frustum, ViewCamera, bin_depths

CAMERA = Camera(35.0, 20.0, 2.2, 45.0)
CENTRED = Frustum(CAMERA, Box(16.0, 16.0, 96.0), 128)
ASIDE = Frustum(CAMERA, Box(20.0, 5.0, 80.0), 128, roll_deg=11.0)


def points(count: int = 50) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.4, 0.4, (count, 3)).astype(np.float32)


def test_a_camera_of_the_crop_projects_and_places_back() -> None:
    camera = ViewCamera(-70.0, 25.0, 2.5, roll_deg=8.0)
    seen = camera.project(points())
    np.testing.assert_allclose(camera.place(seen), points(), atol=1e-5)


def test_axes_are_those_of_the_camera() -> None:
    camera = ViewCamera(35.0, 20.0, 3.0)
    np.testing.assert_allclose(camera.axes, CAMERA.axes, atol=1e-12)
    np.testing.assert_allclose(camera.axes @ camera.axes.T, np.eye(3), atol=1e-12)


def test_a_photo_turned_counter_clockwise_shows_up_to_the_left() -> None:
    u, v, _ = ViewCamera(0.0, 0.0, 3.0, roll_deg=10.0).project(np.array([[0.0, 0.3, 0.0]]))[0]
    assert u < -0.04
    assert 0.25 < v < 0.3


def test_what_is_nearer_is_deeper_in_t_and_larger() -> None:
    camera = ViewCamera(0.0, 0.0, 2.0)
    near, far = camera.project(np.array([[0.2, 0.0, 0.4], [0.2, 0.0, -0.4]]))
    assert near[2] > far[2]
    assert near[0] > far[0] > 0


@pytest.mark.parametrize("frustum", [CENTRED, ASIDE], ids=["centred", "aside and turned"])
def test_points_lie_on_the_rays_of_their_own_pixels(frustum: Frustum) -> None:
    side = 16
    starts, steps = frustum.rays(side)
    depth = 0.3
    seen = frustum.project(starts + depth * steps)
    centers = (np.arange(side) + 0.5) / side
    columns, rows = np.meshgrid(centers, centers)
    np.testing.assert_allclose(seen[:, 0], columns.ravel() - 0.5, atol=1e-5)
    np.testing.assert_allclose(seen[:, 1], 0.5 - rows.ravel(), atol=1e-5)
    np.testing.assert_allclose(seen[:, 2], depth, atol=1e-5)


def test_a_centred_crop_is_seen_alike_by_both_cameras() -> None:
    apart = CENTRED.view.project(points() / CENTRED.side)
    np.testing.assert_allclose(apart, CENTRED.project(points()), atol=1e-5)


def test_the_crop_spans_its_side_at_the_depth_of_the_centre() -> None:
    right = CAMERA.axes[0] * CENTRED.side / 2
    np.testing.assert_allclose(CENTRED.project(right[None])[0], [0.5, 0.0, 0.0], atol=1e-6)


def test_depths_run_from_near_to_far() -> None:
    depths = bin_depths(4)
    np.testing.assert_allclose(depths, [0.75 * HALF_DEPTH, 0.25 * HALF_DEPTH, -0.25 * HALF_DEPTH, -0.75 * HALF_DEPTH])
