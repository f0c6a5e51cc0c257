"""Smoothing that does not shrink: the steps of the voxel grid go, the volume stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import UserError
from shapeshot.geometry import Mesh

if TYPE_CHECKING:
    from jaxtyping import Int64

MAX_ROUNDS = 1000
_SHRINK = 0.5  # lambda, the share of the way to the neighbours' mean
_PASS_BAND = 0.1  # frequencies below keep their size; Taubin's own choice
_SWELL = 1 / (_PASS_BAND - 1 / _SHRINK)  # mu, negative: 1 / lambda + 1 / mu = the pass band


def smoothed(mesh: Mesh, rounds: int) -> Mesh:
    """The mesh with its vertices moved, faces and colours kept.

    Taubin, "A Signal Processing Approach to Fair Surface Design" (1995): each round moves every vertex towards the mean
    of its neighbours and then a little farther back, so that noise goes and the form keeps its volume to about a
    per cent. Where vertices stand closer than the form is thick nothing folds over; the mesh stays closed in any case.
    Raises UserError unless rounds is in 0..1000.
    """
    if not 0 <= rounds <= MAX_ROUNDS:
        raise UserError(f"the rounds of smoothing must lie in 0..{MAX_ROUNDS}; got {rounds}")
    start, end = _neighbours(mesh)
    count = len(mesh.vertices)
    degree = np.bincount(start, minlength=count)[:, None]
    positions = mesh.vertices.astype(np.float64)
    for share in (_SHRINK, _SWELL) * rounds:
        sums = np.stack([np.bincount(start, positions[end, axis], count) for axis in range(3)], axis=1)
        towards = np.where(degree > 0, sums / np.maximum(degree, 1) - positions, 0.0)
        positions = positions + share * towards
    return Mesh(positions, mesh.faces, mesh.colors)


def _neighbours(mesh: Mesh) -> tuple[Int64[np.ndarray, " directed_edges"], Int64[np.ndarray, " directed_edges"]]:
    """List each edge once in either direction, by its vertices: two int64 [2 * edges]."""
    start, end = mesh.faces.astype(np.int64).ravel(), np.roll(mesh.faces, -1, axis=1).astype(np.int64).ravel()
    count = max(len(mesh.vertices), 1)
    keys = np.unique(np.concatenate([start * count + end, end * count + start]))
    return keys // count, keys % count
