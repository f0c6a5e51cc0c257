"""Loose pieces of a mesh: finding them, and dropping the ones too small to be part of the object."""

from __future__ import annotations

import numpy as np

from shapeshot.geometry.mesh import Mesh

SPECK_FRACTION = 0.002  # of the solid's volume: at 64^3 a typical chair's speck is under 30 cells, its leg over 100


def connected_pieces(faces: np.ndarray, num_vertices: int) -> np.ndarray:
    """The piece of each face: int64 [faces], labelled by the smallest vertex index in the piece.

    faces: int [faces, 3]. Two faces are in one piece where a chain of shared vertices joins them.
    Labels spread to neighbours and jump to their own label's label, so a few rounds do even for long, thin pieces.
    """
    labels = np.arange(num_vertices, dtype=np.int64)
    while True:
        lowest = labels[faces].min(axis=1)
        spread = labels.copy()
        for corner in range(3):
            np.minimum.at(spread, labels[faces[:, corner]], lowest)  # move whole pieces, not single vertices
        spread = spread[spread]
        if np.array_equal(spread, labels):
            return labels[faces[:, 0]]
        labels = spread[labels]


def without_specks(mesh: Mesh, fraction: float = SPECK_FRACTION) -> Mesh:
    """The closed mesh without pieces of less than `fraction` of its solid volume, and without hollows inside.

    A hollow is a piece that faces inwards (negative volume): a closed cavity that no photo can show.
    The largest piece always stays. Vertices that no face uses any more are dropped with their colours.
    """
    pieces, face_piece = np.unique(connected_pieces(mesh.faces, len(mesh.vertices)), return_inverse=True)
    if len(pieces) <= 1:
        return mesh
    a, b, c = mesh.triangles.astype(np.float64).transpose(1, 0, 2)
    volumes = np.bincount(face_piece, np.einsum("ij,ij->i", a, np.cross(b, c)) / 6)
    keep = volumes >= fraction * volumes[volumes > 0].sum()
    keep[volumes.argmax()] = True
    faces = mesh.faces[keep[face_piece]]
    used, renumbered = np.unique(faces, return_inverse=True)
    colors = None if mesh.colors is None else mesh.colors[used]
    return Mesh(mesh.vertices[used], renumbered.reshape(-1, 3), colors)
