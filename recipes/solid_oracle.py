"""The solid that a mesh stands for, found a second way: what `solid_truth.py` holds ours against.

The rules are those of `data/solids/solid.py`, the means are others. Matter is where the generalized winding number of a
part is above one half in size (libigl). Each part is asked by itself, and a closed one (each edge has two faces) with
its faces turned alike first: generators turn caps against rims and inner walls against outer ones, and where numbers of
such parts are added up they cancel. An open part must also surround what it winds about. Walls are known by points
strewn over the triangles. What walls and matter enclose is found by distances from these, what photos see by z-buffers
of sheared columns, one a direction.
"""

from __future__ import annotations

from dataclasses import dataclass

import igl  # type: ignore[import-not-found]
import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

PADDING = 6  # cells of free room around the mesh
GAP = 2  # cells: half the widest gap through which nothing gets in, of 128 a side
SPACING = 0.4  # of a cell: between the points that find walls
# The eleven directions of the rule, above and in front first, which see most.
UP_AND_FRONT = [(0, 1, 0), (0, 0, 1), (1, 0, 0), (-1, 0, 0), (0, 1, 1)]
SEEN_FROM = UP_AND_FRONT + [(x, y, z) for x in (-1, 1) for y, z in ((0, 1), (1, 0), (1, 1))]

Cells = Bool[np.ndarray, "width height depth"]


@dataclass(frozen=True, eq=False)
class Found:
    """matter: cells whose centres a part winds about. solid: these, and the free cells that are enclosed by the rules.

    walls: cells that the surface passes through. All bool [side, side, side]. open_share: of the faces, how many belong
    to parts that are not closed.
    """

    matter: Cells
    solid: Cells
    walls: Cells
    open_share: float


def solid_of(vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"], side: int = 128) -> Found:
    """The solid of a mesh in the canonical cube, part by part, and what the parts enclose."""
    points = (np.asarray(vertices, np.float64) + 0.5) * side - 0.5
    used = np.rint(points[np.unique(faces)]).astype(int)
    first, shape = used.min(axis=0) - PADDING, np.ptp(used, axis=0) + 2 * PADDING + 1
    points = points - first
    closed, rest = closed_parts(points, np.asarray(faces, np.int64))
    matter, walls, shell = (np.zeros(shape, bool) for _ in range(3))
    for part in closed:
        _wind(matter, points, part)
    for part in connected(rest):
        _wind(matter, points, part, is_open=True)
    strewn = _strewn(points[faces])
    walls[tuple(np.rint(strewn).astype(int).T)] = True
    for axis, rounded in [(axis, rounded) for axis in range(3) for rounded in (np.floor, np.ceil)]:
        cells = np.rint(strewn)
        cells[:, axis] = rounded(strewn[:, axis])
        shell[tuple(cells.astype(int).T)] = True
    solid = matter | _enclosed(walls | matter, shell)
    return Found(*(_in_cube(cells, first, side) for cells in (matter, solid, walls)), len(rest) / len(faces))


def closed_parts(
    points: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"]
) -> tuple[list[Int[np.ndarray, "part_faces 3"]], Int[np.ndarray, "open_faces 3"]]:
    """The faces of each closed part, turned alike, and the faces of all others as they are.

    First by vertices as they are, since boards that touch share places and are still two; what is open then once more
    with vertices in one place taken as one.
    """
    closed, rest = _patches(faces)
    _, first, same = np.unique(np.round(points * 1e3), axis=0, return_index=True, return_inverse=True)
    joined, rest = _patches(first[same.reshape(-1)][rest])
    return closed + joined, rest


def connected(faces: Int[np.ndarray, "faces 3"]) -> list[Int[np.ndarray, "part_faces 3"]]:
    """The faces of each part that hangs together by vertices."""
    if not len(faces):
        return []
    ends = np.concatenate([faces[:, :2], faces[:, 1:]])
    links = coo_matrix((np.ones(len(ends), bool), ends.T), shape=(faces.max() + 1,) * 2)
    part = connected_components(links, directed=False)[1][faces[:, 0]]
    return [faces[part == index] for index in np.unique(part)]


def _patches(
    faces: Int[np.ndarray, "faces 3"],
) -> tuple[list[Int[np.ndarray, "part_faces 3"]], Int[np.ndarray, "open_faces 3"]]:
    """The closed ones of the patches that hang together by edges of two faces, and the faces of the others."""
    a, b, c = faces.T
    faces = np.ascontiguousarray(faces[(a != b) & (b != c) & (c != a)])
    if not len(faces):
        return [], faces
    turned, patch = igl.bfs_orient(faces)
    closed, rest = [], [faces[:0]]
    for index in range(int(patch.max()) + 1):
        part = turned[patch == index]
        edges = np.sort(np.concatenate([part[:, [0, 1]], part[:, [1, 2]], part[:, [2, 0]]]), axis=1)
        if (np.unique(edges, axis=0, return_counts=True)[1] == 2).all():
            closed.append(part)
        else:
            rest.append(faces[patch == index])
    return closed, np.concatenate(rest)


def _wind(
    matter: Cells, points: Float[np.ndarray, "vertices 3"], part: Int[np.ndarray, "part_faces 3"], is_open: bool = False
) -> None:
    """Add the cells whose centres the part winds about; only its bounding box is asked.

    An open part must besides lie before each cell along at least five of the six ways of the axes: a label around a
    bottle winds about what it encircles, and is a tube; holes that a simplified mesh is torn by are small.
    """
    own, index = np.unique(part, return_inverse=True)
    corners = points[own]
    low, high = np.ceil(corners.min(axis=0)).astype(int), np.floor(corners.max(axis=0)).astype(int) + 1
    if (high <= low).any():
        return
    box = tuple(map(slice, low, high))
    centres = np.stack(np.mgrid[box], axis=-1).reshape(-1, 3).astype(np.float64)
    winding = igl.fast_winding_number(corners, index.reshape(-1, 3).astype(np.int64), centres)
    inside = centres[np.abs(winding) > 0.5].astype(int)
    if is_open:
        walls = np.unique(np.rint(_strewn(points[part])).astype(int), axis=0)
        ways = [tuple(way * row) for way in (1, -1) for row in np.eye(3, dtype=int)]
        inside = inside[sum(_behind(inside, walls, way, max(matter.shape)).astype(int) for way in ways) >= 5]
    matter[tuple(inside.T)] = True


def _strewn(triangles: Float[np.ndarray, "faces 3 3"]) -> Float[np.ndarray, "points 3"]:
    """Points on each triangle in rows and columns that are nowhere further apart than SPACING."""
    lengths = np.linalg.norm(triangles - np.roll(triangles, -1, axis=1), axis=2).max(axis=1)
    steps = np.ceil(lengths / SPACING).astype(int).clip(1)
    every = []
    for count in np.unique(steps):
        u, v = np.meshgrid(np.arange(count + 1), np.arange(count + 1), indexing="ij")
        weights = np.stack([count - u - v, u, v], axis=-1)[u + v <= count] / count
        every.append((weights @ triangles[steps == count]).reshape(-1, 3))
    return np.concatenate(every)


def _enclosed(taken: Cells, shell: Cells) -> Cells:
    """The free cells that nothing wider than the gap reaches from outside, openings below and behind being shut.

    shell: the cells on both sides of the surface, from which the gap is measured and through which nothing is seen.
    """
    lids = _lids(taken, shell)
    far = ndimage.distance_transform_cdt(~(taken | shell | lids.any(axis=0)), "chessboard") > GAP
    regions, _ = ndimage.label(far)
    outside = regions == regions[0, 0, 0]
    near = (~(taken | far)).reshape(-1)
    beside_near = ndimage.binary_dilation(near.reshape(taken.shape))
    fronts = [np.flatnonzero(cells & beside_near) for cells in (outside, far & ~outside)]
    reached = outside.reshape(-1).copy()
    while any(map(len, fronts)):  # both grow into what lies near a wall, a cell a round, until they meet
        fronts[0] = _next_to(fronts[0], near, lids)
        near[fronts[0]], reached[fronts[0]] = False, True
        fronts[1] = _next_to(fronts[1], near, lids)
        near[fronts[1]] = False
    return ~(reached.reshape(taken.shape) | taken)


def _next_to(
    cells: Int[np.ndarray, " cells"], free: Bool[np.ndarray, " every"], lids: Bool[np.ndarray, "3 width height depth"]
) -> Int[np.ndarray, " next"]:
    """The free neighbours of cells, but for those beyond a lid. Cells are places in the flat grid."""
    found = []
    for axis, stride in enumerate((lids[0, 0].size, lids.shape[3], 1)):
        lid = lids[axis].reshape(-1)
        up, down = cells + stride, cells[~lid[cells]] - stride
        found += [up[free[up] & ~lid[up]], down[free[down]]]
    return np.unique(np.concatenate(found))


def _lids(taken: Cells, shell: Cells) -> Bool[np.ndarray, "3 width height depth"]:
    """The hidden free cells that are shut from below (1) or from behind (2), as what lies there is not hidden."""
    free, walls = np.argwhere(~taken), np.argwhere(shell)
    for direction in SEEN_FROM:
        free = free[_behind(free, walls, direction, max(shell.shape))]
    hidden = np.zeros_like(shell)
    hidden[tuple(free.T)] = True
    lids = np.zeros((3, *shell.shape), bool)
    for axis in (1, 2):
        lids[axis] = hidden & ~np.roll(hidden | taken, 1, axis=axis)
    return lids


def _behind(
    cells: Int[np.ndarray, "cells 3"], walls: Int[np.ndarray, "walls 3"], direction: tuple[int, int, int], side: int
) -> Bool[np.ndarray, " cells"]:
    """Which cells have a wall before them, seen from `direction` (-1, 0 and 1): a z-buffer of sheared columns."""
    main = next(axis for axis in range(3) if direction[axis])
    across = [axis for axis in range(3) if axis != main]

    def seen(places: Int[np.ndarray, "places 3"]) -> tuple[Int[np.ndarray, " places"], Int[np.ndarray, " places"]]:
        along = places[:, main] * direction[main]
        first, second = (places[:, axis] - direction[axis] * along + side for axis in across)
        return first * 3 * side + second, along

    column, along = seen(walls)
    nearest = np.full((3 * side) ** 2, -side)
    np.maximum.at(nearest, column, along)
    column, along = seen(cells)
    behind: np.ndarray = along < nearest[column]
    return behind


def _in_cube(cells: Cells, first: Int[np.ndarray, " 3"], side: int) -> Bool[np.ndarray, "side side side"]:
    """The cells of a box that begins at `first`, in the grid of the cube."""
    cube = np.zeros((side,) * 3, bool)
    low, high = np.maximum(first, 0), np.minimum(first + cells.shape, side)
    cube[tuple(map(slice, low, high))] = cells[tuple(map(slice, low - first, high - first))]
    return cube
