"""A z-buffer in numpy: which triangle or ball each pixel shows. Bulk operations over (primitive, pixel) pairs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, Float64, Int, Int32, Int64

_PAIRS_AT_ONCE = 400_000  # bounds memory, and stays within the processor's cache
_TOLERANCE = 1e-4  # of a weight: a pixel centre on a shared edge must not fall between its two faces


class Hits(NamedTuple):
    """The visible primitive of every covered pixel; the rows of all arrays belong together.

    pixels: int64 [hits], row * size + column, ascending. owner: int64 [hits], the face or point.
    weights: float32 [hits, 3], barycentric for faces; for balls the outward normal (right, up, towards the camera).
    nearness: float32 [hits], 1 / depth.
    """

    pixels: Int64[np.ndarray, " hits"]
    owner: Int64[np.ndarray, " hits"]
    weights: Float32[np.ndarray, "hits 3"]
    nearness: Float32[np.ndarray, " hits"]


def rasterize_triangles(corners: Float[np.ndarray, "faces 3 3"], size: int, one_sided: bool = False) -> Hits:
    """The nearest triangle at each pixel centre of a size x size picture.

    corners: float32 [faces, 3, 3], each corner (column, row, nearness); larger nearness wins.
    one_sided: only triangles that go round counter-clockwise on the screen. Of a closed surface that looks outwards no
    other can be seen, so that leaving them out saves half the work.
    """
    corners = corners.astype(np.float32, copy=False)
    if one_sided:
        facing = np.flatnonzero(_screen_areas(corners) < 0)  # rows count downwards
        hits = rasterize_triangles(corners[facing], size)
        return hits._replace(owner=facing[hits.owner])
    planes = _weight_planes(corners)
    a, b, c = corners[:, :, :2].transpose(1, 0, 2)
    low, spans = _boxes(np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c), size)
    spans[~np.isfinite(planes[2])] = 0
    depths = np.ascontiguousarray(corners[:, :, 2].T)
    buffer = np.full(size * size, -1, np.int64)
    for chunk in _chunks(spans):
        counts, columns, rows = _pairs(chunk, low, spans)
        weights = _weights(np.repeat(planes[:, chunk], counts, axis=1), columns, rows)
        inside = np.flatnonzero(np.minimum(np.minimum(weights[0], weights[1]), weights[2]) >= -_TOLERANCE)
        owner = np.repeat(chunk, counts)[inside]
        nearness = _mixed([weight[inside] for weight in weights], depths, owner)
        np.maximum.at(buffer, rows[inside] * size + columns[inside], _key(nearness, owner))
    pixels = np.flatnonzero(buffer >= 0)
    owner = buffer[pixels] & 0xFFFFFFFF
    rows, columns = np.divmod(pixels, size)
    weights = [np.clip(weight, 0.0, 1.0) for weight in _weights(planes[:, owner], columns, rows)]
    return Hits(pixels, owner, np.stack(weights, axis=1), _mixed(weights, depths, owner))


def rasterize_balls(
    centers: Float32[np.ndarray, "points 3"],
    radii: Float[np.ndarray, " points"],
    depth_radii: Float[np.ndarray, " points"],
    size: int,
) -> Hits:
    """The nearest ball at each pixel centre.

    centers: float32 [points, 3] (column, row, nearness). radii: float32 [points], pixels, positive.
    depth_radii: float32 [points], by how much nearness grows from a ball's rim to its middle.
    """
    low, spans = _boxes(centers[:, :2] - radii[:, None], centers[:, :2] + radii[:, None], size)
    buffer = np.full(size * size, -1, np.int64)
    for chunk in _chunks(spans):
        counts, columns, rows = _pairs(chunk, low, spans)
        right, up = _ball_offsets(centers[chunk].T.repeat(counts, axis=1), radii[chunk].repeat(counts), columns, rows)
        squared = right * right + up * up
        inside = np.flatnonzero(squared < 1.0)
        owner, pixels = np.repeat(chunk, counts)[inside], (rows * size + columns)[inside]
        bulge = np.sqrt(1.0 - squared[inside])
        np.maximum.at(buffer, pixels, _key(centers[owner, 2] + depth_radii[owner] * bulge, owner))
    pixels = np.flatnonzero(buffer >= 0)
    owner = buffer[pixels] & 0xFFFFFFFF
    right, up = _ball_offsets(centers[owner].T, radii[owner], pixels % size, pixels // size)
    normals = np.stack([right, up, np.sqrt(np.maximum(1.0 - right * right - up * up, 0.0))], axis=1)
    return Hits(pixels, owner, normals, centers[owner, 2] + depth_radii[owner] * normals[:, 2])


def _screen_areas(corners: Float[np.ndarray, "faces 3 3"]) -> Float64[np.ndarray, " faces"]:
    """Twice the signed area of each triangle in (column, row), float64 [faces]."""
    corners = corners[:, :, :2].astype(np.float64)
    (x1, y1), (x2, y2) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    areas: np.ndarray = x1 * y2 - x2 * y1
    return areas


def _weight_planes(corners: Float[np.ndarray, "faces 3 3"]) -> Float32[np.ndarray, "6 faces"]:
    """Per face (x0, y0, a1, b1, a2, b2): weight_k = a_k (column - x0) + b_k (row - y0); float32 [6, faces].

    a_k and b_k are NaN for a face without area. Offsets from the first corner keep single precision exact enough.
    """
    area = _screen_areas(corners)
    area[np.abs(area) < 1e-12] = np.nan
    corners = corners[:, :, :2].astype(np.float64)
    (x1, y1), (x2, y2) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    planes = np.stack([y2, -x2, -y1, x1]) / area
    return np.concatenate([corners[:, 0].T, planes]).astype(np.float32)


def _weights(
    planes: Float32[np.ndarray, "6 pairs"], columns: Int[np.ndarray, " pairs"], rows: Int[np.ndarray, " pairs"]
) -> list[Float32[np.ndarray, " pairs"]]:
    """Barycentric weights at pixel centres, three of float32 [pairs], by each pair's own planes float32 [6, pairs]."""
    x0, y0, a1, b1, a2, b2 = planes
    x, y = columns.astype(np.float32) + (0.5 - x0), rows.astype(np.float32) + (0.5 - y0)
    second, third = a1 * x + b1 * y, a2 * x + b2 * y
    return [1 - second - third, second, third]


def _mixed(
    weights: list[Float32[np.ndarray, " pairs"]],
    values: Float32[np.ndarray, "3 faces"],
    owner: Int64[np.ndarray, " pairs"],
) -> Float32[np.ndarray, " pairs"]:
    """Values float32 [3, faces] at the corners, at each pair: float32 [pairs]."""
    mixed: np.ndarray = weights[0] * values[0][owner] + weights[1] * values[1][owner] + weights[2] * values[2][owner]
    return mixed


def _ball_offsets(
    centers: Float32[np.ndarray, "3 pairs"],
    radii: Float[np.ndarray, " pairs"],
    columns: Int[np.ndarray, " pairs"],
    rows: Int[np.ndarray, " pairs"],
) -> tuple[Float[np.ndarray, " pairs"], Float[np.ndarray, " pairs"]]:
    """How far right and up of its ball's middle each pixel centre is, in radii, float32 [pairs]; centers [3, pairs]."""
    right = (columns.astype(np.float32) + (0.5 - centers[0])) / radii
    return right, ((centers[1] - 0.5) - rows.astype(np.float32)) / radii


def _boxes(
    lowest: Float[np.ndarray, "items 2"], highest: Float[np.ndarray, "items 2"], size: int
) -> tuple[Int32[np.ndarray, "items 2"], Int32[np.ndarray, "items 2"]]:
    """First pixel and number of pixels, (column, row), whose centres lie between two positions: int32 [items, 2]."""
    low = np.clip(np.ceil(lowest - 0.5), 0, size).astype(np.int32)
    high = np.clip(np.floor(highest - 0.5), -1, size - 1).astype(np.int32)
    return low, np.maximum(high - low + 1, 0)


def _chunks(spans: Int32[np.ndarray, "items 2"]) -> Iterator[Int64[np.ndarray, " chunk"]]:
    """Items with any pixel, split so that each chunk has about _PAIRS_AT_ONCE pairs (one large item may have more)."""
    num_pairs = spans[:, 0].astype(np.int64) * spans[:, 1]
    items = np.flatnonzero(num_pairs)
    if len(items):
        group = np.cumsum(num_pairs[items], dtype=np.int64) // _PAIRS_AT_ONCE
        yield from np.split(items, np.flatnonzero(np.diff(group)) + 1)


def _pairs(
    items: Int64[np.ndarray, " chunk"], low: Int32[np.ndarray, "items 2"], spans: Int32[np.ndarray, "items 2"]
) -> tuple[Int[np.ndarray, " chunk"], Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]:
    """Every pixel of every item's box, row by row: pixels of each item, and column and row, integer [pairs] each."""
    widths, heights = spans[items].T
    width_of_row = np.repeat(widths, heights)
    row_numbers, columns = _counted(low[items, 1], heights), _counted(np.repeat(low[items, 0], heights), width_of_row)
    return widths * heights, columns, np.repeat(row_numbers, width_of_row)


def _counted(starts: Int[np.ndarray, " starts"], counts: Int[np.ndarray, " starts"]) -> Int32[np.ndarray, " counted"]:
    """For each start so many numbers that count up from it: int32 [sum of counts]."""
    ends = np.cumsum(counts, dtype=np.int32)
    counted: np.ndarray = np.arange(ends[-1], dtype=np.int32) + np.repeat(starts - (ends - counts), counts)
    return counted


def _key(nearness: Float[np.ndarray, " pairs"], owner: Int64[np.ndarray, " pairs"]) -> Int64[np.ndarray, " pairs"]:
    """Nearness in the high bits (a positive float32 orders like its bits), the owner in the low ones."""
    bits = np.maximum(nearness, 0.0).astype(np.float32).view(np.int32).astype(np.int64)
    key: np.ndarray = (bits << 32) | owner
    return key
