"""The colours of surface points, read from six pictures of the surface's own colours (blender/paint.py)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, UInt8

from shapeshot.data.rendering.exposure import srgb

# As in blender/paint.py: the side that each map looks at, from one unit before it, upright or (from above) front down.
SIDES = np.array(((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)), np.float64)
UPS = np.array(((0, 1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1), (0, 1, 0), (0, 1, 0)), np.float64)
DEPTH_TOLERANCE = 0.03  # canonical units: a pixel of 1/128 on a surface 55 degrees off the axis, and simplification


def surface_colors(
    points: Float[np.ndarray, "points 3"],
    normals: Float[np.ndarray, "points 3"],
    maps: Float[np.ndarray, "sides size size 4"],
) -> UInt8[np.ndarray, "points 3"]:
    """sRGB of each point, from the map that sees it most squarely; an unseen point takes the nearest seen one's.

    points, normals: of the outer surface, canonical. maps: linear RGB and the depth below the cube's face, by SIDES.
    """
    from scipy.spatial import cKDTree

    points, maps = np.asarray(points, np.float64), maps.astype(np.float32)
    colors, seen_best = np.zeros((len(points), 3), np.float32), np.full(len(points), -np.inf)
    for side, up, picture in zip(SIDES, UPS, maps, strict=True):
        across, upwards, depth = points @ np.cross(up, side), points @ up, 0.5 - points @ side
        size = len(picture)
        column = np.clip(np.floor((across + 0.5) * size), 0, size - 1).astype(np.int64)
        row = np.clip(np.floor((0.5 - upwards) * size), 0, size - 1).astype(np.int64)
        found = picture[row, column]
        squarely = np.asarray(normals, np.float64) @ side
        better = (np.abs(found[:, 3] - depth) < DEPTH_TOLERANCE) & (squarely > seen_best)
        colors[better], seen_best[better] = found[better, :3], squarely[better]
    seen = np.isfinite(seen_best)
    if seen.any() and not seen.all():
        _, nearest = cKDTree(points[seen]).query(points[~seen])
        colors[~seen] = colors[seen][nearest]
    levels: np.ndarray = np.rint(srgb(colors) * 255).astype(np.uint8)
    return levels
