"""Where a photo was taken from, as a network sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.geometry.frustum import ViewCamera

if TYPE_CHECKING:
    from jaxtyping import Float, Float32

PEAK_DEG = 46.0  # to both sides of the most probable bin: what belongs to one guess
CERTAIN_WITHIN_DEG = 25.0  # a front is recognised as such up to about this angle


@dataclass(frozen=True)
class PhotoCamera:
    """The camera that took a photo, beside the shape that was made of it: what a viewer needs to show the photo's side.

    azimuth_deg: about +y, 0 is in front of the object. elevation_deg: above the horizon. roll_deg: by how much the
    photo is turned counter-clockwise. fov_deg: the angle that the crop's side spans. position, target: of the camera
    and of what the crop's centre shows, in the shape's frame and unit. certainty: the probability, 0 to 1, that the
    azimuth is right to within 25 degrees.
    """

    azimuth_deg: float
    elevation_deg: float
    roll_deg: float
    fov_deg: float
    position: tuple[float, float, float]
    target: tuple[float, float, float]
    certainty: float

    def project(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """Where the crop shows points of the shape's frame: (u, v, depth).

        u runs to the right and v up, both from -0.5 to 0.5 over the crop; depth is the distance from the plane of the
        camera, in the shape's unit.
        """
        axes = ViewCamera(self.azimuth_deg, self.elevation_deg, 1.0, self.roll_deg).axes
        x, y, backward = axes @ (np.asarray(points, np.float64) - self.position).T
        depth = np.maximum(-backward, 1e-6)
        span = 2 * math.tan(math.radians(self.fov_deg) / 2) * depth  # that the crop's side shows there
        return np.stack([x / span, y / span, depth], axis=1).astype(np.float32)

    def scaled(self, factor: float) -> PhotoCamera:
        """The same camera beside a shape that was scaled about the origin."""
        position, target = (
            (place[0] * factor, place[1] * factor, place[2] * factor) for place in (self.position, self.target)
        )
        return replace(self, position=position, target=target)


@dataclass(frozen=True)
class CameraEstimate:
    """A camera, and how sure its azimuth is.

    camera: its azimuth is the most probable one. certainty: the probability, 0 to 1, that the true azimuth lies within
    CERTAIN_WITHIN_DEG of it.
    """

    camera: ViewCamera
    certainty: float

    def mirrored(self) -> CameraEstimate:
        """The camera of a shape whose depth is the other way round, so that the shape stands as upright as before.

        Seen from above it is seen from below. What faced the front is taken for the front, or for the back, so that the
        object's sides stay along the axes: of the two angles the one nearer to the present one. The certainty is still
        that of the camera as the network sees it.
        """
        camera = self.camera
        azimuth = np.radians(camera.azimuth_deg)
        along_z = abs(np.cos(azimuth)) >= abs(np.sin(azimuth)) - 1e-9  # half-way between, there and back are the same
        other = -camera.azimuth_deg if along_z else 180.0 - camera.azimuth_deg
        turned = replace(camera, azimuth_deg=(other + 180) % 360 - 180, elevation_deg=-camera.elevation_deg)
        return replace(self, camera=turned)

    def beside(self, center: Float[np.ndarray, " 3"], side: float) -> PhotoCamera:
        """The camera in a cube that lies at `center` of the view's frame and is `side` wide, both in crop sides."""
        camera = self.camera
        target = -np.asarray(center, np.float64) / side
        position = target + camera.axes[2] * (camera.distance / side)
        return PhotoCamera(
            camera.azimuth_deg,
            camera.elevation_deg,
            camera.roll_deg,
            math.degrees(2 * math.atan(0.5 / camera.distance)),
            tuple(position.tolist()),
            tuple(target.tolist()),
            self.certainty,
        )


def estimate_camera(azimuth: Float[np.ndarray, " bins"], pose: Float[np.ndarray, " 3"]) -> CameraEstimate:
    """Read a camera from the logits of its azimuth, and (elevation, roll in radians, log distance).

    The azimuth is the mean of the distribution about its peak; bin 0 is centred at 0 degrees.
    """
    shares = np.exp(azimuth - azimuth.max())
    shares = shares / shares.sum()
    centers = np.arange(len(shares)) * (2 * np.pi / len(shares))
    near = _angle(centers - centers[shares.argmax()]) <= np.radians(PEAK_DEG)
    sine, cosine = (float((shares * near * part(centers)).sum()) for part in (np.sin, np.cos))
    best = np.arctan2(sine, cosine)
    certainty = float(shares[_angle(centers - best) <= np.radians(CERTAIN_WITHIN_DEG)].sum())
    elevation, roll, log_distance = (float(value) for value in pose)
    limited = np.degrees(np.clip([elevation, roll], [-1.5, -0.6], [1.5, 0.6]))
    distance = float(np.exp(np.clip(log_distance, np.log(1.2), np.log(30.0))))  # nearer, the rays would cross
    return CameraEstimate(
        ViewCamera(float(np.degrees(best)), float(limited[0]), distance, float(limited[1])), certainty
    )


def _angle(difference: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """The size of an angle in radians, 0 to pi."""
    size: np.ndarray = np.abs((difference + np.pi) % (2 * np.pi) - np.pi)
    return size
