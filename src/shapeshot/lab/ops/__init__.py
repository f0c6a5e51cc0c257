"""Geometry operators: batched, ragged, differentiable, and nothing to compile. `backends.py` chooses who computes."""

from shapeshot.lab.ops.backends import available_backends
from shapeshot.lab.ops.chamfer import chamfer_distance
from shapeshot.lab.ops.f_score import FScore, f_score
from shapeshot.lab.ops.knn import KNN, knn_gather, knn_points

__all__ = ["KNN", "FScore", "available_backends", "chamfer_distance", "f_score", "knn_gather", "knn_points"]
