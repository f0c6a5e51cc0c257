"""What each kind of output is as a shape: occupancy, surface points and a mesh, in the canonical cube.

Evaluation scores these, so that every kind meets the same protocol in the same frame.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from shapeshot.data.solid import downsample_occupancy, solid_occupancy
from shapeshot.geometry import Mesh, PointCloud, cell_centers
from shapeshot.lab.decoders.mesh import DeformedSphere
from shapeshot.lab.model import SingleViewModel
from shapeshot.model.field import Field
from shapeshot.model.shape import mesh_resolution, surface_of, surface_points
from shapeshot.scores.prediction import NUM_POINTS, RESOLUTION, Prediction

SOLID_RESOLUTION = 128  # at which a mesh is filled, as the true solids are


def voxel_shape(logits: np.ndarray, level: float) -> Prediction:
    """Of occupancy logits float [32, 32, 32]: the cells above `level`, and the surface where it is crossed."""
    mesh = surface_of(Field(logits, level), speck_fraction=0).mesh
    return Prediction(logits > level, surface_points(mesh, NUM_POINTS), mesh)


def point_shape(points: np.ndarray) -> Prediction:
    """Of points float [points, 3]: the points themselves; no solid, normals or mesh, since none were predicted."""
    return Prediction(None, PointCloud(points.astype(np.float32)), None)


def mesh_shape(vertices: np.ndarray, faces: np.ndarray) -> Prediction:
    """Of a mesh: what it encloses, by the method that made the true solids."""
    mesh = Mesh(vertices.astype(np.float32), faces)
    # Nothing true lies outside the cube, and the surface itself is scored as it is.
    filled = np.clip(mesh.vertices, -0.5, 0.5)
    solid = solid_occupancy(filled, mesh.faces, SOLID_RESOLUTION)
    return Prediction(downsample_occupancy(solid, RESOLUTION), surface_points(mesh, NUM_POINTS), mesh)


def field_shape(coarse: np.ndarray, fine: np.ndarray, level: float) -> Prediction:
    """Of a field's logits at 32^3 and 64^3 cells: voxels from the first, the mesh from the second, as at run time."""
    mesh = surface_of(Field(fine, level)).mesh
    return Prediction(coarse > level, surface_points(mesh, NUM_POINTS), mesh)


@torch.no_grad()
def mesh_shapes(model: SingleViewModel, vertices: Tensor) -> list[Prediction]:
    """One shape an image, of vertices [batch, vertices, 3]."""
    decoder = model.decoder
    assert isinstance(decoder, DeformedSphere)
    faces = decoder.faces.cpu().numpy().astype(np.int32)
    return [mesh_shape(item, faces) for item in vertices.float().cpu().numpy()]


@torch.no_grad()
def field_shapes(model: SingleViewModel, planes: Tensor, level: float) -> list[Prediction]:
    """One shape an image, of planes [batch, 3, C, R, R]."""
    grids = []
    for resolution in (RESOLUTION, mesh_resolution(RESOLUTION)):
        axis = torch.from_numpy(cell_centers(resolution)).to(planes.device)
        grids.append(model.field.grid(planes, axis, axis, axis).float().cpu().numpy())
    return [field_shape(coarse, fine, level) for coarse, fine in zip(*grids, strict=True)]
