"""Cameras: the convention of angles, and that objects stay in the frame."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.geometry.camera import Camera, frame_distance, sample_camera, sample_room_camera


@pytest.mark.parametrize(
    ("azimuth", "elevation", "origin"),
    [(0, 0, (0, 0, 2)), (90, 0, (2, 0, 0)), (180, 0, (0, 0, -2)), (-90, 0, (-2, 0, 0)), (0, 90, (0, 2, 0))],
)
def test_origin_follows_the_convention(azimuth: float, elevation: float, origin: tuple[float, ...]) -> None:
    assert Camera(azimuth, elevation, 2.0, 40.0).origin == pytest.approx(origin, abs=1e-9)


def test_a_framed_sphere_fills_the_field_of_view() -> None:
    distance = frame_distance(50.0, 0.7)
    assert 2 * np.degrees(np.arcsin(0.7 / distance)) == pytest.approx(50.0)


def test_sampled_cameras_keep_to_what_they_promise() -> None:
    rng = np.random.default_rng(0)
    cameras = [sample_camera(rng, 0.8) for _ in range(2000)]
    azimuths = np.array([camera.azimuth_deg for camera in cameras])
    in_front = 0.75 + 0.25 * 160 / 360
    assert (np.abs(azimuths) <= 80).mean() == pytest.approx(in_front, abs=0.03)
    assert all(-5 <= camera.elevation_deg <= 65 and 15 <= camera.fov_deg <= 65 for camera in cameras)
    assert all(camera.distance == pytest.approx(frame_distance(camera.fov_deg, 0.8)) for camera in cameras)


def test_a_level_camera_hardly_looks_down() -> None:
    rng = np.random.default_rng(0)
    level = np.array([sample_camera(rng, 0.8, "level").elevation_deg for _ in range(2000)])
    standing = np.array([sample_camera(rng, 0.8).elevation_deg for _ in range(2000)])
    assert (level <= 10).mean() > 0.8 > 0.3 > (standing <= 10).mean()
    in_rooms = [sample_room_camera(rng, 0.8, "level").elevation_deg for _ in range(200)]
    assert min(in_rooms) >= 3  # above the floor all the same
    assert max(in_rooms) < 25


def test_what_is_right_and_above_appears_there_and_what_is_near_larger() -> None:
    front, side = Camera(0.0, 0.0, 2.0, 60.0), Camera(90.0, 0.0, 2.0, 60.0)
    np.testing.assert_allclose(front.project(np.zeros((1, 3)), 100), [[50, 50]], atol=1e-4)
    edge = 2.0 * np.tan(np.radians(30.0))  # half of what the picture shows at the origin's depth
    np.testing.assert_allclose(
        front.project(np.array([[edge, 0, 0], [0, edge, 0]]), 100), [[100, 50], [50, 0]], atol=1e-4
    )
    np.testing.assert_allclose(
        side.project(np.array([[0, 0, -edge], [1, edge / 2, 0]]), 100), [[100, 50], [50, 0]], atol=1e-4
    )


def test_a_framed_sphere_touches_the_picture_s_edges() -> None:
    rng = np.random.default_rng(1)
    directions = rng.normal(size=(20000, 3))
    sphere = 0.6 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    for camera in (sample_camera(rng, 0.6) for _ in range(20)):
        pixels = camera.project(sphere, 64)
        assert pixels.min() == pytest.approx(0, abs=0.3)
        assert pixels.max() == pytest.approx(64, abs=0.3)
