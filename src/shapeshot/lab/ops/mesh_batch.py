"""Several triangle meshes as one batch: of different sizes, or one topology in many shapes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from shapeshot.errors import MeshError, NotFiniteError
from shapeshot.lab.ops.point_clouds import wide
from shapeshot.lab.ops.topology import Topology


class NotFiniteMeshError(MeshError, NotFiniteError):
    """Vertices of a batch are NaN or infinite."""


class MeshBatch:
    """A batch of triangle meshes, differentiable in their vertices.

    vertices: [batch, vertices, 3], or one [vertices, 3] tensor a mesh; floating, finite, any units.
    faces: int [faces, 3] for all meshes, or one such tensor a mesh; counter-clockwise seen from outside.

    Meshes of the same faces share one `Topology`, which `with_vertices` hands on: build a template once and deform it,
    and edges and neighbours are never computed again. The batch keeps its own copy of the faces and gives out new
    tensors only, so that what was derived from them stays true; `vertices` are kept as they are, for autograd.
    Raises MeshError for shapes, dtypes, devices or indices that do not fit, and for NaN or infinite vertices.
    """

    def __init__(self, vertices: Tensor | Sequence[Tensor], faces: Tensor | Sequence[Tensor]) -> None:
        meshes = list(vertices)
        if isinstance(vertices, Tensor) and vertices.dim() != 3:
            raise MeshError(f"vertices must have shape [batch, vertices, 3], or be a list; got {list(vertices.shape)}")
        shared = isinstance(faces, Tensor) and faces.dim() == 2
        faces_of = [faces] if isinstance(faces, Tensor) and shared else list(faces)
        if not shared and len(faces_of) != len(meshes):
            raise MeshError(f"{len(meshes)} meshes need as many tensors of faces; got {len(faces_of)}")
        for i, mesh in enumerate(meshes):
            _check_rows(mesh, f"vertices of mesh {i}")
        counts = [len(mesh) for mesh in meshes]
        if shared and len(set(counts)) > 1:
            raise MeshError(f"one tensor of faces needs meshes with as many vertices each; got {sorted(set(counts))}")
        if meshes and (shared or _all_equal(faces_of, counts)):
            faces_of, counts = faces_of[:1], counts[:1]
        topology = Topology(faces_of if meshes else [], counts)
        self._set(_packed(vertices), topology, len(meshes) // len(counts) if counts else 1)

    def _set(self, packed: Tensor, topology: Topology, copies: int) -> None:
        _check_rows(packed, "vertices")
        if packed.device != topology.device and topology.num_faces:
            raise MeshError(f"vertices and faces must share a device; got {packed.device} and {topology.device}")
        # A sum of finite numbers may overflow, so only the second look is conclusive.
        if not bool(packed.detach().sum().isfinite()) and not bool(packed.detach().isfinite().all()):
            bad = int((~packed.detach().isfinite()).any(dim=1).sum())
            raise NotFiniteMeshError(
                f"vertices hold NaN or infinite values in {bad} of {len(packed)} rows; "
                "look for a division by zero or a diverged step before this call"
            )
        self._packed, self.topology, self.copies = packed, topology, copies

    def with_vertices(self, vertices: Tensor) -> MeshBatch:
        """The same faces in other places, sharing everything that was derived from them.

        vertices: packed [all vertices, 3] as `vertices_packed`; or, where all meshes have the same faces,
        [batch, vertices, 3] for any batch. Raises MeshError for other shapes and for values that are not finite.
        """
        total, one = sum(self.topology.num_vertices), len(self.topology.num_vertices) == 1
        batched = one and vertices.dim() == 3 and vertices.shape[1] == total
        if not (batched or vertices.shape == (total * self.copies, 3)):
            expected = f"[{total * self.copies}, 3]" + (f" or [batch, {total}, 3]" if one else "")
            raise MeshError(f"these faces need vertices of shape {expected}; got {list(vertices.shape)}")
        batch = MeshBatch.__new__(MeshBatch)
        batch._set(vertices.reshape(-1, 3), self.topology, len(vertices) if batched else self.copies)
        return batch

    def to(self, device: torch.device | str) -> MeshBatch:
        """The batch on another device."""
        batch = MeshBatch.__new__(MeshBatch)
        batch._set(self._packed.to(device), self.topology.to(device), self.copies)
        return batch

    def __len__(self) -> int:
        return self.copies * len(self.topology.num_vertices)

    @property
    def device(self) -> torch.device:
        return self._packed.device

    @property
    def num_vertices(self) -> tuple[int, ...]:
        """Vertices of each mesh."""
        return self.topology.num_vertices * self.copies

    @property
    def num_faces(self) -> tuple[int, ...]:
        """Faces of each mesh."""
        return self.topology.num_faces * self.copies

    def vertices_packed(self) -> Tensor:
        """All vertices, one mesh after the other, [all vertices, 3]; part of the autograd graph, so do not write."""
        return self._packed

    def faces_packed(self) -> Tensor:
        """All faces as indices into `vertices_packed`, int64 [all faces, 3]."""
        starts = torch.arange(self.copies, device=self.topology.device) * sum(self.topology.num_vertices)
        return (self.topology.faces + starts[:, None, None]).reshape(-1, 3)

    def vertices_list(self) -> list[Tensor]:
        """One [vertices, 3] a mesh."""
        return list(self._packed.split(self.num_vertices))

    def faces_list(self) -> list[Tensor]:
        """One int64 [faces, 3] a mesh, indices into its own vertices."""
        parts = self.topology.faces.split(self.topology.num_faces)
        starts = self.topology.first_vertex
        return [part - start for _ in range(self.copies) for part, start in zip(parts, starts, strict=False)]

    def vertices_padded(self) -> Tensor:
        """[batch, most vertices, 3], zeros where a mesh has fewer."""
        if len(self.topology.num_vertices) == 1:
            return self._packed.reshape(self.copies, -1, 3)
        return _padded(self.vertices_list(), self._packed, 0)

    def faces_padded(self) -> Tensor:
        """int64 [batch, most faces, 3], indices into `vertices_padded`, -1 where a mesh has fewer."""
        return _padded(self.faces_list(), self.topology.faces, -1)

    def coordinates(self) -> Tensor:
        """The layout in which the mesh terms compute: [vertices of the topology, 3, copies], at least float32.

        All copies of a vertex lie side by side, so that one index moves a whole row of them and arithmetic on x, y and
        z runs along contiguous memory: about ten times faster on the CPU than rows of three numbers.
        """
        total = sum(self.topology.num_vertices)
        return wide(self._packed).reshape(self.copies, total, 3).permute(1, 2, 0).contiguous()


def _packed(vertices: Tensor | Sequence[Tensor]) -> Tensor:
    if isinstance(vertices, Tensor):
        return vertices.reshape(-1, 3)
    return torch.cat(list(vertices)) if len(vertices) else torch.empty(0, 3)


def _check_rows(rows: Tensor, name: str) -> None:
    if not isinstance(rows, Tensor) or rows.dim() != 2 or rows.shape[1] != 3 or not rows.is_floating_point():
        came = f"{rows.dtype} {list(rows.shape)}" if isinstance(rows, Tensor) else type(rows).__name__
        raise MeshError(f"{name} must be a floating-point tensor [vertices, 3]; got {came}")


def _all_equal(faces: Sequence[Tensor], counts: Sequence[int]) -> bool:
    first = faces[0]
    return len(set(counts)) == 1 and all(
        other is first or (other.shape == first.shape and other.device == first.device and bool((other == first).all()))
        for other in faces[1:]
    )


def _padded(rows: Sequence[Tensor], like: Tensor, value: float) -> Tensor:
    return pad_sequence(list(rows), batch_first=True, padding_value=value) if rows else like.new_empty(0, 0, 3)
