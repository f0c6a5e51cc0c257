"""Splitting polygons into triangles. Concave ones are ear-clipped by Mapbox's earcut."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int, Int64

from shapeshot.data.sources.readers.budget import ObjectBudget


def triangulate(
    points: Float[np.ndarray, "corners 3"], sizes: Int[np.ndarray, " polygons"], budget: ObjectBudget | None = None
) -> Int64[np.ndarray, "triangles 3"]:
    """Triangles of many polygons at once, int64 [triangles, 3], as rows of `points`; orientation is kept.

    points: float [corners, 3], the polygons' corners one after the other.
    sizes: int [polygons], the number of corners of each, at least 3.
    Convex polygons become fans; concave quads are cut at their other diagonal; larger concave polygons are ear-clipped,
    which leaves out corners on straight edges, where no area is lost. The work of that is counted in `budget`, since
    it grows with the square of a polygon's corners.
    """
    starts = np.cumsum(sizes) - sizes
    triangles = [np.empty((0, 3), np.int64)]
    for size in np.unique(sizes):
        corners = starts[sizes == size][:, None] + np.arange(size)
        triangles.extend(_same_size(points, corners, budget))
    return np.concatenate(triangles)


def _same_size(
    points: Float[np.ndarray, "rows 3"], corners: Int64[np.ndarray, "polygons corners"], budget: ObjectBudget | None
) -> list[Int64[np.ndarray, "triangles 3"]]:
    size = corners.shape[1]
    if size == 3:
        return [corners]
    concave = _is_concave(points[corners])
    if size == 4:
        corners = np.where(concave[:, None], np.roll(corners, -1, axis=1), corners)
        return [_fan(corners)]
    clipped = []
    for row in corners[concave]:
        if budget is not None:
            budget.take("steps of cutting polygons", size * size)
        clipped.append(row[_clip_ears(points[row])])
    return [_fan(corners[~concave]), *clipped]


def _fan(corners: Int64[np.ndarray, "polygons corners"]) -> Int64[np.ndarray, "triangles 3"]:
    apex = np.broadcast_to(corners[:, :1], (len(corners), corners.shape[1] - 2))
    return np.stack([apex, corners[:, 1:-1], corners[:, 2:]], axis=-1).reshape(-1, 3)


def _is_concave(polygons: Float[np.ndarray, "polygons corners 3"]) -> Bool[np.ndarray, " polygons"]:
    """Whether a fan from corner 0 would turn a triangle over, bool [polygons].

    polygons: float [polygons, corners, 3].
    """
    spokes = polygons[:, 1:] - polygons[:, :1]
    normals = np.cross(spokes[:, :-1], spokes[:, 1:])
    total = normals.sum(axis=1, keepdims=True)  # twice the polygon's area vector (Newell)
    is_reflex: np.ndarray = ((normals * total).sum(axis=-1) < -1e-9 * (total * total).sum(axis=-1)).any(axis=1)
    return is_reflex


def _clip_ears(polygon: Float[np.ndarray, "corners 3"]) -> Int64[np.ndarray, "triangles 3"]:
    """Triangles of one polygon, int64 [triangles, 3], by ear clipping in the plane that it covers most."""
    import mapbox_earcut

    flat = _flatten(polygon.astype(np.float64))
    ends = np.array([len(flat)], np.uint32)
    triangles = mapbox_earcut.triangulate_float64(np.ascontiguousarray(flat), ends).astype(np.int64).reshape(-1, 3)
    # The plane was chosen so that the polygon runs counter-clockwise; so must its triangles.
    return triangles[:, ::-1] if _area(flat[triangles]) < 0 else triangles


def _area(triangles: Float[np.ndarray, "triangles 3 2"]) -> float:
    """The signed area of all triangles, float [triangles, 3, 2], doubled."""
    first, second = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    return float((first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum())


def _flatten(polygon: Float[np.ndarray, "corners 3"]) -> Float[np.ndarray, "corners 2"]:
    """The polygon in 2D, counter-clockwise, without the axis along which its normal is longest."""
    spokes = polygon[1:] - polygon[:1]
    normal = np.cross(spokes[:-1], spokes[1:]).sum(axis=0)
    axis = int(np.abs(normal).argmax())
    u, v = (axis + 1) % 3, (axis + 2) % 3
    kept = [u, v] if normal[axis] > 0 else [v, u]
    flat: np.ndarray = polygon[:, kept] - polygon[0, kept]
    return flat
