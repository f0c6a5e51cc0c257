"""Values of a frustum grid between its cells' centres; see `geometry.frustum` for its axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapeshot.geometry.frustum import HALF_DEPTH

if TYPE_CHECKING:
    from jaxtyping import Float32


BEYOND = -12.0  # the logit of what lies around a grid: surely outside


class FrustumSampler:
    """A frustum grid that is asked for values many times."""

    def __init__(self, grid: Float32[np.ndarray, "depths rows columns"], beyond: float | None = None) -> None:
        """beyond: what lies around the grid; None for the value of the nearest cell."""
        self.shape = grid.shape
        padded = np.pad(grid, 1, "edge") if beyond is None else np.pad(grid, 1, constant_values=np.float32(beyond))
        self._flat = padded.ravel()

    def at(self, seen: Float32[np.ndarray, "points 3"]) -> Float32[np.ndarray, " points"]:
        """The values at crop coordinates."""
        depths, rows, columns = self.shape
        u, v, t = seen.T
        places = (
            (HALF_DEPTH - t) * np.float32(depths / (2 * HALF_DEPTH)) + np.float32(0.5),
            (np.float32(0.5) - v) * np.float32(rows) + np.float32(0.5),
            (u + np.float32(0.5)) * np.float32(columns) + np.float32(0.5),
        )
        strides = ((rows + 2) * (columns + 2), columns + 2, 1)
        corner, shares = np.zeros(len(u), np.int32), []
        for place, count, stride in zip(places, self.shape, strides, strict=True):
            inside = np.clip(place, 0, count + 1)
            low = np.minimum(inside.astype(np.int32), count)
            shares.append((inside - low).astype(np.float32))
            corner += low * np.int32(stride)
        values = [self._flat[corner + offset] for offset in _corners(strides)]
        for share in reversed(shares):
            values = [low + (high - low) * share for low, high in zip(values[::2], values[1::2], strict=True)]
        between: np.ndarray = values[0]
        return between


def sample_frustum(
    grid: Float32[np.ndarray, "depths rows columns"],
    seen: Float32[np.ndarray, "points 3"],
    beyond: float | None = None,
) -> Float32[np.ndarray, " points"]:
    """The values at crop coordinates, for a grid that is asked once; `beyond` as of a FrustumSampler."""
    return FrustumSampler(grid, beyond).at(seen)


def _corners(strides: tuple[int, int, int]) -> list[np.int32]:
    """The offsets of a cell's eight corners; the last axis changes first."""
    return [
        np.int32(first * strides[0] + second * strides[1] + third * strides[2])
        for first in (0, 1)
        for second in (0, 1)
        for third in (0, 1)
    ]
