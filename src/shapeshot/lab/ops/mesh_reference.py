"""The mesh terms written straight from their definitions: the oracle of the tests and the twin of the benchmarks.

Everything, edges included, is found anew at every call on packed tensors, as `MeshBatch.vertices_packed` and
`faces_packed` give them. SHAPESHOT_OPS=reference makes the public losses run these. What they compute, and their
errors, stand with the operators of the same names. The sampler here is only the twin of the benchmark: it draws other
points of the same distribution, and a mode must not change what a seed gives.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from shapeshot.lab.ops.mesh_batch import MeshBatch
from shapeshot.lab.ops.point_clouds import wide

_MIN_AREA = 1e-6


def mesh_edge_loss(meshes: MeshBatch, target_length: float = 0.0) -> Tensor:
    """The twin of `edge.mesh_edge_loss`: a scalar."""
    vertices, edges = wide(meshes.vertices_packed()), edges_packed(meshes)
    lengths = (vertices[edges[:, 0]] - vertices[edges[:, 1]]).norm(dim=1)
    return _mean_over_meshes((lengths - target_length) ** 2, edges[:, 0], meshes)


def mesh_normal_consistency(meshes: MeshBatch) -> Tensor:
    """The twin of `normal_consistency.mesh_normal_consistency`: a scalar."""
    vertices, edges = wide(meshes.vertices_packed()), edges_packed(meshes)
    low, high, apex, other_apex = _hinges(meshes.faces_packed(), edges).unbind(1)
    along = vertices[high] - vertices[low]
    normal = torch.linalg.cross(along, vertices[apex] - vertices[low])
    other = -torch.linalg.cross(along, vertices[other_apex] - vertices[low])
    return _mean_over_meshes(1 - F.cosine_similarity(normal, other, dim=1), low, meshes)


def mesh_laplacian_smoothing(meshes: MeshBatch, method: str = "uniform") -> Tensor:
    """The twin of `laplacian.mesh_laplacian_smoothing`: a scalar."""
    vertices = wide(meshes.vertices_packed())
    with torch.no_grad():
        if method == "uniform":
            weights = _adjacency(edges_packed(meshes), vertices)
        else:
            weights, areas = _cotangents(vertices, meshes.faces_packed())
        sums = weights.sum(dim=1).to_dense()[:, None]
        scale = 0.25 / areas[:, None] if method == "cotcurv" else 1 / sums
        scale = torch.where(sums != 0, scale, torch.zeros_like(scale))
    offsets = (torch.sparse.mm(weights, vertices) - sums * vertices) * scale
    every = torch.arange(len(vertices), device=vertices.device)
    return _mean_over_meshes(offsets.norm(dim=1), every, meshes)


def sample_points_from_meshes(
    meshes: MeshBatch, num_samples: int, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Points and normals, [batch, num_samples, 3] each, of meshes that all have faces."""
    vertices, faces = wide(meshes.vertices_packed()), meshes.faces_packed()
    with torch.no_grad():
        a, b, c = vertices[faces].unbind(1)
        areas = torch.linalg.cross(b - a, c - a).norm(dim=1)
        starts = torch.tensor([0, *meshes.num_faces], device=faces.device).cumsum(0)
        padded = torch.nn.utils.rnn.pad_sequence(areas.split(meshes.num_faces), batch_first=True)
        chosen = padded.multinomial(num_samples, replacement=True, generator=generator) + starts[:-1, None]
    a, b, c = vertices[faces[chosen]].unbind(2)
    root, v = (torch.rand(*chosen.shape, 1, generator=generator, device=faces.device) for _ in range(2))
    root = root.sqrt()
    normals = F.normalize(torch.linalg.cross(b - a, c - a), dim=2)
    return (1 - root) * a + root * (1 - v) * b + root * v * c, normals


def edges_packed(meshes: MeshBatch) -> Tensor:
    """The undirected edges, int64 [edges, 2], the lower vertex first, in ascending order."""
    faces, total = meshes.faces_packed(), max(1, len(meshes.vertices_packed()))
    ends = torch.cat([faces[:, [1, 2]], faces[:, [2, 0]], faces[:, [0, 1]]]).sort(dim=1).values
    keys = torch.unique(ends[:, 0] * total + ends[:, 1])
    return torch.stack([keys.div(total, rounding_mode="floor"), keys % total], dim=1)


def _hinges(faces: Tensor, edges: Tensor) -> Tensor:
    """Both vertices of an edge and the third ones of two faces beside it, int64 [pairs, 4]; every pair of faces."""
    total = int(edges.max()) + 1 if len(edges) else 1
    ends = torch.cat([faces[:, [1, 2]], faces[:, [2, 0]], faces[:, [0, 1]]]).sort(dim=1).values
    edge = torch.searchsorted(edges[:, 0] * total + edges[:, 1], ends[:, 0] * total + ends[:, 1])
    edge, order = edge.sort(stable=True)
    apex = faces.T.reshape(-1)[order]
    hinges = []
    for step in range(1, int(edge.bincount().max()) if len(edge) else 0):
        first = (edge[step:] == edge[:-step]).nonzero().squeeze(1)
        hinges.append(torch.cat([edges[edge[first]], apex[first, None], apex[first + step, None]], dim=1))
    return torch.cat(hinges) if hinges else faces.new_empty(0, 4)


def _adjacency(edges: Tensor, vertices: Tensor) -> Tensor:
    both = torch.cat([edges, edges.flip(1)])
    ones = torch.ones(len(both), dtype=vertices.dtype, device=vertices.device)
    return torch.sparse_coo_tensor(both.T, ones, (len(vertices), len(vertices)), check_invariants=False)


def _cotangents(vertices: Tensor, faces: Tensor) -> tuple[Tensor, Tensor]:
    """Sparse [vertices, vertices] of cot a + cot b of the angles opposite to each edge; area around each vertex."""
    a, b, c = vertices[faces].unbind(1)
    areas = (torch.linalg.cross(b - a, c - a).norm(dim=1) / 2).clamp_min(_MIN_AREA)
    corners = ((b - a, c - a), (c - b, a - b), (a - c, b - c))
    cotangents = torch.cat([(u * v).sum(dim=1) / (2 * areas) for u, v in corners])
    ends = torch.cat([faces[:, [1, 2]], faces[:, [2, 0]], faces[:, [0, 1]]])
    size = (len(vertices), len(vertices))
    half = torch.sparse_coo_tensor(ends.T, cotangents, size, check_invariants=False)
    around = areas.new_zeros(len(vertices)).index_add(0, faces.T.reshape(-1), areas.repeat(3))
    return (half + half.t()).coalesce(), around


def _mean_over_meshes(values: Tensor, vertex: Tensor, meshes: MeshBatch) -> Tensor:
    """The mean of each mesh's mean over the elements whose first vertex is `vertex`."""
    counts = torch.tensor(meshes.num_vertices, device=values.device)
    mesh_of_vertex = torch.arange(len(meshes), device=values.device).repeat_interleave(counts)
    mesh = mesh_of_vertex[vertex]
    weights = 1.0 / mesh.bincount(minlength=len(meshes))[mesh].double()
    loss = (values * weights.to(values.dtype)).sum() / max(1, len(meshes))
    return loss.to(meshes.vertices_packed().dtype)
