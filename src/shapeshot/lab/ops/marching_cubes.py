"""Isosurfaces of a batch of fields, whose vertices follow the values."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from shapeshot.errors import MeshError
from shapeshot.geometry.isosurface import END_MARGIN, isosurface
from shapeshot.lab.ops.mesh_batch import MeshBatch


def marching_cubes(
    values: Tensor,
    level: float,
    origin: Sequence[float] | float = 0.0,
    spacing: Sequence[float] | float = 1.0,
) -> MeshBatch:
    """The surfaces values == level, closed and looking from inside (values > level) to outside; one mesh a field.

    values: [batch, x, y, z], finite; origin: position of sample [0, 0, 0]; spacing: distance between samples; each one
    number or one per axis. Samples at the n cell centres of the canonical cube: origin 0.5 / n - 0.5, spacing 1 / n.

    Triangles, closure at the border and manifoldness are those of `geometry.isosurface`, found on the CPU. Positions
    are computed again from the values, so gradients reach both samples beside each vertex: a vertex lies at
    (level - a) / (b - a) of the way from sample a to sample b. They are zero where that is held 1 % away from an end
    and on the wall that closes the surface, half a spacing beyond the border. Fields without an inside become empty
    meshes. Raises MeshError for other shapes, non-finite values, and a spacing that is not positive.
    """
    if values.dim() != 4:
        raise MeshError(f"marching cubes needs values of shape [batch, x, y, z]; got {list(values.shape)}")
    fields = values if values.dtype in (torch.float32, torch.float64) else values.float()
    start, step = (_per_axis(given, fields) for given in (origin, spacing))
    if not bool((step > 0).all() & step.isfinite().all() & start.isfinite().all()):
        raise MeshError(f"marching cubes needs a finite origin and a positive spacing; got {origin} and {spacing}")
    vertices, faces = [], []
    for field in fields:
        # In units of samples, where the position alone tells the grid edge.
        positions, triangles = isosurface(field.detach().cpu().numpy(), level, 0.0, 1.0)
        places = _following(field, torch.from_numpy(positions).to(field.device), level)
        vertices.append((places * step + start).to(values.dtype))
        faces.append(torch.from_numpy(triangles).to(field.device))
    return MeshBatch(vertices, faces)


def _following(field: Tensor, positions: Tensor, level: float) -> Tensor:
    """The positions [vertices, 3], in samples, as functions of the values at both ends of their grid edges."""
    first = positions.floor().long()
    # Exactly one coordinate of each vertex lies between samples.
    moving = positions != first
    last = torch.tensor(field.shape, device=field.device)
    second = first + moving
    within = ((first >= 0) & (second < last)).all(dim=1)
    a, b = (field[tuple(end[within].T)] for end in (first, second))
    share = torch.full((len(positions),), 0.5, dtype=field.dtype, device=field.device)
    share = share.index_put((within.nonzero().squeeze(1),), ((level - a) / (b - a)).clamp(END_MARGIN, 1 - END_MARGIN))
    return first + moving * share[:, None]


def _per_axis(given: Sequence[float] | float, like: Tensor) -> Tensor:
    axes = torch.as_tensor(given, dtype=like.dtype, device=like.device)
    if axes.numel() not in (1, 3):
        raise MeshError(f"give origin and spacing as one number or one per axis; got {given}")
    return axes
