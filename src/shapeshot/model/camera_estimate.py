"""Where a photo was taken from, as a network sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.geometry.frustum import ViewCamera

if TYPE_CHECKING:
    from jaxtyping import Float

CERTAIN_WITHIN_DEG = 25.0  # a front is recognised as such up to about this angle


@dataclass(frozen=True)
class CameraEstimate:
    """A camera, and how sure its azimuth is.

    camera: its azimuth is the most probable one. certainty: the probability, 0 to 1, that the true azimuth lies within
    CERTAIN_WITHIN_DEG of it.
    """

    camera: ViewCamera
    certainty: float


def estimate_camera(azimuth: Float[np.ndarray, " bins"], pose: Float[np.ndarray, " 3"]) -> CameraEstimate:
    """Read a camera from the logits of its azimuth, and (elevation, roll in radians, log distance).

    The azimuth is the mean of the distribution about its peak; bin 0 is centred at 0 degrees.
    """
    shares = np.exp(azimuth - azimuth.max())
    shares = shares / shares.sum()
    centers = np.arange(len(shares)) * (2 * np.pi / len(shares))
    near = _angle(centers - centers[shares.argmax()]) <= 1.5 * 2 * np.pi / len(shares)
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
