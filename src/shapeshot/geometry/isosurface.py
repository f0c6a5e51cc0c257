"""Isosurfaces of a sampled field as closed manifold triangles: marching cubes with a derived case table.

Marching cubes is Lorensen and Cline, "Marching Cubes: A High Resolution 3D Surface Construction Algorithm" (1987).
Their table, typed in by hand, leaves holes where neighbouring cells read an ambiguous face differently. Here the table
follows from one rule that looks at a cube face alone, so that the two cells beside it always agree: see `_case_loops`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import MeshError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float32, Float64, Int, Int8, Int32, Num

# Corner c of a cell lies at its bits (x = bit 0, y = bit 1, z = bit 2). An edge is (axis, corner where it starts).
_EDGES = [(axis, corner) for axis in range(3) for corner in range(8) if not corner >> axis & 1]
_EDGE_BETWEEN = {frozenset((corner, corner | 1 << axis)): i for i, (axis, corner) in enumerate(_EDGES)}

# A surface vertex keeps this share of its grid edge away from both ends: a sample that equals the level would otherwise
# pull several vertices into one point and leave triangles without area.
END_MARGIN = 0.01


def isosurface(
    values: Num[np.ndarray, "width height depth"],
    level: float,
    origin: Sequence[float] | float,
    spacing: Sequence[float] | float,
) -> tuple[Float32[np.ndarray, "vertices 3"], Int32[np.ndarray, "faces 3"]]:
    """The surface values == level as triangles that look from inside (values > level) to outside.

    values: float [x, y, z], samples of the field; finite.
    origin: position of sample [0, 0, 0]; spacing: distance between samples; each one number or one per axis.
    Returns (vertices float32 [vertices, 3], faces int32 [faces, 3]), both empty where nothing is inside.

    The surface is closed, edge- and vertex-manifold and consistently oriented for every input. Where the inside reaches
    the border of the grid it is closed half a spacing beyond the outermost samples, which is the wall of the canonical
    cube for samples at cell centres. Inside samples that touch only diagonally stay separate: the solid is
    6-connected, the outside 18-connected.
    Raises MeshError for values that are not a finite 3D array or a spacing that is not positive.
    """
    field = _checked_field(values)
    threshold = field.dtype.type(level)  # in the field's own precision, so that every comparison rounds alike
    start, step = _checked_placement(origin, spacing, threshold)
    padded = _pad_outside(field, threshold)
    inside = padded > threshold
    positions, vertex_of_edge = _edge_vertices(padded, inside, threshold)
    faces = vertex_of_edge[_triangle_edges(inside)]
    # -1: the padding moved sample [0, 0, 0] to [1, 1, 1].
    return ((positions - 1) * step + start).astype(np.float32), faces


def _checked_field(values: Num[np.ndarray, "width height depth"]) -> Float[np.ndarray, "width height depth"]:
    field = np.asarray(values)
    if field.dtype != np.float32:
        field = field.astype(np.float64)
    if field.ndim != 3 or not field.size:
        raise MeshError(f"an isosurface needs values of shape [x, y, z]; got {list(field.shape)}")
    if not np.isfinite(field).all():
        raise MeshError("an isosurface needs finite values; the field holds NaN or infinity")
    return field


def _checked_placement(
    origin: Sequence[float] | float, spacing: Sequence[float] | float, level: np.floating
) -> tuple[Float64[np.ndarray, " 3"], Float64[np.ndarray, " 3"]]:
    start, step = (np.broadcast_to(np.asarray(given, np.float64), 3) for given in (origin, spacing))
    if not (np.isfinite([*start, *step, level]).all() and (step > 0).all()):
        got = f"level {level}, origin {start.tolist()}, spacing {step.tolist()}"
        raise MeshError(f"an isosurface needs a finite level and origin and a positive spacing; got {got}")
    return start, step


def _pad_outside(
    field: Float[np.ndarray, "width height depth"], level: np.floating
) -> Float[np.ndarray, "padded_width padded_height padded_depth"]:
    """One more sample on every side, outside, and as far below the level as its neighbour is above.

    Interpolation therefore crosses the level exactly half way between an inside border sample and the padding.
    """
    padded = np.pad(field, 1, mode="edge")
    for axis in range(3):
        for end in (0, -1):
            border = np.moveaxis(padded, axis, 0)[end]
            border[...] = level - np.abs(border - level)
    return padded


def _edge_vertices(
    padded: Float[np.ndarray, "width height depth"], inside: Bool[np.ndarray, "width height depth"], level: np.floating
) -> tuple[Float64[np.ndarray, "vertices 3"], Int32[np.ndarray, " edges"]]:
    """One vertex on every grid edge with one end inside, by linear interpolation.

    Returns their positions in samples, float64 [vertices, 3], and the vertex number of each grid edge, int32
    [3 * samples] (axis * samples + number of the edge's first sample); only crossed edges are filled in.
    """
    flat, total, count = padded.ravel(), padded.size, 0
    vertex_of_edge, positions = np.empty(3 * total, np.int32), []
    for axis in range(3):
        crossed = np.zeros(padded.shape, bool)
        low, high = _ends(axis, slice(None, -1)), _ends(axis, slice(1, None))
        np.not_equal(inside[low], inside[high], out=crossed[low])
        first = np.flatnonzero(crossed)
        start = flat[first].astype(np.float64)
        end = flat[first + padded.strides[axis] // padded.itemsize]
        place = np.stack(np.unravel_index(first, padded.shape), axis=1).astype(np.float64)
        place[:, axis] += np.clip((level - start) / (end - start), END_MARGIN, 1 - END_MARGIN)
        vertex_of_edge[axis * total + first] = np.arange(count, count + len(first))
        count += len(first)
        positions.append(place)
    return np.concatenate(positions), vertex_of_edge


def _ends(axis: int, part: slice) -> tuple[slice, ...]:
    return tuple(part if i == axis else slice(None) for i in range(3))


def _triangle_edges(inside: Bool[np.ndarray, "width height depth"]) -> Int[np.ndarray, "faces 3"]:
    """The three grid edges on which each triangle has its corners, int [faces, 3], numbered as in `_edge_vertices`."""
    x, y, z = inside.shape
    case_of_cell = np.zeros((x, y, z), np.uint8)
    bits = inside.view(np.uint8)
    for corner in range(8):
        i, j, k = corner & 1, corner >> 1 & 1, corner >> 2 & 1
        case_of_cell[:-1, :-1, :-1] |= bits[i : x - 1 + i, j : y - 1 + j, k : z - 1 + k] << np.uint8(corner)
    first, edges = case_table()
    flat_cases = case_of_cell.ravel()
    # The last layers hold no cells but are 0 ("all outside"), like every cell without a surface.
    cells = np.flatnonzero((flat_cases != 0) & (flat_cases != 255))
    cases = flat_cases[cells]
    counts = first[cases.astype(np.intp) + 1] - first[cases]
    # Triangle k of a cell is row first[case] + k of the table.
    ends = np.cumsum(counts)
    rows = np.arange(counts.sum()) + np.repeat(first[cases] - (ends - counts), counts)
    strides = np.array([y * z, z, 1])
    offsets = [axis * x * y * z + sum(strides[i] * (corner >> i & 1) for i in range(3)) for axis, corner in _EDGES]
    crossed: np.ndarray = np.array(offsets)[edges[rows]] + np.repeat(cells, counts)[:, None]
    return crossed


@cache
def case_table() -> tuple[Int[np.ndarray, " 257"], Int8[np.ndarray, "triangles 3"]]:
    """The triangles of each of the 256 cases (bit c set: corner c is inside).

    Returns (first int [257], edges int8 [triangles, 3]): case i has the triangles edges[first[i]:first[i + 1]], whose
    corners lie on those of the cell's 12 edges, counter-clockwise seen from outside.
    """
    rows: list[tuple[int, int, int]] = []
    first = [0]
    for case in range(256):
        for loop in _case_loops(case):
            triangles = _triangulate(loop)
            assert triangles is not None  # true of all 256 cases, which hold loops of 3 to 7 edges
            rows += triangles
        first.append(len(rows))
    return np.array(first), np.array(rows, np.int8)


def _case_loops(case: int) -> list[tuple[int, ...]]:
    """The closed loops in which the surface meets the walls of a cell, as crossed edges in order.

    The one rule: going round a cube face, each run of inside corners is cut off by one segment, from the edge where
    the run begins to the edge where it ends. It depends on the face's four corners alone. Seen from the two faces
    beside it, a crossed edge begins a run on one and ends a run on the other, so the segments chain into loops.
    """
    successor: dict[int, int] = {}
    for corners in _FACES:
        changes = [i for i in range(4) if (case >> corners[i - 1] ^ case >> corners[i]) & 1]
        for position, i in enumerate(changes):
            if case >> corners[i] & 1:
                j = changes[(position + 1) % len(changes)]
                begin, end = _EDGE_BETWEEN[frozenset((corners[i - 1], corners[i]))], corners[j - 1]
                successor[begin] = _EDGE_BETWEEN[frozenset((end, corners[j]))]
    loops = []
    while successor:
        loop = [min(successor)]
        while (edge := successor.pop(loop[-1])) != loop[0]:
            loop.append(edge)
        loops.append(tuple(loop))
    return loops


def _face_corners(axis: int, side: int) -> tuple[int, ...]:
    """Corners of a cube face, counter-clockwise seen from outside the cube."""
    right, up = 1 << (axis + 1) % 3, 1 << (axis + 2) % 3
    corners = tuple(side << axis | offset for offset in (0, right, right | up, up))
    return corners if side else corners[::-1]


_FACES = [_face_corners(axis, side) for axis in range(3) for side in range(2)]


@cache
def _triangulate(loop: tuple[int, ...]) -> tuple[tuple[int, int, int], ...] | None:
    """Triangles that fill a loop, or None where every way needs a diagonal that lies in a cube face.

    The neighbouring cell might use such a diagonal too, and then four triangles would meet in it.
    """
    if len(loop) < 3:
        return ()
    for apex in range(1, len(loop) - 1):
        sides = [(loop[0], loop[apex])] * (apex > 1) + [(loop[apex], loop[-1])] * (apex < len(loop) - 2)
        if any(_share_face(*side) for side in sides):
            continue
        left, right = _triangulate(loop[: apex + 1]), _triangulate(loop[apex:])
        if left is not None and right is not None:
            return (*left, (loop[0], loop[apex], loop[-1]), *right)
    return None


@cache
def _share_face(edge: int, other: int) -> bool:
    ends = {_EDGES[i][1] | bit for i in (edge, other) for bit in (0, 1 << _EDGES[i][0])}
    return any(ends <= set(corners) for corners in _FACES)
