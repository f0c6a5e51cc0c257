"""The camera of all previews: the same for voxels, points and mesh, so that they can be compared by eye."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, Float64

_FOV_DEG = 18.0  # a short telephoto: nearly parallel lines, yet depth can be felt
_FILL = 0.96  # of the picture's side that the bounding sphere takes


@dataclass(frozen=True)
class Framing:
    """The sphere that a preview shows, in the shape's own units. Share one to compare shapes."""

    center: tuple[float, float, float] = (0.0, 0.0, 0.0)
    radius: float = 0.87  # the canonical cube's corners

    @classmethod
    def around(cls, points: Float[np.ndarray, "points 3"]) -> Framing:
        """The sphere about the bounding box's centre that holds all points, float [points, 3]; the default if empty."""
        if not len(points):
            return cls()
        center = (points.min(axis=0).astype(np.float64) + points.max(axis=0)) / 2
        radius = float(np.sqrt(((points - center) ** 2).sum(axis=1).max()))
        return cls((float(center[0]), float(center[1]), float(center[2])), radius or 1.0)


class View:
    """A pinhole camera at azimuth and elevation (docs/conventions.md) that looks at a framing's centre.

    position: float64 [3], in units of the framing's radius about its centre, as everything that `local` returns.
    axes: float64 [3, 3], rows right, up and backwards (towards the camera).
    """

    def __init__(self, framing: Framing, azimuth_deg: float, elevation_deg: float, size: int) -> None:
        azimuth, elevation = np.radians(azimuth_deg), np.radians(elevation_deg)
        backward = np.array(
            [np.cos(elevation) * np.sin(azimuth), np.sin(elevation), np.cos(elevation) * np.cos(azimuth)]
        )
        right = np.array([np.cos(azimuth), 0.0, -np.sin(azimuth)])
        self.framing, self.size = framing, size
        self.azimuth_deg, self.elevation_deg = azimuth_deg, elevation_deg
        self.axes = np.stack([right, np.cross(backward, right), backward])
        self.position = backward / np.sin(np.radians(_FOV_DEG) / 2)
        self._focal = _FILL * size / 2 / np.tan(np.radians(_FOV_DEG) / 2)

    def local(self, points: Float[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3"]:
        """Points float [points, 3] about the framing's centre, in units of its radius, float64."""
        return (points.astype(np.float64) - self.framing.center) / self.framing.radius

    def project(self, local: Float64[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """Local points as (column, row, nearness), float32 [points, 3]; nearness is 1 / depth, linear on the screen."""
        seen = (local - self.position) @ self.axes.T
        nearness = -1.0 / seen[:, 2]
        pixels = self.size / 2 + self._focal * seen[:, :2] * [1, -1] * nearness[:, None]
        return np.column_stack([pixels, nearness]).astype(np.float32)

    def pixels_per_unit(self, nearness: Float[np.ndarray, " hits"]) -> Float[np.ndarray, " hits"]:
        """How large one local unit appears at that nearness, in pixels."""
        pixels: np.ndarray = self._focal * nearness
        return pixels

    def rays(self) -> Float32[np.ndarray, "size size 3"]:
        """Direction through each pixel's centre, not normalised, float32 [size, size, 3]."""
        offsets = (np.arange(self.size) + 0.5 - self.size / 2) / self._focal
        right, up, backward = self.axes
        rays: np.ndarray = (offsets[None, :, None] * right - offsets[:, None, None] * up - backward).astype(np.float32)
        return rays
