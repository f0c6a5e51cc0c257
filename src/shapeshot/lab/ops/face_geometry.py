"""Areas and normals of the faces of a batch, and lengths whose gradient is 0 where there is no direction."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from shapeshot.lab.ops.mesh_batch import MeshBatch
from shapeshot.lab.ops.topology import Topology

# Below this length a normal has no direction and shrinks towards 0, as in PyTorch3D.
_MIN_NORMAL = 1e-6


def face_areas_normals(meshes: MeshBatch) -> tuple[Tensor, Tensor]:
    """Area [all faces] and unit normal [all faces, 3] of every face, in the order of `faces_packed`; differentiable.

    Areas in squared units of the vertices. Normals look outwards by the right-hand rule: (b - a) x (c - a), divided by
    its length, or by 1e-6 where it is shorter.
    """
    vectors = face_vectors(meshes.coordinates(), meshes.topology)
    dtype = meshes.vertices_packed().dtype
    return (length(vectors) / 2).T.reshape(-1).to(dtype), packed_normals(vectors, dtype)


def packed_normals(vectors: Tensor, dtype: torch.dtype) -> Tensor:
    """Unit normals [all faces, 3] in the order of `faces_packed`, from what `face_vectors` returns."""
    normals = vectors / length(vectors).clamp_min(_MIN_NORMAL)[:, None]
    return normals.permute(2, 0, 1).reshape(-1, 3).to(dtype)


def face_vectors(coordinates: Tensor, topology: Topology) -> Tensor:
    """The normal of each face with twice its area as length, [faces, 3, copies] from [vertices, 3, copies]."""
    a, b, c = (coordinates.index_select(0, corner) for corner in topology.faces.unbind(1))
    return cross(b - a, c - a)


def cross(u: Tensor, v: Tensor) -> Tensor:
    """Cross products along dim 1 of [rows, 3, copies]."""
    products: Tensor = _Cross.apply(u, v)  # type: ignore[no-untyped-call]
    return products


def dot(u: Tensor, v: Tensor) -> Tensor:
    """Scalar products along dim 1 of [rows, 3, copies]: [rows, copies]."""
    products: Tensor = _Dot.apply(u, v)  # type: ignore[no-untyped-call]
    return products


def length(u: Tensor) -> Tensor:
    """Lengths along dim 1 of [rows, 3, copies]; the gradient of a zero vector is 0, where sqrt alone gives NaN."""
    lengths: Tensor = _Length.apply(u)  # type: ignore[no-untyped-call]
    return lengths


# What these cost is memory traffic. As functions of their own they write each result once, and their gradients are
# again such functions, so that second derivatives work; autograd's own records keep three times as many temporaries.


class _Cross(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, u: Tensor, v: Tensor) -> Tensor:
        ctx.save_for_backward(u, v)
        products = torch.empty_like(u)
        for axis in range(3):
            i, j = (axis + 1) % 3, (axis + 2) % 3
            torch.mul(u[:, i], v[:, j], out=products[:, axis]).addcmul_(u[:, j], v[:, i], value=-1)
        return products

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        u, v = ctx.saved_tensors
        return cross(v, gradient), cross(gradient, u)


class _Dot(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, u: Tensor, v: Tensor) -> Tensor:
        ctx.save_for_backward(u, v)
        return (u[:, 0] * v[:, 0]).addcmul_(u[:, 1], v[:, 1]).addcmul_(u[:, 2], v[:, 2])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        u, v = ctx.saved_tensors
        return v * gradient[:, None], u * gradient[:, None]


class _Length(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, u: Tensor) -> Tensor:
        lengths = dot(u, u).sqrt_()
        ctx.save_for_backward(u, lengths)
        return lengths

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        u, lengths = ctx.saved_tensors
        scaled: Tensor = u * (gradient / lengths.masked_fill(lengths == 0, 1))[:, None]
        return scaled
