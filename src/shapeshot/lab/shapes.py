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
MESH_RESOLUTION = 64  # of the field's mesh, as in shapeshot.reconstruct
SOLID_RESOLUTION = 128  # at which a mesh is filled, as the true solids are
NUM_SURFACE_POINTS = 10_000
SPECK_FRACTION = 0.005


@dataclass(frozen=True, eq=False)
class PredictedShape:
    """occupancy: bool [32, 32, 32]. surface: points of it, with normals where the kind has any. mesh: or None."""

    occupancy: np.ndarray
    surface: PointCloud
    mesh: Mesh | None


def voxel_shape(logits: np.ndarray, level: float) -> PredictedShape:
    """Of occupancy logits float [32, 32, 32]: the cells above `level`, and the surface where it is crossed."""
    mesh = _level_set(logits, level)
    return PredictedShape(logits > level, _surface(mesh), mesh)


def point_shape(points: np.ndarray) -> PredictedShape:
    """Of points float [points, 3]: the points themselves; no normals and no mesh, since none were predicted."""
    return PredictedShape(solid_of_points(points, RESOLUTION), PointCloud(points.astype(np.float32)), None)


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


def solid_of_points(points: np.ndarray, resolution: int) -> np.ndarray:
    """The solid that a cloud outlines, bool [resolution]^3: a morphological closing with a ball, and its holes filled.

    The ball's radius is twice the median distance between neighbouring points, but at least a cell: enough to close
    the gaps of an evenly sampled surface. Cells that hold a point are always part of it, however thin the part.
    """
    from scipy.ndimage import binary_fill_holes, distance_transform_edt
    from scipy.spatial import cKDTree

    inside = np.clip(np.floor((points + 0.5) * resolution).astype(int), 0, resolution - 1)
    held = np.zeros((resolution,) * 3, bool)
    held[tuple(inside.T)] = True
    if len(points) < 4:
        return held
    tree, cell = cKDTree(points), 1 / resolution
    radius = max(2 * float(np.median(tree.query(points, k=2)[0][:, 1])), cell)
    margin = int(np.ceil(radius / cell)) + 1  # so that the ball never meets the border
    axis = (np.arange(-margin, resolution + margin) + 0.5) * cell - 0.5
    centers = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    near = tree.query(centers.reshape(-1, 3), distance_upper_bound=radius)[0].reshape(centers.shape[:3]) <= radius
    closed = distance_transform_edt(binary_fill_holes(near), sampling=cell) > radius
    return closed[(slice(margin, -margin),) * 3] | held


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
