"""Scan conversion of triangles on the integer lattice: where lattice lines cross them, and points along their edges."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64, Int64

CHUNK = 2_000_000  # lattice rows or points at a time: bounds the memory to a few hundred MB
TOLERANCE = 1e-4  # of a cell: crossings this far beyond an edge count, so that rounding leaves no cracks


def link_crossings(
    triangles: Float64[np.ndarray, "triangles 3 3"], axis: int
) -> Iterator[Float64[np.ndarray, "points 3"]]:
    """Yield where lattice lines along `axis` (the other two coordinates whole) cross triangles, float64 [points, 3].

    triangles: float64 [faces, 3, 3], in lattice units. A plane sweep: each triangle is cut into the lattice rows that
    it spans, and each row into its lattice columns, so the work is proportional to the result. Comes in chunks.
    """
    for points, _ in crossings_and_faces(triangles, axis):
        yield points


def crossings_and_faces(
    triangles: Float64[np.ndarray, "triangles 3 3"], axis: int
) -> Iterator[tuple[Float64[np.ndarray, "points 3"], Int64[np.ndarray, " points"]]]:
    """Yield what `link_crossings` yields, each chunk with the triangle that every point lies on, int64 [points]."""
    order = [(axis + 1) % 3, (axis + 2) % 3, axis]
    inverse = np.argsort(order)
    corners = triangles[:, :, order]
    first = np.ceil(corners[:, :, 1].min(axis=1) - TOLERANCE).astype(np.int64)
    counts = np.floor(corners[:, :, 1].max(axis=1) + TOLERANCE).astype(np.int64) - first + 1
    for part in _chunks(counts):
        rows, index = _expand(first[part], counts[part])
        start, end = _cut(corners[part], index, rows)
        columns_first = np.ceil(start[:, 0] - TOLERANCE).astype(np.int64)
        columns_count = np.floor(end[:, 0] + TOLERANCE).astype(np.int64) - columns_first + 1
        for piece in _chunks(columns_count):
            columns, of = _expand(columns_first[piece], columns_count[piece])
            depth = _between(start[piece][of], end[piece][of], columns)
            points = np.stack([columns, rows[piece][of], depth], axis=1)[:, inverse]
            yield points, index[piece][of] + part.start


def points_along_edges(
    triangles: Float64[np.ndarray, "triangles 3 3"], spacing: float
) -> Iterator[Float64[np.ndarray, "points 3"]]:
    """Points on all edges, ends included, at most `spacing` apart: float64 [points, 3], in chunks."""
    start, end = triangles.reshape(-1, 3), np.roll(triangles, -1, axis=1).reshape(-1, 3)
    steps = np.ceil(np.linalg.norm(end - start, axis=1) / spacing).astype(np.int64) + 1
    for part in _chunks(steps):
        step, index = _expand(np.zeros_like(steps[part]), steps[part])
        fraction = (step / steps[part][index])[:, None]
        # The last step's end is the next edge's start.
        yield start[part][index] * (1 - fraction) + end[part][index] * fraction


def _cut(
    corners: Float64[np.ndarray, "triangles 3 3"], index: Int64[np.ndarray, " rows"], rows: Int64[np.ndarray, " rows"]
) -> tuple[Float64[np.ndarray, "rows 2"], Float64[np.ndarray, "rows 2"]]:
    """The ends of each triangle's cut by its row, as (column, depth): two float64 [rows, 2], smaller column first."""
    start = np.full((len(rows), 2), np.inf)
    end = np.full((len(rows), 2), -np.inf)
    for near, far in ((0, 1), (1, 2), (2, 0)):
        a, b = corners[:, near][index], corners[:, far][index]
        rise = b[:, 1] - a[:, 1]
        fraction = np.clip((rows - a[:, 1]) / np.where(rise == 0, 1.0, rise), 0.0, 1.0)[:, None]
        point = (a + fraction * (b - a))[:, [0, 2]]
        met = np.abs(rows - (a[:, 1] + b[:, 1]) / 2) <= np.abs(rise) / 2 + TOLERANCE
        lower, upper = met & (point[:, 0] < start[:, 0]), met & (point[:, 0] > end[:, 0])
        start[lower], end[upper] = point[lower], point[upper]
    return start, end


def _between(
    start: Float64[np.ndarray, "points 2"], end: Float64[np.ndarray, "points 2"], columns: Int64[np.ndarray, " points"]
) -> Float64[np.ndarray, " points"]:
    """Depth at each column of the cut from `start` to `end` ([points, 2] of column, depth)."""
    width = end[:, 0] - start[:, 0]
    fraction = np.clip((columns - start[:, 0]) / np.where(width == 0, 1.0, width), 0.0, 1.0)
    heights: np.ndarray = start[:, 1] + fraction * (end[:, 1] - start[:, 1])
    return heights


def _expand(
    first: Int64[np.ndarray, " items"], counts: Int64[np.ndarray, " items"]
) -> tuple[Int64[np.ndarray, " expanded"], Int64[np.ndarray, " expanded"]]:
    """All of first, first + 1, ... (`counts` of them) for each item, and the item that each belongs to."""
    index = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    return np.arange(len(index)) - before[index] + first[index], index


def _chunks(counts: Int64[np.ndarray, " items"]) -> Iterator[slice]:
    """Runs of items whose counts add up to about CHUNK, at least one item each."""
    total = np.cumsum(counts)
    start = 0
    while start < len(counts):
        done = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, done + CHUNK)))
        yield slice(start, stop)
        start = stop
