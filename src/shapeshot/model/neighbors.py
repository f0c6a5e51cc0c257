"""The cells around each cell of a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float32


def neighborhoods(
    grid: Float32[np.ndarray, "rows columns *channels"],
) -> Float32[np.ndarray, "9 rows columns *channels"]:
    """Each cell and its eight neighbours; zeros lie around the grid."""
    rows, columns = grid.shape[:2]
    padded = np.pad(grid, [(1, 1), (1, 1), *[(0, 0)] * (grid.ndim - 2)])
    shifted = [padded[row : row + rows, column : column + columns] for row in range(3) for column in range(3)]
    stacked: np.ndarray = np.stack(shifted)
    return stacked
