"""Bridges between pieces of a mesh: a patch of faces is cut out of either and a tube sewn between the two holes.

Nothing else of the mesh is touched, and what was closed stays closed, with nothing but numpy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.geometry import Mesh

if TYPE_CHECKING:
    from jaxtyping import Bool, Int, Int64

_WIDTHS = (2.5, 2.0, 1.5, 1.0, 0.0)  # radii to try, in edges; the last is a single face, which always will do


@dataclass(frozen=True, eq=False)
class _Patch:
    """Connected faces with one simple outline. faces: their numbers. outline: vertices, in the sense of the faces."""

    faces: Int64[np.ndarray, " faces"]
    outline: list[int]


def bridged(
    mesh: Mesh,
    kept: Bool[np.ndarray, " faces"],
    piece_of: Int64[np.ndarray, " vertices"],
    bridges: Iterable[tuple[int, int]],
) -> Mesh:
    """The faces that are kept, with a bridge for each pair of vertices, which no other bridge connects.

    piece_of: the piece that each vertex belongs to. Vertices that no face uses are left out.
    """
    faces = mesh.faces[kept].astype(np.int64)
    edge = float(np.median(np.linalg.norm(mesh.triangles[:, 1] - mesh.triangles[:, 0], axis=1)))
    for own, other in bridges:
        # For a vertex that an earlier bridge cut away stands the nearest that is left of its piece.
        used = np.unique(faces)
        ends = [_nearest(mesh, used[piece_of[used] == piece_of[vertex]], vertex) for vertex in (own, other)]
        is_own = (piece_of[faces] == piece_of[faces[:, :1]]).all(axis=1)
        faces = _with_bridge(mesh, faces, is_own, ends, edge)
    used, places = np.unique(faces, return_inverse=True)
    colors = None if mesh.colors is None else mesh.colors[used]
    return Mesh(mesh.vertices[used], places.reshape(-1, 3), colors)


def _with_bridge(
    mesh: Mesh, faces: Int64[np.ndarray, "faces 3"], is_own: Bool[np.ndarray, " faces"], places: list[int], edge: float
) -> Int64[np.ndarray, "sewn 3"]:
    """The faces with a tube between the neighbourhoods of two vertices.

    The widest whose ends both are patches of a simple outline, and that adds to the volume, as a tube turned inside out
    would not. is_own: which faces are no bridge's.
    """
    for width in _WIDTHS:
        ends = [_patch(mesh, faces, is_own, vertex, width * edge) for vertex in places]
        if not all(ends):
            continue
        one, two = (end for end in ends if end is not None)
        cut, tube = np.concatenate([one.faces, two.faces]), _tube(mesh, one.outline, two.outline)
        if width == _WIDTHS[-1] or _volume(mesh, tube) > _volume(mesh, faces[cut]):
            break
    return np.concatenate([np.delete(faces, cut, axis=0), tube])


def _nearest(mesh: Mesh, vertices: Int64[np.ndarray, " vertices"], to: int) -> int:
    return int(vertices[((mesh.vertices[vertices] - mesh.vertices[to]) ** 2).sum(axis=1).argmin()])


def _patch(
    mesh: Mesh, faces: Int64[np.ndarray, "faces 3"], is_own: Bool[np.ndarray, " faces"], center: int, radius: float
) -> _Patch | None:
    """The faces round a vertex that lie within a ball; None where they have no simple outline, or are all there are.

    The faces are those that can be reached from the vertex, not those of another part that comes near, and none of a
    bridge, so that something of a piece is left however many bridges end on it. A radius of 0 gives a single face.
    """
    if radius == 0:
        around = np.flatnonzero((faces == center).any(axis=1))
        face = int(around[is_own[around].argmax()])  # one of a bridge where the vertex has no other
        return _Patch(np.array([face]), faces[face].tolist())
    inside = np.linalg.norm(mesh.vertices - mesh.vertices[center], axis=1) <= radius
    near = np.flatnonzero(is_own & (inside[faces].all(axis=1) | (faces == center).any(axis=1)))
    reached = np.zeros(len(mesh.vertices), bool)
    reached[center] = True
    while len(new := near[reached[faces[near]].any(axis=1) & ~reached[faces[near]].all(axis=1)]):
        reached[faces[new]] = True
    patch = near[reached[faces[near]].all(axis=1)]
    outline = _outline(faces[patch])
    return None if outline is None else _Patch(patch, outline)


def _outline(patch: Int[np.ndarray, "faces 3"]) -> list[int] | None:
    """The vertices round some faces, in the sense of the faces; None unless the outline is one simple loop."""
    edges = {(int(a), int(b)) for face in patch for a, b in zip(face, np.roll(face, -1), strict=True)}
    following = {a: b for a, b in edges if (b, a) not in edges}
    border = sum((b, a) not in edges for a, b in edges)
    if len(following) != border or not border:
        return None
    loop = [next(iter(following))]
    while (vertex := following[loop[-1]]) != loop[0]:
        loop.append(vertex)
    return loop if len(loop) == border else None


def _tube(mesh: Mesh, one: list[int], two: list[int]) -> Int64[np.ndarray, "faces 3"]:
    """Triangles between two outlines of holes, each in the sense of the faces that were cut out.

    From every place on the second to begin at, the triangles whose edges across are shortest each time; of these tubes
    the one of least length in all, as one that is twisted is long.
    """
    found = [
        _strip(mesh, one, [two[(first - step) % len(two)] for step in range(len(two))]) for first in range(len(two))
    ]
    return np.array(min(found, key=lambda pair: pair[0])[1], np.int64)


def _strip(mesh: Mesh, one: list[int], two: list[int]) -> tuple[float, list[tuple[int, int, int]]]:
    """The triangles when both outlines begin at their first vertex, and how long their edges across are.

    one: in the sense of its faces. two: against it.
    """
    across = np.linalg.norm(mesh.vertices[one][:, None] - mesh.vertices[two][None], axis=2)
    count, other = len(one), len(two)
    faces: list[tuple[int, int, int]] = []
    length, i, j = 0.0, 0, 0
    fan_i = fan_j = 0  # steps round one outline while the other stands: a whole round would use an edge across twice
    while i < count or j < other:
        next_i, next_j = (i + 1) % count, (j + 1) % other
        here, there = across[next_i, j % other], across[i % count, next_j]
        if j == other or fan_j == other - 1 or (i < count and fan_i < count - 1 and here <= there):
            faces.append((one[i % count], one[next_i], two[j % other]))
            length, i, fan_i, fan_j = length + float(here), i + 1, fan_i + 1, 0
        else:
            faces.append((two[next_j], two[j % other], one[i % count]))
            length, j, fan_i, fan_j = length + float(there), j + 1, 0, fan_j + 1
    return length, faces


def _volume(mesh: Mesh, faces: Int64[np.ndarray, "faces 3"]) -> float:
    a, b, c = mesh.vertices[faces].astype(np.float64).transpose(1, 0, 2)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)
