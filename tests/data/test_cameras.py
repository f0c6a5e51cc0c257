"""Cameras: the convention of angles, and that objects stay in the frame."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.data.cameras import Camera, frame_distance, sample_camera


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
