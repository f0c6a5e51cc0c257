"""A z-buffer in numpy: which triangle or ball each pixel shows. Bulk operations over (primitive, pixel) pairs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

_PAIRS_AT_ONCE = 400_000  # bounds memory, and stays within the processor's cache


class Hits(NamedTuple):
    """The visible primitive of every covered pixel; the rows of all arrays belong together.

    pixels: int64 [hits], row * size + column, ascending. owner: int64 [hits], the face or point.
    weights: float32 [hits, 3], barycentric for faces; for balls the outward normal (right, up, towards the camera).
    nearness: float32 [hits], 1 / depth.
    """

    pixels: np.ndarray
    owner: np.ndarray
    weights: np.ndarray
    nearness: np.ndarray


def rasterize_triangles(corners: np.ndarray, size: int) -> Hits:
    """The nearest triangle at each pixel centre of a size x size picture.

    corners: float32 [faces, 3, 3], each corner (column, row, nearness); larger nearness wins. Either winding.
    """
    corners = corners.astype(np.float32, copy=False)
    equations = _edge_equations(corners)
    low = np.clip(np.ceil(corners[:, :, :2].min(axis=1) - 0.5), 0, size).astype(np.int64)
    high = np.clip(np.floor(corners[:, :, :2].max(axis=1) - 0.5), -1, size - 1).astype(np.int64)
    spans = np.maximum(high - low + 1, 0)
    usable = np.isfinite(equations).all(axis=(1, 2))
    faces = np.flatnonzero((spans.prod(axis=1) > 0) & usable)
    buffer = np.full(size * size, -1, np.int64)
    for chunk in _chunks(faces, spans[faces].prod(axis=1)):
        owner, columns, rows = _pairs(chunk, low, spans)
        weights = _weights(equations, owner, columns, rows)
        inside = (weights >= -1e-6).all(axis=0)
        owner, columns, rows = owner[inside], columns[inside], rows[inside]
        nearness = (weights[:, inside] * corners[owner, :, 2].T).sum(axis=0)
        np.maximum.at(buffer, rows * size + columns, _key(nearness, owner))
    pixels = np.flatnonzero(buffer >= 0)
    owner = buffer[pixels] & 0xFFFFFFFF
    weights = np.clip(_weights(equations, owner, pixels % size, pixels // size).T, 0.0, 1.0)
    return Hits(pixels, owner, weights, (weights * corners[owner, :, 2]).sum(axis=1))


def rasterize_balls(centers: np.ndarray, radii: np.ndarray, depth_radii: np.ndarray, size: int) -> Hits:
    """The nearest ball at each pixel centre.

    centers: float32 [points, 3] (column, row, nearness). radii: float32 [points], pixels.
    depth_radii: float32 [points], by how much nearness grows from a ball's rim to its middle.
    """
    low = np.clip(np.ceil(centers[:, :2] - radii[:, None] - 0.5), 0, size).astype(np.int64)
    high = np.clip(np.floor(centers[:, :2] + radii[:, None] - 0.5), -1, size - 1).astype(np.int64)
    spans = np.maximum(high - low + 1, 0)
    points = np.flatnonzero(spans.prod(axis=1) > 0)
    buffer = np.full(size * size, -1, np.int64)
    for chunk in _chunks(points, spans[points].prod(axis=1)):
        owner, columns, rows = _pairs(chunk, low, spans)
        bulge = _ball_normals(centers, radii, owner, columns, rows)[2]
        inside = bulge > 0
        owner, pixels = owner[inside], (rows * size + columns)[inside]
        np.maximum.at(buffer, pixels, _key(centers[owner, 2] + depth_radii[owner] * bulge[inside], owner))
    pixels = np.flatnonzero(buffer >= 0)
    owner = buffer[pixels] & 0xFFFFFFFF
    normals = _ball_normals(centers, radii, owner, pixels % size, pixels // size).T
    return Hits(pixels, owner, normals, centers[owner, 2] + depth_radii[owner] * normals[:, 2])


def _edge_equations(corners: np.ndarray) -> np.ndarray:
    """Rows (a, b, c) with weight_k = a * column + b * row + c, float32 [faces, 3, 3]; not finite where degenerate."""
    x, y = corners[:, :, 0].astype(np.float64), corners[:, :, 1].astype(np.float64)
    x1, y1, x2, y2 = (np.roll(values, -shift, axis=1) for shift in (1, 2) for values in (x, y))
    a, b, c = y1 - y2, x2 - x1, x1 * y2 - x2 * y1
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.stack([a, b, c], axis=2) / c.sum(axis=1)[:, None, None]


def _weights(equations: np.ndarray, owner: np.ndarray, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Barycentric weights at pixel centres, float32 [3, pairs]."""
    x, y = columns + 0.5, rows + 0.5
    a, b, c = equations[owner].transpose(2, 1, 0)
    return (a * x + b * y + c).astype(np.float32)


def _ball_normals(
    centers: np.ndarray, radii: np.ndarray, owner: np.ndarray, columns: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    """(right, up, towards the camera) on the unit ball, float32 [3, pairs]; the last is 0 outside."""
    right = (columns + 0.5 - centers[owner, 0]) / radii[owner]
    up = -(rows + 0.5 - centers[owner, 1]) / radii[owner]
    return np.stack([right, up, np.sqrt(np.maximum(1.0 - right * right - up * up, 0.0))]).astype(np.float32)


def _chunks(items: np.ndarray, num_pairs: np.ndarray) -> Iterator[np.ndarray]:
    """Split so that each chunk has about _PAIRS_AT_ONCE pairs (a single large item may have more)."""
    if len(items):
        group = np.cumsum(num_pairs) // _PAIRS_AT_ONCE
        yield from np.split(items, np.flatnonzero(np.diff(group)) + 1)


def _pairs(items: np.ndarray, low: np.ndarray, spans: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every pixel of every item's box: (item, column, row), int64 [pairs] each."""
    counts = spans[items].prod(axis=1)
    owner = np.repeat(items, counts)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    row, column = np.divmod(within, spans[owner, 0])
    return owner, low[owner, 0] + column, low[owner, 1] + row


def _key(nearness: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Nearness in the high bits (a positive float32 orders like its bits), the owner in the low ones."""
    bits = np.maximum(nearness, 0.0).astype(np.float32).view(np.int32).astype(np.int64)
    return (bits << 32) | owner
