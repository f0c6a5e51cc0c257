"""Connected pieces of a mesh, and dropping the specks among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import MeshError
from shapeshot.geometry.mesh import Mesh

if TYPE_CHECKING:
    from jaxtyping import Bool, Int, Int64


def vertex_components(mesh: Mesh) -> Int64[np.ndarray, " vertices"]:
    """Number the piece that each vertex belongs to, int64 [vertices], from 0 in order of their first vertex.

    Faces connect their vertices; a vertex without a face is a piece of its own.
    """
    return connected_components(len(mesh.vertices), np.concatenate([mesh.faces[:, :2], mesh.faces[:, 1:]]))


def connected_components(count: int, edges: Int[np.ndarray, "edges 2"]) -> Int64[np.ndarray, " count"]:
    """Number the piece that each of `count` nodes belongs to, int64 [count], from 0 in order of their first node.

    edges: int [edges, 2], pairs of connected nodes. Union-find on whole arrays: every root hooks onto the smallest
    root it touches, then all paths are halved until flat (after Shiloach and Vishkin, "An O(log n) Parallel
    Connectivity Algorithm", 1982).
    """
    nodes = np.arange(count, dtype=np.int32)
    parent = nodes.copy()
    first, second = np.ascontiguousarray(edges.T)
    while True:
        a, b = parent[first], parent[second]
        apart = np.flatnonzero(a != b)
        if not len(apart):
            return np.searchsorted(np.flatnonzero(parent == nodes), parent)
        first, second, a, b = first[apart], second[apart], a[apart], b[apart]
        np.minimum.at(parent, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(parent, flatter := parent[parent]):
            parent = flatter


def count_pieces(mesh: Mesh) -> int:
    """The connected pieces of surface that have faces; a hollow's wall is a piece of its own."""
    return int(np.count_nonzero(np.bincount(vertex_components(mesh)[mesh.faces[:, 0]])))


def remove_small_components(mesh: Mesh, min_fraction: float) -> Mesh:
    """The mesh without the pieces that enclose less than `min_fraction` of the volume of the largest piece.

    For closed meshes, as `isosurface` makes them: what remains is closed too. The wall of a cavity encloses less than
    the piece around it, so a piece never goes without its cavities. The largest piece always stays.
    Raises MeshError unless min_fraction is in [0, 1].
    """
    if not 0 <= min_fraction <= 1:
        raise MeshError(f"the smallest volume to keep must be a fraction in [0, 1]; got {min_fraction}")
    if not len(mesh.faces):
        return mesh
    piece_of_face = vertex_components(mesh)[mesh.faces[:, 0]]
    if not piece_of_face.any():  # one piece alone
        return mesh
    a, b, c = mesh.triangles.astype(np.float64).transpose(1, 0, 2)
    volumes = np.abs(np.bincount(piece_of_face, np.einsum("ij,ij->i", a, np.cross(b, c)) / 6))
    kept = volumes >= min_fraction * volumes.max()
    return mesh if kept.all() else _with_faces(mesh, kept[piece_of_face])


def largest_component(mesh: Mesh) -> Mesh:
    """The one piece that encloses most (and any other of exactly its volume)."""
    return remove_small_components(mesh, 1.0)


def _with_faces(mesh: Mesh, kept: Bool[np.ndarray, " faces"]) -> Mesh:
    """Keep only the faces where `kept`, bool [faces], is True, and the vertices that they use."""
    used, faces = np.unique(mesh.faces[kept], return_inverse=True)
    colors = None if mesh.colors is None else mesh.colors[used]
    return Mesh(mesh.vertices[used], faces.reshape(-1, 3), colors)
