"""The frustum of a view: where the rays through a square crop run, and where along them a point lies.

Crop coordinates (u, v, t) have the crop's side as their unit. u runs to the right and v up, both from -0.5 to 0.5 over
the crop. t is the depth: how far a point lies in front of the plane through the object's centre that faces the camera;
nearer is larger. A camera at distance D (in the same unit) sees the point (x, y, t) of its own axes at
u = x D / (D - t) and v = y D / (D - t).

A frustum grid is indexed [depth, row, column]: depth 0 is the nearest, row 0 the top.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.geometry.box import Box
from shapeshot.geometry.camera import Camera

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, Float64, Int

# Depths of a frustum grid run from HALF_DEPTH to -HALF_DEPTH. Of 7000 views of the catalogue's objects 98 % of the
# surface lies within 0.8.
HALF_DEPTH = 0.9


@dataclass(frozen=True)
class ViewCamera:
    """The camera of a crop: angles in degrees, and its distance from the object's centre in sides of the crop.

    azimuth_deg: 0 looks at the object's front. elevation_deg: above the horizon. roll_deg: by how much the picture is
    turned counter-clockwise.
    """

    azimuth_deg: float
    elevation_deg: float
    distance: float
    roll_deg: float = 0.0

    @cached_property
    def axes(self) -> Float64[np.ndarray, "3 3"]:
        """Unit vectors in rows, in the object's axes: the crop's right, its up, and the way back to the camera."""
        right, up, backward = Camera(self.azimuth_deg, self.elevation_deg, 1.0, 60.0).axes
        cos, sin = np.cos(np.radians(self.roll_deg)), np.sin(np.radians(self.roll_deg))
        # A picture turned counter-clockwise shows the object's up to the left of its own.
        axes = np.stack([cos * right - sin * up, sin * right + cos * up, backward])
        axes.flags.writeable = False  # all who ask get the same array
        return axes

    def project(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """Turn points in the object's axes, about its centre and in sides of the crop, into crop coordinates."""
        x, y, t = self.axes.astype(np.float32) @ np.asarray(points, np.float32).T
        scale = self.distance / np.maximum(self.distance - t, np.float32(0.05))
        return np.stack([x * scale, y * scale, t], axis=1).astype(np.float32)

    def place(self, seen: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """Turn crop coordinates into points in the object's axes: the inverse of `project`."""
        u, v, t = np.asarray(seen, np.float32).T
        scale = (self.distance - t) / self.distance
        placed: np.ndarray = np.stack([u * scale, v * scale, t], axis=1) @ self.axes
        return placed.astype(np.float32)


@dataclass(frozen=True)
class Frustum:
    """The frustum of a square of a picture whose camera is known.

    camera: of the whole picture, which is square and `image_size` pixels wide. box: the square of it, once it was
    turned counter-clockwise about its centre by `roll_deg`.
    """

    camera: Camera
    box: Box
    image_size: int
    roll_deg: float = 0.0

    @property
    def side(self) -> float:
        """The crop's side at the depth of the object's centre, canonical units."""
        return self.box.side * self.camera.distance / self._focal

    @property
    def view(self) -> ViewCamera:
        """The same camera in terms of the crop."""
        camera = self.camera
        return ViewCamera(camera.azimuth_deg, camera.elevation_deg, camera.distance / self.side, self.roll_deg)

    def project(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """Find the crop coordinates of points of the canonical cube."""
        middle = self.image_size / 2
        towards = np.asarray(points, np.float32) @ self.camera.axes[2].astype(np.float32)
        offset = (self.camera.project(points, self.image_size) - np.float32(middle)) @ self._turn.astype(np.float32).T
        left, top, side = self.box
        u = (offset[:, 0] + middle - left) / side - 0.5
        v = 0.5 - (offset[:, 1] + middle - top) / side
        return np.stack([u, v, towards / self.side], axis=1).astype(np.float32)

    def rays(self, resolution: int) -> tuple[Float32[np.ndarray, "rays 3"], Float32[np.ndarray, "rays 3"]]:
        """The rays through the centres of resolution^2 pixels of the crop, row by row, in the canonical cube.

        The point at depth t of a ray is start + t step. Returns (starts, steps).
        """
        left, top, side = self.box
        centers = (np.arange(resolution) + 0.5) / resolution * side
        columns, rows = np.meshgrid(left + centers, top + centers)
        offset = np.stack([columns.ravel(), rows.ravel()], axis=1) - self.image_size / 2
        across, down = (offset @ self._turn / self._focal).T  # the turn's inverse is its transpose
        right, up, backward = self.camera.axes
        slopes = across[:, None] * right - down[:, None] * up
        return (slopes * self.camera.distance).astype(np.float32), ((backward - slopes) * self.side).astype(np.float32)

    @property
    def _focal(self) -> float:
        """Pixels."""
        return self.image_size / 2 / float(np.tan(np.radians(self.camera.fov_deg) / 2))

    @property
    def _turn(self) -> Float64[np.ndarray, "2 2"]:
        """From a pixel's offset from the centre (right, down) in the picture to that in the turned one."""
        cos, sin = np.cos(np.radians(self.roll_deg)), np.sin(np.radians(self.roll_deg))
        return np.array([[cos, sin], [-sin, cos]])


def bin_depths(count: int) -> Float32[np.ndarray, " depths"]:
    """The depths t at the centres of a frustum grid's cells, nearest first."""
    return (HALF_DEPTH - (np.arange(count) + 0.5) * (2 * HALF_DEPTH / count)).astype(np.float32)


def frustum_centers(cells: Int[np.ndarray, "cells 3"], shape: tuple[int, ...]) -> Float32[np.ndarray, "cells 3"]:
    """The crop coordinates (u, v, t) of the centres of a frustum grid's cells. cells: (depth, row, column)."""
    depths, rows, columns = shape
    u = (cells[:, 2] + 0.5) / columns - 0.5
    v = 0.5 - (cells[:, 1] + 0.5) / rows
    return np.stack([u, v, bin_depths(depths)[cells[:, 0]]], axis=1).astype(np.float32)
