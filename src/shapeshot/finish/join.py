"""One piece out of several: loose pieces are joined by bridges where they lie near, hollows are filled.

A shape that a network saw comes apart where it is thin: a leg stands a few cells below its seat. A printer would lose
it, and whoever sees the shape knows that it belongs there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import MeshError
from shapeshot.finish.bridge import bridged
from shapeshot.geometry import Mesh
from shapeshot.geometry.components import vertex_components

if TYPE_CHECKING:
    from jaxtyping import Float64, Int64

# Of the longest side: three cells of the coarse grid, over which legs, arms and wheels come apart (examples/chair.jpg:
# 2.7 cells). What is farther away is as often a thing of its own.
JOIN_GAP = 0.1
_PAIRS_AT_ONCE = 2_000_000  # of vertices: bounds the memory


@dataclass(frozen=True, eq=False)
class Whole:
    """One piece, and what became of the others.

    mesh: closed, connected, without hollows. joined: pieces that bridges now hold. dropped: pieces that lie too far
    away. volume_dropped: their share of the volume of all pieces. hollows: how many were filled.
    """

    mesh: Mesh
    joined: int = 0
    dropped: int = 0
    volume_dropped: float = 0.0
    hollows: int = 0


@dataclass(frozen=True, eq=False)
class _Loose:
    """A piece on its own: its vertices' numbers in the mesh, and where it comes nearest to what is joined already."""

    number: int
    vertices: Int64[np.ndarray, " vertices"]
    distance: float = np.inf
    own: int = -1
    other: int = -1

    def nearer(self, mesh: Mesh, others: Int64[np.ndarray, " others"], reach: float) -> _Loose:
        """The piece with its nearest place, now that the vertices `others` are joined, too."""
        own, other, distance = _nearest(mesh, self.vertices, others, min(reach, self.distance))
        return self if distance >= self.distance else replace(self, distance=distance, own=own, other=other)


def made_whole(mesh: Mesh, gap: float = JOIN_GAP) -> Whole:
    """The piece of a closed mesh that encloses most, with all others that lie near joined to it, hollows filled.

    gap: over which pieces are joined, as a share of the mesh's longest side; a chain of pieces is joined link by link.
    A bridge is a tube between the two places where the pieces come nearest, about as wide as the thinner of them there.
    Raises MeshError for a mesh that is not closed or encloses nothing.
    """
    if not mesh.is_closed:
        raise MeshError("only a closed mesh can be made one piece; this one has open edges")
    piece_of = vertex_components(mesh)
    piece_of_face = piece_of[mesh.faces[:, 0]]
    volumes = _volumes(mesh, piece_of_face)
    main = int(volumes.argmax())
    if not volumes[main] > 0:
        raise MeshError("the mesh encloses no volume; its faces must look outwards")
    hollows, loose = _sorted_out(mesh, piece_of, volumes, main)
    kept, bridges = _joined(
        mesh, np.flatnonzero(piece_of == main), loose, gap * float(np.ptp(mesh.bounds, axis=0).max())
    )
    dropped = [piece for piece in loose if piece.number not in kept]
    solid = float(volumes[[main, *(piece.number for piece in loose)]].sum())
    whole = bridged(mesh, np.isin(piece_of_face, [main, *kept]), piece_of, bridges)
    share = float(sum(volumes[piece.number] for piece in dropped)) / solid
    return Whole(whole, len(kept), len(dropped), share, hollows)


def _sorted_out(
    mesh: Mesh, piece_of: Int64[np.ndarray, " vertices"], volumes: Float64[np.ndarray, " pieces"], main: int
) -> tuple[int, list[_Loose]]:
    """How many hollows there are, and the pieces outside of the main one; what lies in a hollow goes with it."""
    hollows = int((volumes < 0).sum())
    pieces = [number for number in np.flatnonzero(volumes > 0).tolist() if number != main]
    corners = mesh.vertices.astype(np.float64)
    shell = corners[mesh.faces[piece_of[mesh.faces[:, 0]] == main]]
    loose = [_Loose(number, np.flatnonzero(piece_of == number)) for number in pieces]
    return hollows, [piece for piece in loose if not _encloses(shell, corners[piece.vertices[0]])]


def _joined(
    mesh: Mesh, main: Int64[np.ndarray, " vertices"], loose: list[_Loose], reach: float
) -> tuple[list[int], list[tuple[int, int]]]:
    """The numbers of the pieces that are joined, and the pairs of vertices between which bridges go."""
    waiting = [piece.nearer(mesh, main, reach) for piece in loose]
    kept: list[int] = []
    bridges: list[tuple[int, int]] = []
    while waiting and (nearest := min(waiting, key=lambda piece: piece.distance)).distance <= reach:
        kept.append(nearest.number)
        bridges.append((nearest.own, nearest.other))
        waiting = [piece.nearer(mesh, nearest.vertices, reach) for piece in waiting if piece is not nearest]
    return kept, bridges


def _nearest(
    mesh: Mesh, own: Int64[np.ndarray, " own"], others: Int64[np.ndarray, " others"], reach: float
) -> tuple[int, int, float]:
    """The vertex of either set that is nearest to the other set, and their distance; infinite beyond `reach`."""
    here = mesh.vertices[own].astype(np.float64)
    there = mesh.vertices[others].astype(np.float64)
    low, high = here.min(axis=0) - reach, here.max(axis=0) + reach
    others = others[near := ((there >= low) & (there <= high)).all(axis=1)]
    there = there[near]
    best: tuple[int, int, float] = (-1, -1, np.inf)
    step = max(1, _PAIRS_AT_ONCE // max(len(own), 1))
    for first in range(0, len(there), step):
        part = there[first : first + step]
        squared = ((here[:, None] - part[None]) ** 2).sum(axis=2)
        row, column = np.unravel_index(squared.argmin(), squared.shape)
        distance = float(np.sqrt(squared[row, column]))
        if distance < best[2] and distance <= reach:
            best = int(own[row]), int(others[first + column]), distance
    return best


def _volumes(mesh: Mesh, piece_of_face: Int64[np.ndarray, " faces"]) -> Float64[np.ndarray, " pieces"]:
    """What each piece encloses, negative for the wall of a hollow."""
    a, b, c = mesh.triangles.astype(np.float64).transpose(1, 0, 2)
    return np.bincount(piece_of_face, np.einsum("ij,ij->i", a, np.cross(b, c)) / 6)


def _encloses(shell: Float64[np.ndarray, "faces 3 3"], point: Float64[np.ndarray, " 3"]) -> bool:
    """Whether a closed surface winds round a point: the sum of the solid angles of its triangles.

    Van Oosterom and Strackee, "The Solid Angle of a Plane Triangle" (1983).
    """
    a, b, c = (shell - point).transpose(1, 0, 2)
    lengths = [np.linalg.norm(corner, axis=1) for corner in (a, b, c)]
    over = np.einsum("ij,ij->i", a, np.cross(b, c))
    pairs = ((a, b, 2), (b, c, 0), (c, a, 1))
    under = np.prod(lengths, axis=0) + sum(np.einsum("ij,ij->i", p, q) * lengths[k] for p, q, k in pairs)
    return bool(np.arctan2(over, under).sum() / (2 * np.pi) > 0.5)
