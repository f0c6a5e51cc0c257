"""Spheres of nearly equal triangles: the templates that networks deform."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from jaxtyping import Float64, Int64

from shapeshot.errors import MeshError
from shapeshot.lab.ops.mesh_batch import MeshBatch

MAX_LEVEL = 9  # five million faces


def ico_sphere(level: int = 0, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu") -> MeshBatch:
    """One icosahedron on the unit sphere at the origin, each face cut in four `level` times.

    Has 10 * 4^level + 2 vertices and 20 * 4^level faces that look outwards. New vertices are edges' midpoints pushed
    out to the sphere, as `ico_sphere` of PyTorch3D; as there, level 0 has a radius of 1.00003 (four-digit coordinates)
    and all others of 1. Repeated calls share one topology:
    `ico_sphere(4).with_vertices(predicted)` for predicted [batch, 2562, 3] costs nothing but the check of its values.
    Raises MeshError for a level outside 0..9.
    """
    if not isinstance(level, int) or not 0 <= level <= MAX_LEVEL:
        raise MeshError(f"the level of an icosphere must be a whole number in 0..{MAX_LEVEL}; got {level!r}")
    template = _template(level, dtype, str(device))
    return template.with_vertices(template.vertices_packed().clone())


@cache
def _template(level: int, dtype: torch.dtype, device: str) -> MeshBatch:
    vertices, faces = icosahedron()
    for _ in range(level):
        vertices, faces = _subdivide(vertices, faces)
    with torch.inference_mode(False):
        return MeshBatch(torch.from_numpy(vertices).to(device, dtype)[None], torch.from_numpy(faces).to(device))


def icosahedron() -> tuple[Float64[np.ndarray, "12 3"], Int64[np.ndarray, "20 3"]]:
    """The regular icosahedron: vertices float64 [12, 3] to four digits and outward faces int64 [20, 3].

    Vertices are the cyclic permutations of (0, +-1, +-golden ratio), scaled to unit length and rounded, as PyTorch3D
    has them, so that both have the same areas; three are a face where all are as near as two vertices can be.
    """
    golden = (1 + 5**0.5) / 2
    rectangle = np.array([[0, y, z] for y in (-1, 1) for z in (-golden, golden)])
    vertices = np.concatenate([np.roll(rectangle, axis, axis=1) for axis in range(3)])
    near = np.isclose(np.linalg.norm(vertices[:, None] - vertices, axis=2), 2)
    a, b, c = np.nonzero(near[:, :, None] & near[None] & near[:, None])
    ordered = (a < b) & (b < c)
    faces = np.stack([a, b, c], axis=1)[ordered]
    inwards = np.linalg.det(vertices[faces]) < 0
    faces[inwards] = faces[inwards][:, ::-1]
    return (vertices / np.linalg.norm(vertices, axis=1, keepdims=True)).round(4), faces


def _subdivide(
    vertices: Float64[np.ndarray, "vertices 3"], faces: Int64[np.ndarray, "faces 3"]
) -> tuple[Float64[np.ndarray, "more_vertices 3"], Int64[np.ndarray, "more_faces 3"]]:
    """Each face as four; all vertices, the edges' midpoints among them, pushed out to the unit sphere."""
    ends = np.sort(np.stack([faces[:, [1, 2]], faces[:, [2, 0]], faces[:, [0, 1]]], axis=1).reshape(-1, 2), axis=1)
    _, first, midpoint = np.unique(ends @ [len(vertices), 1], return_index=True, return_inverse=True)
    refined = np.concatenate([vertices, vertices[ends[first]].mean(axis=1)])
    refined /= np.linalg.norm(refined, axis=1, keepdims=True)
    a, b, c = faces.T
    bc, ca, ab = (midpoint.reshape(-1, 3) + len(vertices)).T
    quarters = [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]]
    return refined, np.array(quarters).transpose(2, 0, 1).reshape(-1, 3)
