"""What follows from a batch's faces alone: edges, neighbouring faces, counts. Computed once, shared while they deform.

Nothing here depends on where the vertices are, and nothing can change: a Topology keeps its own copy of the faces and
`MeshBatch` gives out fresh tensors, so no caller holds the memory that the cached tensors were derived from. Other
faces mean another Topology. It costs what sorting the edges costs, once, when a term first needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from shapeshot.errors import MeshError

Result = TypeVar("Result")


class Edges(NamedTuple):
    """The undirected edges of all meshes, each once.

    vertices: int64 [edges, 2], the lower vertex first, in ascending order.
    of_face: int64 [faces, 3], the edge opposite to each corner of each face.
    is_forward: bool [faces, 3], whether the face runs along that edge from its lower to its higher vertex.
    """

    vertices: Tensor
    of_face: Tensor
    is_forward: Tensor


class FacePairs(NamedTuple):
    """Every two faces that share an edge; k faces round one edge make k (k - 1) / 2 pairs.

    faces: int64 [pairs, 2]. sign: int8 [pairs], 1 where the two run along the edge in opposite directions, as they do
    in a consistently oriented mesh, and -1 where one would have to be turned over.
    """

    faces: Tensor
    sign: Tensor


def _outside_inference(build: Callable[[Any], Result]) -> Callable[[Any], Result]:
    """What a validation step caches under torch.inference_mode must serve the next training step as well."""

    def wrapped(self: Any) -> Result:
        with torch.inference_mode(False), torch.no_grad():
            return build(self)

    wrapped.__name__, wrapped.__doc__ = build.__name__, build.__doc__
    return wrapped


class Topology:
    """The faces of several meshes as one mesh of many pieces, and what follows from them.

    faces: one int [faces, 3] tensor a mesh, counter-clockwise seen from outside, indices into that mesh's vertices.
    num_vertices: the number of vertices of each mesh.
    Indices of `faces`, `edges` and `face_pairs` run over the vertices or faces of all meshes, one after the other.
    Raises MeshError for shapes and indices that do not fit.
    """

    def __init__(self, faces: Sequence[Tensor], num_vertices: Sequence[int]) -> None:
        for i, (mesh_faces, count) in enumerate(zip(faces, num_vertices, strict=True)):
            _check_faces(mesh_faces, count, i)
        self.num_vertices = tuple(num_vertices)
        self.num_faces = tuple(len(mesh_faces) for mesh_faces in faces)
        with torch.inference_mode(False), torch.no_grad():
            starts = _starts(self.num_vertices)
            parts = [mesh_faces.detach().long() + start for mesh_faces, start in zip(faces, starts, strict=False)]
            self.faces = torch.cat(parts) if parts else torch.empty(0, 3, dtype=torch.long)

    @property
    def device(self) -> torch.device:
        return self.faces.device

    def to(self, device: torch.device | str) -> Topology:
        """The same on another device; itself where it is there already."""
        if torch.device(device) == self.device:
            return self
        starts, counts = _starts(self.num_vertices), self.num_faces
        parts = [part - start for part, start in zip(self.faces.split(counts), starts, strict=False)]
        return Topology([part.to(device) for part in parts], self.num_vertices)

    @property
    def first_vertex(self) -> list[int]:
        """Where each mesh begins among all vertices, and their total: meshes + 1 numbers."""
        return _starts(self.num_vertices)

    @property
    def first_face(self) -> list[int]:
        """Where each mesh begins among all faces, and their total: meshes + 1 numbers."""
        return _starts(self.num_faces)

    @cached_property
    @_outside_inference
    def mesh_of_vertex(self) -> Tensor:
        """int64 [vertices]."""
        counts = torch.tensor(self.num_vertices, dtype=torch.long, device=self.device)
        return torch.arange(len(counts), device=self.device).repeat_interleave(counts)

    @cached_property
    @_outside_inference
    def edges(self) -> Edges:
        """Raises MeshError where a face uses a vertex twice: it has no area, and an edge of no length."""
        start, end = self.faces[:, [1, 2, 0]], self.faces[:, [2, 0, 1]]
        if bool((start == end).any()):
            face = int((start == end).any(dim=1).nonzero()[0])
            raise MeshError(f"face {face} of the batch uses a vertex twice; drop such faces, they have no area")
        total = max(1, sum(self.num_vertices))
        keys = torch.minimum(start, end) * total + torch.maximum(start, end)
        unique, of_face = torch.unique(keys, return_inverse=True)
        vertices = torch.stack([unique.div(total, rounding_mode="floor"), unique % total], dim=1)
        return Edges(vertices, of_face, start < end)

    @cached_property
    @_outside_inference
    def face_pairs(self) -> FacePairs:
        edge, order = self.edges.of_face.flatten().sort(stable=True)
        face, forward = order.div(3, rounding_mode="floor"), self.edges.is_forward.flatten()[order]
        most = int(edge.bincount().max()) if len(edge) else 0
        pairs, signs = [self.faces.new_empty(0, 2)], [torch.empty(0, dtype=torch.int8, device=self.device)]
        for step in range(1, most):  # once for a manifold: two faces an edge, side by side in this order
            first = (edge[step:] == edge[:-step]).nonzero().squeeze(1)
            pairs.append(torch.stack([face[first], face[first + step]], dim=1))
            signs.append((forward[first] != forward[first + step]).to(torch.int8) * 2 - 1)
        return FacePairs(torch.cat(pairs), torch.cat(signs))

    @cached_property
    @_outside_inference
    def num_neighbors(self) -> Tensor:
        """Edges that end at each vertex, int64 [vertices]."""
        return self.edges.vertices.flatten().bincount(minlength=sum(self.num_vertices))

    @cached_property
    @_outside_inference
    def vertex_shares(self) -> Tensor:
        """1 / vertices of the mesh, for means over each mesh; float64 [vertices]."""
        return _shares(self.mesh_of_vertex)

    @cached_property
    @_outside_inference
    def edge_shares(self) -> Tensor:
        """1 / edges of the mesh; float64 [edges]."""
        return _shares(self.mesh_of_vertex[self.edges.vertices[:, 0]])

    @cached_property
    @_outside_inference
    def pair_shares(self) -> Tensor:
        """1 / face pairs of the mesh; float64 [pairs]."""
        return _shares(self.mesh_of_vertex[self.faces[self.face_pairs.faces[:, 0], 0]])


def mean_over_meshes(values: Tensor, shares: Tensor, num_meshes: int) -> Tensor:
    """The mean of each mesh's own mean; a mesh without elements counts as 0. A scalar.

    values: [elements, copies], for every copy of a topology; shares: [elements], one of Topology's.
    """
    return values.sum(dim=1) @ shares.to(values.dtype) / max(1, num_meshes)


def _shares(mesh_of_element: Tensor) -> Tensor:
    return 1.0 / mesh_of_element.bincount()[mesh_of_element].double()


def _starts(counts: Sequence[int]) -> list[int]:
    starts = [0]
    for count in counts:
        starts.append(starts[-1] + count)
    return starts


def _check_faces(faces: Tensor, num_vertices: int, mesh: int) -> None:
    if faces.dim() != 2 or faces.shape[1] != 3 or faces.is_floating_point() or faces.dtype == torch.bool:
        raise MeshError(
            f"faces of mesh {mesh} must be an integer tensor [faces, 3]; got {faces.dtype} {list(faces.shape)}"
        )
    if faces.numel() and not 0 <= int(faces.min()) <= int(faces.max()) < num_vertices:
        raise MeshError(
            f"faces of mesh {mesh} must index its {num_vertices} vertices; got {int(faces.min())}..{int(faces.max())}"
        )
