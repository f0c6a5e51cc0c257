"""Geometry operators: batched, ragged, differentiable, and nothing to compile. `backends.py` chooses who computes."""

from shapeshot.lab.ops.backends import available_backends
from shapeshot.lab.ops.chamfer import chamfer_distance
from shapeshot.lab.ops.cubify import cubify
from shapeshot.lab.ops.edge import mesh_edge_loss
from shapeshot.lab.ops.f_score import FScore, f_score
from shapeshot.lab.ops.face_geometry import face_areas_normals
from shapeshot.lab.ops.ico_sphere import ico_sphere
from shapeshot.lab.ops.knn import KNN, knn_gather, knn_points
from shapeshot.lab.ops.laplacian import mesh_laplacian_smoothing
from shapeshot.lab.ops.marching_cubes import marching_cubes
from shapeshot.lab.ops.mesh_batch import MeshBatch
from shapeshot.lab.ops.normal_consistency import mesh_normal_consistency
from shapeshot.lab.ops.point_mesh import PointMeshDistance, point_to_mesh_distance
from shapeshot.lab.ops.sampling import sample_points_from_meshes

__all__ = [
    "KNN",
    "FScore",
    "MeshBatch",
    "PointMeshDistance",
    "available_backends",
    "chamfer_distance",
    "cubify",
    "f_score",
    "face_areas_normals",
    "ico_sphere",
    "knn_gather",
    "knn_points",
    "marching_cubes",
    "mesh_edge_loss",
    "mesh_laplacian_smoothing",
    "mesh_normal_consistency",
    "point_to_mesh_distance",
    "sample_points_from_meshes",
]
