"""Solid occupancy of artists' meshes: open, self-intersecting, many-part triangle soups with any winding.

The method, on a grid of cell centres; `link` means the segment between the centres of two face-neighbours:

1. Every crossing of a triangle with a link blocks that link (exact scan conversion along x, y and z). Cells that the
   surface touches, found also along the triangles' edges, are remembered: they carry wires and sheets between centres.
2. Openings that are visible only from below or from behind, where no photo looks, are sealed: the open underside of a
   sofa, the missing back of a wardrobe. Openings to the front, the top and the sides stay: mugs and shelves are hollow.
3. The outside is flooded from the border around the surface thickened by `GAP_CELLS`, so that gaps up to about 3 % of
   the side do not leak. A room that this thickening closes, as within a board, is found between the walls before it is
   thickened so far, by how often lines from it cross the surface. Outside and enclosed regions then grow towards each
   other along unblocked links. What the outside does not reach is solid. For a closed mesh this is exact: a cell is
   solid when its centre is inside.
4. Parts thinner than `min_thickness`, sheets and wires among them, are given that thickness (a granulometry: the parts
   lost between an opening by a cube of t cells and by one of t + 1 are dilated by the cells that t lacks).

Winding and orientation are never used. Nested and overlapping closed parts become their union.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int8

from shapeshot.data.solids.scan_convert import link_crossings, points_along_edges
from shapeshot.errors import MeshError

GAP_CELLS = 2  # a gap narrower than twice this (3 % of the side at 128) does not let the outside in
PADDING = GAP_CELLS + 3  # room around the cube for the thickened surface and a free border to flood from
# Of the lines along the axes from the cells of a room inside a board, the share that crosses the surface an odd number
# of times on its way to the border; less than one, since cracks and labels let lines through.
ODD_SHARE = 0.75
# Five cells at 128: the least with which an upright rod, wherever it stands, fills half of a cell in each layer at 32.
MIN_THICKNESS = 5 / 128
# Where photos are taken from: in front, at the sides and above. Never below, never behind.
PHOTO_DIRECTIONS = tuple((x, y, z) for x in (-1, 0, 1) for y in (0, 1) for z in (0, 1) if (x, y, z) != (0, 0, 0))


def solid_occupancy(
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    resolution: int = 128,
    min_thickness: float = MIN_THICKNESS,
) -> Bool[np.ndarray, "resolution resolution resolution"]:
    """The solid that a triangle soup stands for, bool [resolution, resolution, resolution], indexed [x, y, z].

    vertices: float [vertices, 3] in the canonical cube [-0.5, 0.5]^3, +y up, front towards +z. faces: int [faces, 3].
    min_thickness: what thinner parts are thickened to, canonical units (rounded to whole cells).
    Raises MeshError where there are no faces, an index is out of range or a corner is not finite.
    """
    triangles = _triangles(vertices, faces, resolution)
    blocked, touched = _trace_surface(triangles, resolution + 2 * PADDING)
    shell = touched | _link_ends(blocked)
    boards = _rooms_in_boards(shell, blocked)  # before links are sealed: it counts crossings of the surface alone
    shell |= _seal_hidden_openings(shell, blocked)
    inside = _enclosed(shell, blocked, boards)
    thick = _thicken(inside, touched, max(1, round(min_thickness * resolution)))
    kept = slice(PADDING, PADDING + resolution)
    return np.ascontiguousarray(thick[kept, kept, kept])


def downsample_occupancy(
    solid: Bool[np.ndarray, "width height depth"], resolution: int = 32
) -> Bool[np.ndarray, "resolution resolution resolution"]:
    """A coarser grid, bool [resolution]^3: a cell is occupied when at least half of its sub-cells are.

    solid: bool [n, n, n] with n a multiple of `resolution`; MeshError otherwise.
    """
    if solid.ndim != 3 or len(set(solid.shape)) != 1 or solid.shape[0] % resolution:
        raise MeshError(f"cannot downsample a grid of {list(solid.shape)} to {resolution}; its side must be a multiple")
    factor = solid.shape[0] // resolution
    counts = solid.reshape(resolution, factor, resolution, factor, resolution, factor).sum(axis=(1, 3, 5))
    occupied: np.ndarray = counts * 2 >= factor**3
    return occupied


def cell_size(solid: Bool[np.ndarray, "width height depth"]) -> int:
    """The largest of 8, 4, 2 and 1 such that the solid is made of blocks of so many cells a side."""
    for size in (8, 4, 2):
        if solid.shape[0] % size == 0 and all(
            (solid == np.repeat(np.take(solid, range(0, solid.shape[axis], size), axis), size, axis)).all()
            for axis in range(3)
        ):
            return size
    return 1


def _triangles(
    vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"], resolution: int
) -> Float64[np.ndarray, "faces 3 3"]:
    """Corners [faces, 3, 3] in units of cells of the padded grid, whose cell centres are at whole numbers."""
    vertices, faces = np.asarray(vertices, np.float64), np.asarray(faces)
    if not len(faces):
        raise MeshError("a mesh without faces has no solid; expected at least one triangle")
    if not 0 <= faces.min() <= faces.max() < len(vertices):
        raise MeshError(f"face indices must lie in 0..{len(vertices) - 1}; got {faces.min()}..{faces.max()}")
    triangles = vertices[faces]
    if not np.isfinite(triangles).all():
        raise MeshError("the mesh has NaN or infinite vertices; repair it first")
    if np.abs(triangles).max() > 0.5 + 1e-3:
        raise MeshError(f"the mesh reaches {np.abs(triangles).max():.3g}, outside [-0.5, 0.5]; make it canonical first")
    cells: np.ndarray = (triangles.clip(-0.5, 0.5) + 0.5) * resolution - 0.5 + PADDING
    return cells


def _trace_surface(
    triangles: Float64[np.ndarray, "triangles 3 3"], side: int
) -> tuple[Bool[np.ndarray, "3 side side side"], Bool[np.ndarray, "side side side"]]:
    """Which links the surface crosses, bool [3, side, side, side] by the lower cell, and which cells it touches."""
    blocked, touched = np.zeros((3, side, side, side), bool), np.zeros((side, side, side), bool)
    for axis in range(3):
        for crossings in link_crossings(triangles, axis):
            cells = np.rint(crossings).astype(np.int32)
            touched[tuple(cells.T)] = True
            cells[:, axis] = np.floor(crossings[:, axis])
            blocked[(axis, *cells.T)] = True
    for points in points_along_edges(triangles, spacing=0.5):
        touched[tuple(np.rint(points).astype(np.int32).T)] = True
    return blocked, touched


def _link_ends(blocked: Bool[np.ndarray, "3 side side side"]) -> Bool[np.ndarray, "side side side"]:
    """The cells at both ends of blocked links. Two cells thick, so no diagonal step slips through a slanted surface."""
    ends: np.ndarray = blocked[0] | blocked[1] | blocked[2]
    for axis in range(3):
        ends |= np.roll(blocked[axis], 1, axis=axis)
    return ends


def _rooms_in_boards(
    shell: Bool[np.ndarray, "side side side"], blocked: Bool[np.ndarray, "3 side side side"]
) -> Bool[np.ndarray, "side side side"]:
    """Cells of rooms inside the surface that are too thin to hold a cell beyond the widest gap, bool like `shell`.

    Without them, nothing inside such a board is known to be enclosed, and a single crack lets the outside in.
    """
    from scipy import ndimage

    odd = _odd_crossings(blocked)
    rooms = np.zeros_like(shell)
    for gap in range(GAP_CELLS):
        regions, count = ndimage.label(~_dilate(shell, 2 * gap + 1))
        inside = ndimage.mean(odd, regions, np.arange(count + 1)) >= 6 * ODD_SHARE
        inside[[0, regions[0, 0, 0]]] = False
        rooms |= inside[regions]
    return rooms


def _odd_crossings(blocked: Bool[np.ndarray, "3 side side side"]) -> Int8[np.ndarray, "side side side"]:
    """Per cell, in how many of the six directions along the axes a line crosses the surface an odd number of times."""
    odd = np.zeros(blocked.shape[1:], np.int8)
    for axis in range(3):
        below = np.roll(np.logical_xor.accumulate(blocked[axis], axis=axis), 1, axis=axis)
        odd += below
        odd += below ^ np.take(below, [0], axis)  # what was rolled round the edge is the whole line's
    return odd


def _seal_hidden_openings(
    shell: Bool[np.ndarray, "side side side"], blocked: Bool[np.ndarray, "3 side side side"]
) -> Bool[np.ndarray, "side side side"]:
    """Block the links that enter, from below or behind, space that no photo direction sees; the cells at their ends."""
    hidden = np.ones_like(shell)
    for direction in PHOTO_DIRECTIONS:
        hidden &= _hidden_from(shell, direction)
    sealed = np.zeros_like(blocked)
    for axis in (1, 2):
        sealed[axis] = ~hidden & np.roll(hidden, -1, axis=axis)
    blocked |= sealed
    return _link_ends(sealed)


def _hidden_from(
    shell: Bool[np.ndarray, "side side side"], direction: tuple[int, int, int]
) -> Bool[np.ndarray, "side side side"]:
    """Cells from which a ray towards `direction` (components -1, 0 or 1) meets the shell, bool like `shell`."""
    axis = next(index for index in range(3) if direction[index])
    moved, sign = np.moveaxis(shell, axis, 0), direction[axis]
    steps = [step for index, step in enumerate(direction) if index != axis]
    hidden = np.zeros_like(moved)
    order = range(len(moved) - 2, -1, -1) if sign > 0 else range(1, len(moved))
    for index in order:
        # The padded border is empty, so what np.roll carries round the edge is False.
        hidden[index] = np.roll(moved[index + sign] | hidden[index + sign], [-step for step in steps], axis=(0, 1))
    return np.moveaxis(hidden, 0, axis)


def _enclosed(
    shell: Bool[np.ndarray, "side side side"],
    blocked: Bool[np.ndarray, "3 side side side"],
    boards: Bool[np.ndarray, "side side side"],
) -> Bool[np.ndarray, "side side side"]:
    """Cells that the outside cannot reach, bool like `shell`; see step 3 of the method. `boards`: cells inside."""
    from scipy import ndimage

    regions, _ = ndimage.label(~_dilate(shell, 2 * GAP_CELLS + 1))
    region = np.where(regions == regions[0, 0, 0], 1, np.where(regions > 0, 2, 0)).astype(np.int8)
    region[boards & (region == 0)] = 2
    _grow_regions(region.reshape(-1), blocked.reshape(3, -1), shell.shape[0])
    inside: np.ndarray = region != 1
    return inside


def _grow_regions(region: Int8[np.ndarray, " cells"], blocked: Bool[np.ndarray, "3 cells"], side: int) -> None:
    """Grow the labels 1 and 2 into 0 in place, one step a round, along unblocked links, until nothing changes.

    region: int8 [cells]; blocked: bool [3, cells]. Only the advancing front is visited.
    """
    unlabelled = (region == 0).reshape(side, side, side)
    front = np.flatnonzero(_dilate(unlabelled, 3).reshape(-1) & (region > 0))
    while len(front):
        reached = []
        for axis, stride in enumerate((side * side, side, 1)):
            for step in (stride, -stride):
                cells = front + step
                free = (region[cells] == 0) & ~blocked[axis, np.minimum(front, cells)]
                region[cells[free]] = region[front[free]]
                reached.append(cells[free])
        front = np.concatenate(reached)


def _thicken(
    inside: Bool[np.ndarray, "side side side"], touched: Bool[np.ndarray, "side side side"], thickness: int
) -> Bool[np.ndarray, "side side side"]:
    """Give every part thinner than `thickness` cells that thickness; step 4 of the method."""
    body: np.ndarray = inside | (touched & ~_dilate(inside, 3))
    solid, thinner = inside.copy(), body
    for cells in range(1, thickness):
        thicker = _dilate(_erode(body, cells + 1), cells + 1, mirrored=True)
        # Near thicker parts the residue is only rounded corners and slanted faces, which are not thin.
        residue = thinner & ~thicker & ~_dilate(thicker, 5)
        solid |= _dilate(residue | _moved_inwards(residue, thickness // 2), thickness - cells + 1)
        thinner = thicker
    thickened: np.ndarray = solid | thinner if thickness > 1 else body
    return thickened


def _moved_inwards(mask: Bool[np.ndarray, "side side side"], margin: int) -> Bool[np.ndarray, "side side side"]:
    """Cells nearer to the cube's faces than `margin` moved inwards, so that the cube does not cut their thickening."""
    # numpy finds the few cells set several times faster in a flat array than by np.argwhere.
    cells = np.stack(np.unravel_index(np.flatnonzero(mask), mask.shape), axis=1).clip(
        PADDING + margin, mask.shape[0] - PADDING - margin
    )
    moved = np.zeros_like(mask)
    moved[tuple(cells.T)] = True
    return moved


def _dilate(
    mask: Bool[np.ndarray, "side side side"], size: int, mirrored: bool = False
) -> Bool[np.ndarray, "side side side"]:
    """Dilation by a cube of `size` cells (even: one more cell downwards, or upwards if mirrored)."""
    down, up = size // 2, (size - 1) // 2
    for axis in range(3):
        mask = _any_along(mask, axis, (up, down) if mirrored else (down, up))
    return mask


def _erode(mask: Bool[np.ndarray, "side side side"], size: int) -> Bool[np.ndarray, "side side side"]:
    """Erosion by a cube of `size` cells, such that the mirrored dilation of its result is an opening."""
    return ~_dilate(~mask, size)


def _any_along(
    mask: Bool[np.ndarray, "side side side"], axis: int, reach: tuple[int, int]
) -> Bool[np.ndarray, "side side side"]:
    """Whether any cell from `reach[0]` below to `reach[1]` above along the axis is set."""
    grown = mask.copy()
    for shift in _shifts(reach):
        ahead, behind = [slice(None)] * 3, [slice(None)] * 3
        ahead[axis] = slice(max(shift, 0), mask.shape[axis] + min(shift, 0))
        behind[axis] = slice(max(-shift, 0), mask.shape[axis] - max(shift, 0))
        grown[tuple(behind)] |= mask[tuple(ahead)]
    return grown


def _shifts(reach: tuple[int, int]) -> Iterator[int]:
    return (shift for shift in range(-reach[0], reach[1] + 1) if shift)
