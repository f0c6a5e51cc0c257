"""A closed solid, and the one way in which all primitives are made: a loft through rings of points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int, Int64


@dataclass(frozen=True, eq=False)
class Solid:
    """A closed, consistently oriented triangle mesh in metres, +y up; every method returns a new solid.

    vertices: float64 [vertices, 3]. faces: int64 [faces, 3], counter-clockwise seen from outside.
    """

    vertices: Float64[np.ndarray, "vertices 3"]
    faces: Int64[np.ndarray, "faces 3"]

    @property
    def bounds(self) -> Float64[np.ndarray, "2 3"]:
        """[[min x, y, z], [max x, y, z]]."""
        return np.stack([self.vertices.min(axis=0), self.vertices.max(axis=0)])

    def at(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Solid:
        """Moved by (x, y, z)."""
        return Solid(self.vertices + np.array([x, y, z]), self.faces)

    def turned(self, axis: str, degrees: float) -> Solid:
        """Turned about the coordinate axis 'x', 'y' or 'z' through the origin, right-handed."""
        i = "xyz".index(axis)
        j, k = (i + 1) % 3, (i + 2) % 3
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        matrix = np.eye(3)
        matrix[j, j], matrix[j, k], matrix[k, j], matrix[k, k] = cos, -sin, sin, cos
        return Solid(self.vertices @ matrix.T, self.faces)

    def stretched(self, x: float = 1.0, y: float = 1.0, z: float = 1.0) -> Solid:
        """Coordinates multiplied by positive factors."""
        return Solid(self.vertices * np.array([x, y, z]), self.faces)

    def mirrored(self) -> Solid:
        """Mirrored in the plane x = 0, still looking outwards."""
        return Solid(self.vertices * np.array([-1.0, 1.0, 1.0]), self.faces[:, ::-1])


def loft(
    rings: Float[np.ndarray, "rings points 3"] | Sequence[Float[np.ndarray, "points 3"]], joined: bool = False
) -> Solid:
    """The solid through `rings` [rings, points, 3], each a closed loop; oriented outwards by its signed volume.

    The two ends are capped by fans about their centroids (so end rings must be star-shaped about them), or joined to
    each other where `joined` (a torus).
    """
    grid = np.asarray(rings, dtype=np.float64)
    count, points = grid.shape[:2]
    spans = count if joined else count - 1
    i, j = (index.ravel() for index in np.mgrid[0:spans, 0:points])
    below, above, right = i * points, (i + 1) % count * points, (j + 1) % points
    quads = [np.stack([below + j, below + right, above + right], 1), np.stack([below + j, above + right, above + j], 1)]
    if joined:
        return outwards(grid.reshape(-1, 3), np.concatenate(quads))
    around = np.arange(points)
    following = (around + 1) % points
    last, tip = (count - 1) * points, count * points
    caps = [
        np.stack([following, around, np.full(points, tip)], 1),
        np.stack([last + around, last + following, np.full(points, tip + 1)], 1),
    ]
    vertices = np.concatenate([grid.reshape(-1, 3), grid[[0, -1]].mean(axis=1)])
    return outwards(vertices, np.concatenate(quads + caps))


def outwards(vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"]) -> Solid:
    """A closed, consistently oriented mesh with its faces turned over where it encloses a negative volume."""
    a, b, c = (vertices[faces] - vertices.mean(axis=0)).transpose(1, 0, 2)
    negative = np.einsum("ij,ij->", a, np.cross(b, c)) < 0
    return Solid(vertices, faces[:, ::-1] if negative else faces)
