"""Where the surface of a field may run, told by coarse samples, so that finer ones are needed there alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

BLOCK = (
    11  # cells along each side: enough of them that one more evaluation costs little, few enough to follow a surface
)
# How far past its neighbours' values a field may go between two samples, as a fraction of the range of those values.
# Over the examples at two resolutions an eighth moved one vertex of the shipped model's by 0.03 cells, 3/16 none; more
# costs next to nothing.
MARGIN = 0.25


def surface_blocks(
    values: Float[np.ndarray, "width height depth"], level: float
) -> Iterator[tuple[slice, slice, slice]]:
    """Boxes that hold every cell which the surface values == level may touch, and no cell twice.

    values: float [n, n, n], samples at cell centres. A cell counts where its value and those of its 26 neighbours
    leave the level within reach, and on the border wherever it may be inside, for the surface closes there.
    """
    active = _may_cross(values, level)
    for corner in product(*(range(0, side, BLOCK) for side in active.shape)):
        block = active[tuple(slice(start, start + BLOCK) for start in corner)]
        if block.any():
            yield tuple(_extent(block, axis, corner[axis]) for axis in range(3))  # type: ignore[misc]


def _may_cross(values: Float[np.ndarray, "width height depth"], level: float) -> Bool[np.ndarray, "width height depth"]:
    lowest, highest = _of_neighbours(values, np.minimum), _of_neighbours(values, np.maximum)
    reach = MARGIN * (highest - lowest)
    may_be_inside = highest + reach >= level
    border = np.ones(values.shape, bool)
    border[1:-1, 1:-1, 1:-1] = False
    crossing: np.ndarray = may_be_inside & ((lowest - reach <= level) | border)
    return crossing


def _of_neighbours(
    values: Float[np.ndarray, "width height depth"], choose: Callable[..., Float[np.ndarray, "width height depth"]]
) -> Float[np.ndarray, "width height depth"]:
    """Replace every cell by the least or greatest (`choose`) of itself and its 26 neighbours."""
    for axis in range(3):
        result = values.copy()
        before, after = _part(axis, slice(None, -1)), _part(axis, slice(1, None))
        result[after] = choose(result[after], values[before])
        result[before] = choose(result[before], values[after])
        values = result
    return values


def _part(axis: int, cut: slice) -> tuple[slice, ...]:
    return tuple(cut if i == axis else slice(None) for i in range(3))


def _extent(block: Bool[np.ndarray, "width height depth"], axis: int, offset: int) -> slice:
    """Return the range from the first to the last True cell along an axis, shifted by `offset`."""
    counted = np.flatnonzero(block.any(axis=tuple(other for other in range(3) if other != axis)))
    return slice(offset + int(counted[0]), offset + int(counted[-1]) + 1)
