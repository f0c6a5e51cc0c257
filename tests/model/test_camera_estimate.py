"""The camera that a network tells: between bins, with a certainty, and beside the finished shape."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.geometry.camera import Camera
from shapeshot.geometry.frustum import ViewCamera
from shapeshot.model.camera_estimate import CameraEstimate, estimate_camera

POSE = np.array([0.3, 0.0, np.log(2.5)])
BINS = np.arange(36) * (2 * np.pi / 36)


@pytest.mark.parametrize("azimuth", [-170.0, -33.0, 0.0, 4.0, 91.0])
def test_the_azimuth_lies_between_bins(azimuth: float) -> None:
    logits = 15 * np.cos(BINS - np.radians(azimuth))
    found = estimate_camera(logits, POSE)
    assert (found.camera.azimuth_deg - azimuth + 180) % 360 - 180 == pytest.approx(0.0, abs=1.0)
    assert found.certainty > 0.8
    assert found.camera.elevation_deg == pytest.approx(np.degrees(0.3))
    assert found.camera.distance == pytest.approx(2.5)


def test_two_fronts_are_half_as_certain_as_one() -> None:
    both = np.logaddexp(30 * np.cos(BINS), 30 * np.cos(BINS - np.pi) - 0.2)
    found = estimate_camera(both, POSE)
    assert abs(found.camera.azimuth_deg) < 1
    assert found.certainty == pytest.approx(0.55, abs=0.03)


def test_a_wild_pose_is_kept_to_what_a_photo_can_have() -> None:
    camera = estimate_camera(np.zeros(36), np.array([9.0, -9.0, -50.0])).camera
    assert camera.elevation_deg < 90
    assert camera.roll_deg > -40
    assert camera.distance > 1


def test_beside_the_shape_it_is_an_ordinary_camera() -> None:
    found = estimate_camera(15 * np.cos(BINS - 0.5), POSE)
    beside = found.beside(np.array([0.1, -0.05, 0.02]), 0.8)
    backward = np.subtract(beside.position, beside.target)
    distance = float(np.linalg.norm(backward))
    assert distance == pytest.approx(2.5 / 0.8)
    expected = Camera(beside.azimuth_deg, beside.elevation_deg, 1.0, 60.0).origin
    np.testing.assert_allclose(backward / distance, expected, atol=1e-6)
    # The crop's side is 1 / 0.8 of the cube, at that distance.
    assert 2 * distance * np.tan(np.radians(beside.fov_deg) / 2) == pytest.approx(1 / 0.8)
    twice = beside.scaled(2.0)
    np.testing.assert_allclose(twice.position, 2 * np.array(beside.position))
    assert twice.fov_deg == beside.fov_deg


@pytest.mark.parametrize(
    ("azimuth", "other"),
    [
        (0.0, 0.0),
        (30.0, -30.0),
        (170.0, -170.0),
        (60.0, 120.0),
        (-60.0, -120.0),
        (-100.0, -80.0),
        (135.0, -135.0),
        (-135.0, 135.0),
    ],
)
def test_the_mirrored_camera_looks_up_and_keeps_the_objects_sides(azimuth: float, other: float) -> None:
    estimate = CameraEstimate(ViewCamera(azimuth, 25.0, 2.5, 4.0), 0.7)
    mirrored = estimate.mirrored()
    assert mirrored.camera.azimuth_deg == pytest.approx(other)
    assert (mirrored.camera.elevation_deg, mirrored.camera.roll_deg, mirrored.certainty) == (-25.0, 4.0, 0.7)
    again = mirrored.mirrored().camera
    assert (again.azimuth_deg, again.elevation_deg) == (pytest.approx(azimuth), 25.0)
