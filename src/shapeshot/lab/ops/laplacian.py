"""How far vertices are from the middle of their neighbours."""

from __future__ import annotations

import torch
from torch import Tensor

from shapeshot.errors import unknown_name
from shapeshot.lab.ops import mesh_reference
from shapeshot.lab.ops.backends import ops_mode
from shapeshot.lab.ops.face_geometry import cross, dot, length
from shapeshot.lab.ops.mesh_batch import MeshBatch
from shapeshot.lab.ops.topology import Topology, mean_over_meshes

LAPLACIANS = ("uniform", "cot", "cotcurv")

# The least area of a face in cotangents, as in PyTorch3D: keeps those of slivers finite.
MIN_AREA = 1e-6


def mesh_laplacian_smoothing(meshes: MeshBatch, method: str = "uniform") -> Tensor:
    """Mean over meshes of the mean over vertices i of |s_i sum_j w_ij (v_j - v_i)|, j the neighbours of i; a scalar.

    uniform: w = 1, s = 1 / neighbours. cot: w = cot a + cot b of the angles opposite to the edge, s = 1 / sum of w.
    cotcurv: the same w, s = 1 / (4 A) with A the area of the faces around, which makes it a measure of mean curvature.
    Weights are constants to autograd. Definitions as `mesh_laplacian_smoothing` of PyTorch3D, after Desbrun et al.,
    "Implicit Fairing of Irregular Meshes using Diffusion and Curvature Flow" (SIGGRAPH 1999). One difference: a vertex
    without a face counts as 0 instead of its distance from the origin, so that moving a mesh changes nothing.
    Raises UserError for an unknown method.
    """
    if method not in LAPLACIANS:
        raise unknown_name("Laplacian", method, LAPLACIANS)
    if ops_mode() == "reference":
        return mesh_reference.mesh_laplacian_smoothing(meshes, method)
    topology, coordinates = meshes.topology, meshes.coordinates()
    with torch.no_grad():
        weights, scale = _weights(coordinates, topology, method)
    low, high = topology.edges.vertices.unbind(1)
    # Differences rather than positions: exactly 0 for a constant, and as precise far from the origin as near it.
    pull = coordinates.index_select(0, high) - coordinates.index_select(0, low)
    pull = pull if weights is None else pull * weights[:, None]
    sums = torch.zeros_like(coordinates).index_add(0, low, pull).index_add(0, high, pull, alpha=-1)
    loss = mean_over_meshes(length(sums) * scale, topology.vertex_shares, len(meshes))
    return loss.to(meshes.vertices_packed().dtype)


def _weights(coordinates: Tensor, topology: Topology, method: str) -> tuple[Tensor | None, Tensor]:
    """w [edges, copies], None for 1; and s [vertices, 1 or copies]."""
    if method == "uniform":
        return None, _inverse(topology.num_neighbors.to(coordinates.dtype))[:, None]
    cotangents, areas = _cotangents_areas(coordinates, topology)
    copies = coordinates.shape[2]
    opposite = topology.edges.of_face.flatten()
    weights = areas.new_zeros(len(topology.edges.vertices), copies)
    weights.index_add_(0, opposite, cotangents.reshape(-1, copies))
    around = areas.new_zeros(len(coordinates), copies)
    if method == "cot":
        for end in topology.edges.vertices.unbind(1):
            around.index_add_(0, end, weights)
        return weights, _inverse(around)
    for corner in topology.faces.unbind(1):
        around.index_add_(0, corner, areas)
    return weights, 0.25 * _inverse(around)


def _cotangents_areas(coordinates: Tensor, topology: Topology) -> tuple[Tensor, Tensor]:
    """Cotangent of the angle at each corner [faces, 3, copies] and area of each face [faces, copies]."""
    a, b, c = (coordinates.index_select(0, corner) for corner in topology.faces.unbind(1))
    ab, bc, ca = b - a, c - b, a - c
    areas = (length(cross(ab, ca)) / 2).clamp_min(MIN_AREA)
    return torch.stack([-dot(ab, ca), -dot(bc, ab), -dot(ca, bc)], dim=1) / (2 * areas)[:, None], areas


def _inverse(values: Tensor) -> Tensor:
    """1 / values, and 0 where there is nothing to divide by."""
    return torch.where(values != 0, 1 / values, torch.zeros_like(values))
