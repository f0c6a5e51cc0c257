"""Surfaces whose vertices were merged, made closed and manifold again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.geometry.components import connected_components
from shapeshot.geometry.mesh import Mesh

if TYPE_CHECKING:
    from jaxtyping import Int, Int64

_MAX_ROUNDS = 8  # each leaves fewer crowded edges; one or two are usual


def made_manifold(mesh: Mesh) -> tuple[Mesh, Int64[np.ndarray, " faces"]]:
    """The same surface, and the face that each of its faces comes from, int64 [faces].

    It is without folded faces and has a vertex of its own for every fan of faces.
    For a surface that was closed and oriented before vertices of it were merged. Faces with a repeated corner go, and
    pairs of faces that lie back to back cancel. Then the faces round each edge are paired, and corners that pairs
    connect share a vertex: where sheets touch in a point or along an edge they come apart, positions unchanged. An edge
    that still joins two sheets, because both ends are held together elsewhere, gets a point in its middle for one of
    them. `Mesh.is_closed` tells whether that was enough.
    """
    origin = np.flatnonzero((mesh.faces != np.roll(mesh.faces, 1, axis=1)).all(axis=1))
    origin = origin[_not_back_to_back(mesh.faces[origin])]
    mesh = Mesh(mesh.vertices, mesh.faces[origin], mesh.colors)
    for _ in range(_MAX_ROUNDS):
        pairs = _paired_half_edges(mesh)
        mesh = _with_own_vertices(mesh, pairs)
        crowded = _crowded(mesh.faces, pairs)
        if not len(crowded):
            break
        mesh = _with_midpoints(mesh, crowded)
        origin = np.concatenate([origin, origin[crowded.ravel() // 3]])
    return mesh, origin


def _with_own_vertices(mesh: Mesh, pairs: Int64[np.ndarray, "pairs 2"]) -> Mesh:
    """Give each fan of corners that pairs of half-edges connect a vertex of its own."""
    one, other = pairs.T
    # The half-edges of a pair run in opposite senses: the start of one is the end of the other.
    connected = np.concatenate([np.stack([one, _next(other)], axis=1), np.stack([_next(one), other], axis=1)])
    fans = connected_components(3 * len(mesh.faces), connected)
    _, first_corner = np.unique(fans, return_index=True)
    return _picked(mesh, mesh.faces.ravel()[first_corner], fans.reshape(-1, 3))


def _picked(mesh: Mesh, origin: Int[np.ndarray, " vertices"], faces: Int[np.ndarray, "faces 3"]) -> Mesh:
    colors = None if mesh.colors is None else mesh.colors[origin]
    return Mesh(mesh.vertices[origin], faces, colors)


def _next(half_edges: Int[np.ndarray, " half_edges"]) -> Int[np.ndarray, " half_edges"]:
    """The corner where half-edges end; a half-edge has the number of the corner where it starts: 3 * face + place."""
    following: np.ndarray = half_edges - half_edges % 3 + (half_edges + 1) % 3
    return following


def _crowded(faces: Int[np.ndarray, "faces 3"], pairs: Int64[np.ndarray, "pairs 2"]) -> Int64[np.ndarray, "crowded 2"]:
    """Choose one pair for each edge that several pairs share, int64 [crowded, 2], such that no face occurs twice."""
    start, end = faces.ravel()[pairs[:, 0]], faces.ravel()[_next(pairs[:, 0])]
    _, edge, counts = np.unique(
        np.sort(np.stack([start, end], axis=1), axis=1), axis=0, return_inverse=True, return_counts=True
    )
    chosen: dict[int, np.ndarray] = {}
    touched: set[int] = set()
    for i in np.flatnonzero(counts[edge.reshape(-1)] > 1):
        beside = {int(half_edge) // 3 for half_edge in pairs[i]}
        if int(edge.reshape(-1)[i]) not in chosen and not beside & touched:
            chosen[int(edge.reshape(-1)[i])] = pairs[i]
            touched |= beside
    return np.array(list(chosen.values()), np.int64).reshape(-1, 2)


def _with_midpoints(mesh: Mesh, pairs: Int64[np.ndarray, "pairs 2"]) -> Mesh:
    """Split both faces of each pair in two at a new vertex in the middle of their edge; second halves come last."""
    corners = mesh.faces.ravel()
    start, end = corners[pairs[:, 0]], corners[_next(pairs[:, 0])]
    added = np.repeat(len(mesh.vertices) + np.arange(len(pairs)), 2)
    half_edges = pairs.ravel()
    faces = mesh.faces.copy()
    second = faces[half_edges // 3]
    faces.ravel()[_next(half_edges)] = added  # the first half keeps the start, the second the end
    second[np.arange(len(second)), half_edges % 3] = added
    vertices = np.concatenate([mesh.vertices, (mesh.vertices[start] + mesh.vertices[end]) / 2])
    colors = mesh.colors
    if colors is not None:
        colors = np.concatenate([colors, (colors[start] + colors[end]) / 2])
    return Mesh(vertices, np.concatenate([faces, second]), colors)


def _not_back_to_back(faces: Int[np.ndarray, "faces 3"]) -> Int64[np.ndarray, " kept"]:
    """The numbers of the faces that are left when those with equal corners in the opposite sense cancel in pairs."""
    # A triangle's sense is the parity of the permutation that sorts its corners.
    a, b, c = faces.T
    sense = np.where((a < b) ^ (b < c) ^ (a < c), 1, -1)
    _, group = np.unique(np.sort(faces, axis=1), axis=0, return_inverse=True)
    group = group.reshape(-1)
    surplus = np.bincount(group, sense).astype(np.int64)[group]
    # Of each group the first faces of the prevailing sense stay, as many as are surplus.
    prevailing = np.flatnonzero(sense * surplus > 0)
    order = prevailing[np.argsort(group[prevailing], kind="stable")]
    starts = np.searchsorted(group[order], group[order])
    return np.sort(order[np.arange(len(order)) - starts < np.abs(surplus[order])])


def _paired_half_edges(mesh: Mesh) -> Int64[np.ndarray, "pairs 2"]:
    """Two half-edges that run along one edge in opposite senses, int64 [pairs, 2]; each in one pair at most."""
    start = mesh.faces.astype(np.int64).ravel()
    end = start[_next(np.arange(len(start)))]
    keys = np.minimum(start, end) * len(mesh.vertices) + np.maximum(start, end)
    order = np.lexsort((start > end, keys))
    _, first, counts = np.unique(keys[order], return_index=True, return_counts=True)
    two = first[counts == 2]
    pairs = [np.stack([order[two], order[two + 1]], axis=1)]
    for begin, count in zip(first[counts > 2], counts[counts > 2], strict=True):
        pairs.append(np.array(list(_paired_round_edge(mesh, order[begin : begin + count]))).reshape(-1, 2))
    return np.concatenate(pairs)


def _paired_round_edge(mesh: Mesh, half_edges: Int64[np.ndarray, " half_edges"]) -> Iterator[tuple[int, int]]:
    """The half-edges of one edge in pairs that have air between them: solids that touch there stay joined."""
    corners, vertices = mesh.faces.ravel(), mesh.vertices
    low, high = sorted((int(corners[half_edges[0]]), int(corners[_next(half_edges[:1])[0]])))
    axis = (vertices[high] - vertices[low]).astype(np.float64)
    aside = np.cross(axis, np.eye(3)[np.abs(axis).argmin()])
    tips = corners[_next(_next(half_edges))]
    arms = vertices[tips].astype(np.float64) - vertices[low]
    length = max(float(np.linalg.norm(axis)), 1e-30)
    angles = np.arctan2(arms @ np.cross(axis, aside) / length, arms @ aside)
    # Going up in angle from a face that runs low to high one is outside the solid, until a face that runs back.
    upwards = [int(half_edges[i]) for i in np.argsort(angles, kind="stable")]
    waiting: list[int] = []
    paired: set[int] = set()
    for half_edge in upwards * 2:  # twice, as a pair may lie across the angle where the first round begins
        if half_edge in paired or half_edge in waiting:
            continue
        if corners[half_edge] == low:
            waiting.append(half_edge)
        elif waiting:
            opening = waiting.pop()
            paired |= {opening, half_edge}
            yield opening, half_edge
