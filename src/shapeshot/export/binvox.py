"""binvox, the run-length format of Patrick Min's voxelizer: https://www.patrickmin.com/binvox/binvox.html"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapeshot.geometry import VoxelGrid

if TYPE_CHECKING:
    from jaxtyping import Bool

_LONGEST_RUN = 255


def encode_binvox(grid: VoxelGrid) -> bytes:
    """Occupancy alone, without colours.

    The specification puts the centre of cell i of n at scale * (i + 0.5) / n + translate on each axis, which is where
    it lies in the grid's own frame: scale is the grid's side and translate its lowest corner. (trimesh spreads the
    centres over the whole side instead, and so reads every binvox file slightly too large.)
    Cells are stored with y running fastest, then z, then x, as pairs of a value and a count up to 255.
    """
    low = -grid.side / 2
    size, place = grid.resolution, f"{low:.9g} {low:.9g} {low:.9g}"
    header = f"#binvox 1\ndim {size} {size} {size}\ntranslate {place}\nscale {grid.side:.9g}\ndata\n"
    return header.encode("ascii") + _run_lengths(grid.occupancy.transpose(0, 2, 1).ravel())


def _run_lengths(cells: Bool[np.ndarray, " cells"]) -> bytes:
    """Encode cells, bool [cells], as runs: the bytes value, count, value, count and so on."""
    starts = np.concatenate([[0], np.flatnonzero(cells[1:] != cells[:-1]) + 1])
    lengths = np.diff(starts, append=len(cells))
    pieces = -(-lengths // _LONGEST_RUN)  # each run in pieces, all of 255 but the last
    counts = np.full(pieces.sum(), _LONGEST_RUN)
    counts[np.cumsum(pieces) - 1] = lengths - (pieces - 1) * _LONGEST_RUN
    return np.stack([np.repeat(cells[starts], pieces), counts], axis=1).astype(np.uint8).tobytes()
