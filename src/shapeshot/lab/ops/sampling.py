"""Points spread evenly over the meshes of a batch, through which gradients reach the vertices."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from shapeshot.errors import MeshError
from shapeshot.lab.ops.face_geometry import face_vectors, length, packed_normals
from shapeshot.lab.ops.mesh_batch import MeshBatch
from shapeshot.lab.ops.point_clouds import wide


def sample_points_from_meshes(
    meshes: MeshBatch,
    num_samples: int = 10_000,
    return_normals: bool = False,
    attributes: Tensor | None = None,
    *,
    generator: torch.Generator | None = None,
) -> Tensor | tuple[Tensor, ...]:
    """Points drawn independently and uniformly by area: [batch, num_samples, 3], in the meshes' frame and units.

    return_normals: also the unit normals of the faces they lie on, [batch, num_samples, 3].
    attributes: [all vertices, channels], packed as `vertices_packed`; also their values at the points,
    [batch, num_samples, channels]. Returns the points alone or a tuple of what was asked for, in this order.

    Faces and barycentric weights (1 - sqrt(u), sqrt(u) (1 - v), sqrt(u) v) for uniform u and v (Osada et al., "Shape
    Distributions", 2002, equation 1) are constants to autograd: a point moves as its face's corners do. A mesh without
    faces gets zeros, as in PyTorch3D. The same generator state gives the same points on the same device and version.
    Raises MeshError for a batch without any face, faces but no area, a negative number of samples, attributes that do
    not fit and a generator of another device.
    """
    _check(meshes, num_samples, attributes, generator)
    topology = meshes.topology
    with torch.set_grad_enabled(return_normals and torch.is_grad_enabled()):
        vectors = face_vectors(meshes.coordinates(), topology)
    face, copy, weights = _draw(meshes, vectors, num_samples, generator)
    first = copy * sum(topology.num_vertices)
    corners = tuple(corner.index_select(0, face) + first for corner in topology.faces.T.contiguous())
    results = [_interpolated(wide(meshes.vertices_packed()), corners, weights).to(meshes.vertices_packed().dtype)]
    if return_normals:
        normals = packed_normals(vectors, meshes.vertices_packed().dtype)
        results.append(normals.index_select(0, face + copy * len(topology.faces)))
    if attributes is not None:
        results.append(_interpolated(wide(attributes), corners, weights).to(attributes.dtype))
    results = [_without_empty(rows.reshape(len(meshes), num_samples, rows.shape[1]), meshes) for rows in results]
    return tuple(results) if len(results) > 1 else results[0]


@torch.no_grad()
def _draw(
    meshes: MeshBatch, vectors: Tensor, num_samples: int, generator: torch.Generator | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Of each point the face of the topology and the copy, int64 [points], and its weights [3, points].

    vectors: [faces, 3, copies], with twice the area of each face as length.
    """
    topology, copies, device = meshes.topology, meshes.copies, meshes.device
    # One sorted row a copy, in float64 so that a small face after many large ones keeps its chance.
    totals = F.pad(length(vectors).T.double().cumsum(dim=1), (1, 0))
    starts = torch.tensor(topology.first_face, device=device)
    low, high = totals[:, starts[:-1], None], totals[:, starts[1:], None]
    has_faces = torch.tensor(topology.num_faces, device=device) > 0
    if not bool(((high > low) & high.isfinite())[:, has_faces].all()):
        raise MeshError("cannot sample points from a mesh whose faces have no area, or one too large for its dtype")
    shape = (copies, len(topology.num_faces), num_samples)
    draws = low + torch.rand(shape, dtype=torch.float64, device=device, generator=generator) * (high - low)
    # Rounding may put the largest draws on the total itself, which lies past the mesh's last triangle.
    draws = torch.minimum(draws, high.nextafter(low)).reshape(copies, -1)
    face = torch.searchsorted(totals[:, 1:].contiguous(), draws, right=True)
    face.clamp_(max=len(topology.faces) - 1)  # the draws of an empty mesh at the end lie on the total
    copy = torch.arange(copies, device=device).repeat_interleave(face.shape[1])
    dtype = wide(meshes.vertices_packed()).dtype
    root, v = torch.rand(2, face.numel(), dtype=dtype, device=device, generator=generator)
    root = root.sqrt_()
    return face.flatten(), copy, torch.stack([1 - root, root * (1 - v), root * v])


def _interpolated(rows: Tensor, corners: tuple[Tensor, ...], weights: Tensor) -> Tensor:
    """Sum over corners of weight times row, [points, channels]; index_select, whose backward is a fast index_add."""
    first, second, third = (
        rows.index_select(0, corner) * weight[:, None].to(rows.dtype)
        for corner, weight in zip(corners, weights, strict=True)
    )
    total: Tensor = first + second + third
    return total


def _without_empty(rows: Tensor, meshes: MeshBatch) -> Tensor:
    """Zeros where a mesh has no faces, whose draws fell on its neighbour's."""
    if all(meshes.num_faces):
        return rows
    filled = torch.tensor(meshes.num_faces, device=rows.device)[:, None, None] > 0
    return torch.where(filled, rows, torch.zeros_like(rows))


def _check(meshes: MeshBatch, num_samples: int, attributes: Tensor | None, generator: torch.Generator | None) -> None:
    if num_samples < 0:
        raise MeshError(f"the number of points to sample must not be negative; got {num_samples}")
    if not any(meshes.num_faces):
        raise MeshError(f"cannot sample points from {len(meshes)} meshes without faces; drop empty meshes first")
    count = len(meshes.vertices_packed())
    if attributes is not None and (attributes.dim() != 2 or len(attributes) != count):
        raise MeshError(f"attributes must have shape [{count}, channels]; got {list(attributes.shape)}")
    if generator is not None and generator.device.type != meshes.device.type:
        raise MeshError(f"the generator is on {generator.device} and the meshes on {meshes.device}; use one device")
