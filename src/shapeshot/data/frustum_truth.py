"""What a frustum grid should hold: the solid along the rays of a crop, and its colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapeshot.data.queries import PackedSolid
from shapeshot.geometry.frustum import HALF_DEPTH, Frustum, bin_depths

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float32


def frustum_occupancy(
    solid: PackedSolid, frustum: Frustum, resolution: int, depths: int, rays: Bool[np.ndarray, "rows columns"]
) -> Bool[np.ndarray, "depths rows columns"]:
    """Which cells of a crop's frustum grid have their centre inside a solid.

    rays: which rays are looked along, bool [resolution, resolution]; the others come out empty.
    """
    starts, steps = (part[rays.ravel()] for part in frustum.rays(resolution))
    occupied = np.zeros((depths, resolution * resolution), bool)
    places = starts[None] + bin_depths(depths)[:, None, None] * steps[None]
    occupied[:, rays.ravel()] = solid.at(places.reshape(-1, 3)).reshape(depths, -1)
    return occupied.reshape(depths, resolution, resolution)


def frustum_places(frustum: Frustum, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
    """Where points of the canonical cube lie in the frustum grid: (column, row, depth), each from -1 to 1."""
    u, v, t = frustum.project(points).T
    return np.stack([2 * u, -2 * v, -t / np.float32(HALF_DEPTH)], axis=1).astype(np.float32)
