"""How sharply neighbouring faces turn."""

from __future__ import annotations

from torch import Tensor

from shapeshot.lab.ops import mesh_reference
from shapeshot.lab.ops.backends import ops_mode
from shapeshot.lab.ops.face_geometry import dot, face_vectors, length
from shapeshot.lab.ops.mesh_batch import MeshBatch
from shapeshot.lab.ops.topology import mean_over_meshes

# As torch.cosine_similarity: a face whose normal is shorter counts as turned by 90 degrees from every neighbour.
_MIN_NORMAL = 1e-8


def mesh_normal_consistency(meshes: MeshBatch) -> Tensor:
    """Mean over meshes of the mean over pairs of faces that share an edge of 1 - cos(angle between their normals).

    A scalar in [0, 2]: 0 where all is flat. k faces round one edge make k (k - 1) / 2 pairs, and each pair is compared
    as if consistently oriented. A mesh without pairs counts as 0. As `mesh_normal_consistency` of PyTorch3D.
    """
    if ops_mode() == "reference":
        return mesh_reference.mesh_normal_consistency(meshes)
    topology = meshes.topology
    vectors = face_vectors(meshes.coordinates(), topology)
    normals = vectors / length(vectors).clamp_min(_MIN_NORMAL)[:, None]
    first, second = (normals.index_select(0, face) for face in topology.face_pairs.faces.unbind(1))
    cosines = dot(first, second) * topology.face_pairs.sign[:, None]
    loss = mean_over_meshes(1 - cosines, topology.pair_shares, len(meshes))
    return loss.to(meshes.vertices_packed().dtype)
