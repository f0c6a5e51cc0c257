"""What each kind of output is as a shape: occupancy, surface points and a mesh, in the canonical cube.

Evaluation scores these, so that every kind meets the same protocol in the same frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from shapeshot.data.solid import downsample_occupancy, solid_occupancy
from shapeshot.errors import EmptyShapeError
from shapeshot.geometry import Mesh, PointCloud, cell_centers
from shapeshot.geometry.components import remove_small_components
from shapeshot.geometry.isosurface import isosurface
from shapeshot.geometry.sample import sample_surface
from shapeshot.lab.decoders.mesh import DeformedSphere
from shapeshot.lab.model import SingleViewModel

RESOLUTION = 32
MESH_RESOLUTION = 64  # of the field's mesh, as in shapeshot.pipeline.reconstruct
SOLID_RESOLUTION = 128  # at which a mesh is filled, as the true solids are
NUM_SURFACE_POINTS = 10_000
SPECK_FRACTION = 0.005


@dataclass(frozen=True, eq=False)
class PredictedShape:
    """occupancy: bool [32, 32, 32] or None. surface: points, with normals where the kind has any. mesh: or None."""

    occupancy: np.ndarray | None
    surface: PointCloud
    mesh: Mesh | None


def voxel_shape(logits: np.ndarray, level: float) -> PredictedShape:
    """Of occupancy logits float [32, 32, 32]: the cells above `level`, and the surface where it is crossed."""
    mesh = _level_set(logits, level)
    return PredictedShape(logits > level, _surface(mesh), mesh)


def point_shape(points: np.ndarray) -> PredictedShape:
    """Of points float [points, 3]: the points themselves; no solid, normals or mesh, since none were predicted."""
    return PredictedShape(None, PointCloud(points.astype(np.float32)), None)


def mesh_shape(vertices: np.ndarray, faces: np.ndarray) -> PredictedShape:
    """Of a mesh: what it encloses, by the method that made the true solids."""
    mesh = Mesh(vertices.astype(np.float32), faces)
    # Nothing true lies outside the cube, and the surface itself is scored as it is.
    filled = np.clip(mesh.vertices, -0.5, 0.5)
    solid = solid_occupancy(filled, mesh.faces, SOLID_RESOLUTION)
    return PredictedShape(downsample_occupancy(solid, RESOLUTION), _surface(mesh), mesh)


def field_shape(coarse: np.ndarray, fine: np.ndarray, level: float) -> PredictedShape:
    """Of a field's logits at 32^3 and 64^3 cells: voxels from the first, the mesh from the second, as at run time."""
    mesh = remove_small_components(_level_set(fine, level), SPECK_FRACTION)
    return PredictedShape(coarse > level, _surface(mesh), mesh)


@torch.no_grad()
def mesh_shapes(model: SingleViewModel, vertices: Tensor) -> list[PredictedShape]:
    """One shape an image, of vertices [batch, vertices, 3]."""
    decoder = model.decoder
    assert isinstance(decoder, DeformedSphere)
    faces = decoder.faces.cpu().numpy().astype(np.int32)
    return [mesh_shape(item, faces) for item in vertices.float().cpu().numpy()]


@torch.no_grad()
def field_shapes(model: SingleViewModel, planes: Tensor, level: float) -> list[PredictedShape]:
    """One shape an image, of planes [batch, 3, C, R, R]."""
    grids = []
    for resolution in (RESOLUTION, MESH_RESOLUTION):
        axis = torch.from_numpy(cell_centers(resolution)).to(planes.device)
        grids.append(model.field.grid(planes, axis, axis, axis).float().cpu().numpy())
    return [field_shape(coarse, fine, level) for coarse, fine in zip(*grids, strict=True)]


def _level_set(logits: np.ndarray, level: float) -> Mesh:
    cells = logits.shape[0]
    if not (logits > level).any():
        raise EmptyShapeError("the model saw no object: no voxel is above the threshold")
    return Mesh(*isosurface(logits, level, float(cell_centers(cells)[0]), 1.0 / cells))


def _surface(mesh: Mesh) -> PointCloud:
    return sample_surface(mesh, NUM_SURFACE_POINTS, np.random.default_rng(0))
