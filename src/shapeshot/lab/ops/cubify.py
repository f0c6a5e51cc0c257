"""Voxels as the mesh of their exposed faces, with shared vertices."""

from __future__ import annotations

import torch
from torch import Tensor

from shapeshot.errors import MeshError, unknown_name
from shapeshot.lab.ops.mesh_batch import MeshBatch

# Per way of placing the grid in [-1, 1]: by how many corners less than the cells count a side is divided, and how far
# corner 0 of cell 0 lies before -1, in cells.
ALIGNMENTS: dict[str, tuple[float, float]] = {
    "topleft": (1.0, 0.0),
    "corner": (0.0, 0.0),
    "center": (1.0, 0.5),
}


@torch.no_grad()
def cubify(voxels: Tensor, threshold: float, align: str = "topleft") -> MeshBatch:
    """Every cell with value >= threshold as a cube, without the faces between two such cells; one mesh a grid.

    voxels: [batch, x, y, z], finite, indexed [x, y, z] as everywhere in this project. PyTorch3D's `cubify` takes the
    same values as [batch, z, y, x]: give it `voxels.permute(0, 3, 2, 1)` of ours.
    align: where cell i of n lies along its axis of [-1, 1]: `topleft` from 2 i / (n - 1) - 1, `center` around it, and
    `corner` from 2 i / n - 1, which fills [-1, 1]. The first two put n cells of size 2 / (n - 1) and need n > 1.
    Returns float32 vertices, shared by all cubes that touch there, and faces of two triangles a square, seen from
    outside; grids without an occupied cell become empty meshes. Positions do not depend on the values: no gradients.
    Raises MeshError for other shapes and non-finite values, UserError for an unknown alignment.
    """
    if align not in ALIGNMENTS:
        raise unknown_name("alignment", align, ALIGNMENTS)
    _check_voxels(voxels, align)
    margin, shift = ALIGNMENTS[align]
    size = torch.tensor(voxels.shape[1:], device=voxels.device)
    vertices, faces = [], []
    for occupied in voxels >= threshold:
        squares = _exposed_squares(occupied)  # corner numbers in the grid of corners
        used, square_vertices = torch.unique(squares, return_inverse=True)
        place = torch.stack(torch.unravel_index(used, tuple(n + 1 for n in occupied.shape)), dim=1)
        vertices.append((place - shift) * 2 / (size - margin) - 1)
        faces.append(square_vertices[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3))
    return MeshBatch([v.float() for v in vertices], faces)


def _exposed_squares(occupied: Tensor) -> Tensor:
    """The corners of every cell face towards the outside, counter-clockwise seen from there, int64 [squares, 4]."""
    padded = torch.nn.functional.pad(occupied, (1,) * 6)
    strides = ((occupied.shape[1] + 1) * (occupied.shape[2] + 1), occupied.shape[2] + 1, 1)
    squares = []
    for axis in range(3):
        u, v = strides[(axis + 1) % 3], strides[(axis + 2) % 3]
        around = torch.tensor([0, u, u + v, v], device=occupied.device)
        for step in (0, 1):
            beside = padded.roll(1 - 2 * step, dims=axis)
            cells = (padded & ~beside).nonzero() - 1
            first = (cells * torch.tensor(strides, device=cells.device)).sum(dim=1) + step * strides[axis]
            squares.append(first[:, None] + (around if step else around.flip(0)))
    return torch.cat(squares)


def _check_voxels(voxels: Tensor, align: str) -> None:
    if voxels.dim() != 4 or not all(voxels.shape[1:]):
        raise MeshError(f"voxels must have shape [batch, x, y, z]; got {list(voxels.shape)}")
    if ALIGNMENTS[align][0] and min(voxels.shape[1:]) < 2:
        cells = list(voxels.shape[1:])
        raise MeshError(f"alignment {align!r} needs at least 2 cells a side; got {cells}; use 'corner'")
    if not bool(voxels.isfinite().all()):
        raise MeshError("voxels hold NaN or infinite values; expected finite occupancies")
