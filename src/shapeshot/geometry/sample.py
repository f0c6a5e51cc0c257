"""Points spread evenly over a surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import MeshError
from shapeshot.geometry.mesh import Mesh
from shapeshot.geometry.point_cloud import PointCloud

if TYPE_CHECKING:
    from jaxtyping import Float64


def sample_surface(mesh: Mesh, num_points: int, rng: np.random.Generator) -> PointCloud:
    """Points drawn independently and uniformly by area, with the normals of their faces and interpolated colours.

    Returns num_points points in the mesh's frame and units; colours only where the mesh has them. The barycentric
    weights are (1 - sqrt(u), sqrt(u) (1 - v), sqrt(u) v) for uniform u and v: Osada et al., "Shape Distributions"
    (2002), equation 1.
    Raises MeshError for a negative number of points and for a mesh without area.
    """
    if num_points < 0:
        raise MeshError(f"the number of points to sample must not be negative; got {num_points}")
    vectors = mesh.area_vectors
    areas = np.linalg.norm(vectors, axis=1)
    candidates = np.flatnonzero(areas > 0)
    if not len(candidates):
        raise MeshError("cannot sample points from a mesh without area; it needs at least one proper triangle")
    cumulative = np.cumsum(areas[candidates])
    drawn = np.searchsorted(cumulative, rng.random(num_points) * cumulative[-1], side="right")
    # Rounding may put the largest draws on the total itself, which lies past the last triangle.
    chosen = candidates[np.minimum(drawn, len(candidates) - 1)]
    weights = _barycentric_weights(num_points, rng)
    corners = mesh.faces[chosen]
    points = np.einsum("pc,pcx->px", weights, mesh.vertices[corners])
    colors = None if mesh.colors is None else np.einsum("pc,pcx->px", weights, mesh.colors[corners])
    return PointCloud(points, colors, vectors[chosen] / areas[chosen, None])


def _barycentric_weights(count: int, rng: np.random.Generator) -> Float64[np.ndarray, "count 3"]:
    """Uniform in the triangle, float64 [count, 3], rows sum to 1."""
    root, v = np.sqrt(rng.random(count)), rng.random(count)
    return np.stack([1 - root, root * (1 - v), root * v], axis=1)
