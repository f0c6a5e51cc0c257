"""How far edges are from a wanted length."""

from __future__ import annotations

from torch import Tensor

from shapeshot.lab.ops import mesh_reference
from shapeshot.lab.ops.backends import ops_mode
from shapeshot.lab.ops.face_geometry import length
from shapeshot.lab.ops.mesh_batch import MeshBatch
from shapeshot.lab.ops.topology import mean_over_meshes


def mesh_edge_loss(meshes: MeshBatch, target_length: float = 0.0) -> Tensor:
    """Mean over meshes of the mean over their edges of (length - target_length)^2; a scalar, 0 for no meshes.

    Every undirected edge counts once; a mesh without edges counts as 0. As `mesh_edge_loss` of PyTorch3D, after Wang et
    al., "Pixel2Mesh" (ECCV 2018), section 3.4. target_length is in the units of the vertices.
    """
    if ops_mode() == "reference":
        return mesh_reference.mesh_edge_loss(meshes, target_length)
    topology, coordinates = meshes.topology, meshes.coordinates()
    low, high = topology.edges.vertices.unbind(1)
    lengths = length(coordinates.index_select(0, low) - coordinates.index_select(0, high))
    loss = mean_over_meshes((lengths - target_length) ** 2, topology.edge_shares, len(meshes))
    return loss.to(meshes.vertices_packed().dtype)
