"""Fewer triangles: near vertices merged first where there are millions, then Blender's edge collapse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

COARSEST = 150  # cells of a grid a side; solids have 128
COLLAPSE_LIMIT = 80_000  # edge collapse takes about a third of a second for so many faces


def bounded(
    vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"], max_faces: int
) -> tuple[Float[np.ndarray, "fewer_vertices 3"], Int[np.ndarray, "fewer_faces 3"]]:
    """Simplify to at most about `max_faces` triangles, and to the vertices that they have."""
    vertices, faces = used_only(vertices, faces)
    cells = 768
    while len(faces) > COLLAPSE_LIMIT and cells >= COARSEST:
        vertices, faces = merged(vertices, faces, cells)
        cells = cells * 3 // 4
    if len(faces) > max_faces:
        vertices, faces = collapsed(vertices, faces, max_faces / len(faces))
    # Edge collapse leaves what hangs together nowhere, such as a thousand leaves.
    while len(faces) > 1.5 * max_faces and cells >= COARSEST:
        vertices, faces = merged(vertices, faces, cells)
        cells = cells * 3 // 4
    return used_only(vertices, faces)


def merged(
    vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"], cells: int
) -> tuple[Float[np.ndarray, "fewer_vertices 3"], Int[np.ndarray, "fewer_faces 3"]]:
    """All vertices in one cell of a grid of `cells` a side become their mean (vertex clustering, Rossignac 1993)."""
    low = vertices.min(axis=0)
    side = max(float((vertices.max(axis=0) - low).max()), 1e-12)
    keys = np.floor((vertices - low) / side * cells).astype(np.int64)
    _, index = np.unique(keys @ np.array([1, 4096, 4096 * 4096]), return_inverse=True)
    counts = np.bincount(index)[:, None]
    means = np.stack([np.bincount(index, vertices[:, axis]) for axis in range(3)], axis=1) / counts
    faces = index[faces]
    distinct = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    faces = faces[distinct]
    return means, faces[np.sort(first_of_each(np.sort(faces, axis=1), len(means)))]


def first_of_each(rows: Int[np.ndarray, "rows 3"], limit: int) -> Int[np.ndarray, " different"]:
    """Where each different row of three numbers below `limit` first stands. Two sorts of one key, not one of rows."""
    _, pair = np.unique(rows[:, 0] * limit + rows[:, 1], return_inverse=True)
    return np.unique(pair * limit + rows[:, 2], return_index=True)[1]


def collapsed(
    vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"], ratio: float
) -> tuple[Float[np.ndarray, "fewer_vertices 3"], Int[np.ndarray, "fewer_faces 3"]]:
    """Blender's Decimate modifier on an object of its own, which is removed again."""
    mesh = bpy.data.meshes.new("simplified")
    mesh.from_pydata(vertices, [], faces)
    item = bpy.data.objects.new("simplified", mesh)
    bpy.context.scene.collection.objects.link(item)
    modifier = item.modifiers.new("decimate", "DECIMATE")
    modifier.ratio = ratio
    evaluated = item.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    evaluated.calc_loop_triangles()
    points = np.empty(len(evaluated.vertices) * 3, np.float32)
    evaluated.vertices.foreach_get("co", points)
    corners = np.empty(len(evaluated.loop_triangles) * 3, np.int32)
    evaluated.loop_triangles.foreach_get("vertices", corners)
    bpy.data.objects.remove(item)
    bpy.data.meshes.remove(mesh)
    return points.reshape(-1, 3), corners.reshape(-1, 3)


def used_only(
    vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"]
) -> tuple[Float[np.ndarray, "fewer_vertices 3"], Int[np.ndarray, "fewer_faces 3"]]:
    """Drop vertices that no face has."""
    used, index = np.unique(faces, return_inverse=True)
    return vertices[used], index.reshape(-1, 3)
