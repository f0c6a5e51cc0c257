"""Shapes as immutable, checked values, and the geometry that needs nothing but numpy."""

from shapeshot.geometry.mesh import Mesh
from shapeshot.geometry.point_cloud import PointCloud
from shapeshot.geometry.voxel_grid import VoxelGrid, cell_centers

__all__ = ["Mesh", "PointCloud", "VoxelGrid", "cell_centers"]
