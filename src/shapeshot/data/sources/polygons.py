"""Splitting polygons into triangles."""

from __future__ import annotations

import numpy as np

MAX_EAR_CLIPPED_CORNERS = 200  # ear clipping is quadratic; a larger concave polygon is fanned


def triangulate(points: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Triangles of many polygons at once, int64 [triangles, 3], as rows of `points`; orientation is kept.

    points: float [corners, 3], the polygons' corners one after the other.
    sizes: int [polygons], the number of corners of each, at least 3.
    Convex polygons become fans; concave quads are cut at their other diagonal; larger concave polygons are ear-clipped.
    """
    starts = np.cumsum(sizes) - sizes
    triangles = [np.empty((0, 3), np.int64)]
    for size in np.unique(sizes):
        corners = starts[sizes == size][:, None] + np.arange(size)
        triangles.extend(_same_size(points, corners))
    return np.concatenate(triangles)


def _same_size(points: np.ndarray, corners: np.ndarray) -> list[np.ndarray]:
    size = corners.shape[1]
    if size == 3:
        return [corners]
    concave = _is_concave(points[corners])
    if size == 4:
        corners = np.where(concave[:, None], np.roll(corners, -1, axis=1), corners)
        return [_fan(corners)]
    clipped = [row[_clip_ears(points[row])] for row in corners[concave]]
    return [_fan(corners[~concave]), *clipped]


def _fan(corners: np.ndarray) -> np.ndarray:
    apex = np.broadcast_to(corners[:, :1], (len(corners), corners.shape[1] - 2))
    return np.stack([apex, corners[:, 1:-1], corners[:, 2:]], axis=-1).reshape(-1, 3)


def _is_concave(polygons: np.ndarray) -> np.ndarray:
    """Whether a fan from corner 0 would turn a triangle over, bool [polygons].

    polygons: float [polygons, corners, 3].
    """
    spokes = polygons[:, 1:] - polygons[:, :1]
    normals = np.cross(spokes[:, :-1], spokes[:, 1:])
    total = normals.sum(axis=1, keepdims=True)  # twice the polygon's area vector (Newell)
    return ((normals * total).sum(axis=-1) < -1e-9 * (total * total).sum(axis=-1)).any(axis=1)


def _clip_ears(polygon: np.ndarray) -> np.ndarray:
    """Triangles of one polygon, int64 [corners - 2, 3], by ear clipping in the plane that it covers most."""
    size = len(polygon)
    if size > MAX_EAR_CLIPPED_CORNERS:
        return _fan(np.arange(size)[None])
    flat = _flatten(polygon.astype(np.float64))
    left = list(range(size))
    triangles = []
    while len(left) > 3:
        at = next((i for i in range(len(left)) if _is_ear(flat, left, i)), 0)  # 0: self-crossing, any cut will do
        triangles.append((left[at - 1], left[at], left[(at + 1) % len(left)]))
        del left[at]
    return np.array([*triangles, left], np.int64)


def _flatten(polygon: np.ndarray) -> np.ndarray:
    """The polygon in 2D, counter-clockwise, without the axis along which its normal is longest."""
    spokes = polygon[1:] - polygon[:1]
    normal = np.cross(spokes[:-1], spokes[1:]).sum(axis=0)
    axis = int(np.abs(normal).argmax())
    u, v = (axis + 1) % 3, (axis + 2) % 3
    return polygon[:, [u, v] if normal[axis] > 0 else [v, u]]


def _is_ear(flat: np.ndarray, left: list[int], at: int) -> bool:
    a, b, c = flat[left[at - 1]], flat[left[at]], flat[left[(at + 1) % len(left)]]
    if _turn(a, b, c) <= 0:
        return False
    others = flat[left]
    inside = (_turn(a, b, others) >= 0) & (_turn(b, c, others) >= 0) & (_turn(c, a, others) >= 0)
    # Corners at the same place as the ear's own (a hole's bridge is walked twice) do not stand in its way.
    own = (others == a).all(axis=1) | (others == b).all(axis=1) | (others == c).all(axis=1)
    return not (inside & ~own).any()


def _turn(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    return (b[0] - a[0]) * (c[..., 1] - a[1]) - (b[1] - a[1]) * (c[..., 0] - a[0])
