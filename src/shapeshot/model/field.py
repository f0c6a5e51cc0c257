"""The field of one photo: occupancy on grids over the canonical cube, and values between the centres of their cells."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import ModelError
from shapeshot.geometry import cell_centers
from shapeshot.geometry.surface_blocks import surface_blocks

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

# Cells of the grid evaluated in one run: their features stay in the processor's cache, and memory stays bounded.
CELLS_PER_RUN = 16_384

# (xs [x], ys [y], zs [z]) -> logits float32 [x, y, z] where the coordinates cross.
Evaluate = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Field:
    """Occupancy on a regular grid over the canonical cube.

    logits: indexed [x, y, z], at the cells' centres; above `level` is inside.
    """

    logits: Float[np.ndarray, "n n n"]
    level: float

    @property
    def resolution(self) -> int:
        """Cells along each side."""
        return len(self.logits)

    @property
    def occupancy(self) -> Bool[np.ndarray, "n n n"]:
        """Which cells are inside the solid."""
        return self.logits > self.level

    @property
    def probabilities(self) -> Float[np.ndarray, "n n n"]:
        """The occupancy probability of each cell, as the model has it."""
        return sigmoid(self.logits)

    def at_threshold(self, threshold: float) -> Field:
        """The same field with its surface at another probability, in (0, 1)."""
        return self.at_level(logit(threshold))

    def at_level(self, level: float) -> Field:
        """The same field with its surface at another logit."""
        return replace(self, level=level)


def logit(probability: float) -> float:
    """Turn a probability p in (0, 1) into the logit log(p / (1 - p))."""
    return math.log(probability / (1 - probability))


def sigmoid(logits: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """1 / (1 + exp(-x)), without overflow."""
    return (1 + np.tanh(logits / 2)) / 2


def whole_grid(evaluate: Evaluate, resolution: int, level: float) -> Field:
    """The field at the centres of resolution^3 cells. Raises ModelError for a resolution below 1."""
    if resolution < 1:
        raise ModelError(f"the grid's resolution must be at least 1; got {resolution}")
    centers = cell_centers(resolution)
    logits = np.empty((resolution,) * 3, dtype=np.float32)
    step = max(1, CELLS_PER_RUN // resolution**2)
    for start in range(0, resolution, step):
        rows = slice(start, start + step)
        logits[rows] = evaluate(centers[rows], centers, centers)
    return Field(logits, level)


def guided_grid(evaluate: Evaluate, resolution: int, guide: Field) -> Field:
    """The field at the centres of resolution^3 cells, evaluated only where the surface may be by the guide.

    guide: the same field on a grid that this one divides evenly, such as half as fine. In a fraction of the time of
    `whole_grid` the result has the same surface, and the same cells lie inside; far from the surface it holds the
    guide's values. Raises ModelError for a guide that does not fit.
    """
    times, rest = divmod(resolution, guide.resolution)
    if rest or resolution < 1:
        raise ModelError(f"a grid of {resolution} cells a side cannot be guided by one of {guide.resolution}")
    centers, logits = cell_centers(resolution), guide.logits
    for axis in range(3):
        logits = logits.repeat(times, axis)
    for box in surface_blocks(guide.logits, guide.level):
        x, y, z = (slice(cells.start * times, cells.stop * times) for cells in box)
        logits[x, y, z] = evaluate(centers[x], centers[y], centers[z])
    return Field(logits, guide.level)


def sample_axes(
    volume: Float[np.ndarray, "n n n"],
    xs: Float[np.ndarray, " x"],
    ys: Float[np.ndarray, " y"],
    zs: Float[np.ndarray, " z"],
) -> Float[np.ndarray, "x y z"]:
    """The values of a volume over the canonical cube where the coordinates cross.

    Linear between the centres of cells along each axis, constant beyond the outermost. Element by element, so that a
    value does not depend, to the bit, on what else is asked for.
    """
    for axis, coordinates in enumerate((xs, ys, zs)):
        count = volume.shape[axis]
        cells = np.clip((np.asarray(coordinates, np.float32) + 0.5) * count - 0.5, 0, count - 1)
        lower = np.minimum(cells.astype(np.int64), count - 2)
        share = (cells - lower).reshape([-1 if other == axis else 1 for other in range(3)])
        low, high = volume.take(lower, axis), volume.take(lower + 1, axis)
        volume = low + (high - low) * share
    return volume


def sample_points(
    volume: Float[np.ndarray, "n n n"], points: Float[np.ndarray, "points 3"]
) -> Float[np.ndarray, " points"]:
    """The values of a volume between its cells' centres, float32, at points of the canonical cube.

    Beyond the outermost centres it is the nearest cell's value.
    """
    cells = volume.shape[0]
    place = np.clip((np.asarray(points, np.float32) + np.float32(0.5)) * cells - np.float32(0.5), 0, cells - 1)
    low = np.minimum(place.astype(np.intp), max(cells - 2, 0))
    x, y, z = (place - low).astype(np.float32).T
    # Places in the flat grid: of each cell's first corner, and how far along each axis the next one is.
    flat, corner, step = volume.ravel(), low @ np.array([cells**2, cells, 1]), min(cells - 1, 1)
    edges = [
        _between(flat[start], flat[start + step], z)
        for start in (corner + offset * step for offset in (0, cells, cells**2, cells**2 + cells))
    ]
    return _between(_between(edges[0], edges[1], y), _between(edges[2], edges[3], y), x)


def _between(
    low: Float[np.ndarray, "*shape"], high: Float[np.ndarray, "*shape"], share: Float[np.ndarray, "*shape"]
) -> Float[np.ndarray, " *shape"]:
    value: np.ndarray = low + (high - low) * share
    return value
