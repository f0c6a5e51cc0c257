"""Cameras that look at the canonical cube, and how people place them when they photograph things."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, Float64


# How high people hold a camera: mean and spread of its elevation in degrees. "standing" looks down on furniture and
# tables; "level" is how things are photographed for catalogues and cut-outs.
ELEVATIONS = {"standing": (20.0, 12.0), "level": (4.0, 5.0)}


@dataclass(frozen=True)
class Camera:
    """A pinhole camera that looks at the origin with +y up; see docs/conventions.md.

    azimuth_deg: about +y; 0 is in front of the object (+z), 90 at +x. elevation_deg: above the horizon.
    distance: from the origin, canonical units. fov_deg: horizontal field of view of a square image.
    """

    azimuth_deg: float
    elevation_deg: float
    distance: float
    fov_deg: float

    @property
    def origin(self) -> Float64[np.ndarray, " 3"]:
        """Position, float64 [3]."""
        azimuth, elevation = np.radians(self.azimuth_deg), np.radians(self.elevation_deg)
        horizontal = np.cos(elevation)
        direction = [horizontal * np.sin(azimuth), np.sin(elevation), horizontal * np.cos(azimuth)]
        return self.distance * np.array(direction)

    @property
    def axes(self) -> Float64[np.ndarray, "3 3"]:
        """Unit vectors, float64 [3, 3], in rows: the picture's right, its up, and the way back to the camera."""
        azimuth = np.radians(self.azimuth_deg)
        backward = self.origin / self.distance
        right = np.array([np.cos(azimuth), 0.0, -np.sin(azimuth)])
        return np.stack([right, np.cross(backward, right), backward])

    def project(self, points: Float[np.ndarray, "points 3"], size: int) -> Float32[np.ndarray, "points 2"]:
        """Project points, float [points, 3], into a square image of `size` pixels; returns their columns and rows.

        float32 [points, 2]; pixel i reaches from i to i + 1. Every point must lie in front of the camera.
        """
        across, up, towards = self.axes.astype(np.float32) @ np.asarray(points, np.float32).T
        scale = size / 2 / np.tan(np.radians(self.fov_deg) / 2) / (np.float32(self.distance) - towards)
        return np.stack([size / 2 + across * scale, size / 2 - up * scale], axis=1).astype(np.float32)


def sample_camera(rng: np.random.Generator, radius: float, elevation: str = "standing") -> Camera:
    """A camera as people hold them: three quarters within 80 degrees of the front, a quarter from all round.

    elevation: of ELEVATIONS; "standing" is mostly 5 to 35 degrees. The field of view runs from a telephoto's 15 to a
    phone's 65 degrees, and the distance just keeps the object's bounding sphere of `radius` about the origin inside the
    frame.
    """
    front = rng.random() < 0.75
    azimuth = float(rng.uniform(-80.0, 80.0) if front else rng.uniform(-180.0, 180.0))
    degrees = float(np.clip(rng.normal(*ELEVATIONS[elevation]), -5.0, 65.0))
    fov = float(np.exp(rng.uniform(np.log(15.0), np.log(65.0))))
    return Camera(azimuth, degrees, frame_distance(fov, radius), fov)


def sample_room_camera(rng: np.random.Generator, radius: float, elevation: str = "standing") -> Camera:
    """Draw a camera as `sample_camera` does, but above the floor and up to one and a half times as far away."""
    camera = sample_camera(rng, radius, elevation)
    return replace(
        camera,
        elevation_deg=max(camera.elevation_deg, float(rng.uniform(3.0, 12.0))),
        distance=camera.distance * float(rng.uniform(1.0, 1.5)),
    )


def frame_distance(fov_deg: float, radius: float) -> float:
    """The distance at which a sphere of `radius` about the origin just fills the field of view."""
    return radius / float(np.sin(np.radians(fov_deg) / 2))
