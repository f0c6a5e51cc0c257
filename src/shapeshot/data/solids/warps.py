"""Copies of a solid in other proportions: each axis stretched as a whole, and some of its parts more than others.

Furniture comes in every width and height, and with longer legs under a lower back: a monotone, piecewise linear map of
each axis keeps straight edges along the axes straight and right angles right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Num

from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.data.solids.variants import MAX_STRETCH

MAX_BEND = 0.4  # natural log; what a part of an axis is stretched by beyond the whole, before the length is restored
KNOTS = (0.25, 0.75)  # where an axis may be parted, as a share of its length, or of its half where it is symmetric


@dataclass(frozen=True, eq=False)
class AxisMap:
    """A map of one axis that takes each knot of `old` to that of `new`, linear between them: float [knots], rising."""

    old: Num[np.ndarray, " knots"]
    new: Num[np.ndarray, " knots"]

    def forward(self, values: np.ndarray) -> np.ndarray:
        """Map old coordinates to where they are now."""
        warped: np.ndarray = np.interp(values, self.old, self.new)
        return warped

    def backward(self, values: Float[np.ndarray, " values"]) -> Float64[np.ndarray, " values"]:
        """Map new coordinates back to where they were; NaN beyond the outer knots."""
        unwarped: np.ndarray = np.interp(values, self.new, self.old, left=np.nan, right=np.nan)
        return unwarped


def random_warp(
    rng: np.random.Generator, low: Float[np.ndarray, " 3"], high: Float[np.ndarray, " 3"], bent: bool
) -> list[AxisMap]:
    """Maps of x, y and z for what reaches from `low` to `high`, float [3].

    Each axis becomes up to 35 % longer or shorter. bent: it is also parted somewhere, and its parts change unequally;
    x stays symmetric, as furniture is.
    """
    return [_random_axis(rng, low[axis], high[axis], bent, symmetric=axis == 0) for axis in range(3)]


def _random_axis(
    rng: np.random.Generator, low: float | np.float32, high: float | np.float32, bent: bool, symmetric: bool
) -> AxisMap:
    old = new = np.array([0.0, 1.0])
    if bent:
        knot = rng.uniform(*KNOTS)
        parts = np.array([knot, 1 - knot]) * np.exp(rng.uniform(-MAX_BEND, MAX_BEND, 2))
        old, new = np.array([0.0, knot, 1.0]), np.array([0.0, parts[0] / parts.sum(), 1.0])
    if symmetric:
        old, new = (np.concatenate([-half[:0:-1], half]) / 2 + 0.5 for half in (old, new))
    length = (high - low) * np.exp(rng.uniform(-MAX_STRETCH, MAX_STRETCH))
    return AxisMap(low + old * (high - low), new * length)


def warp(
    solid: Bool[np.ndarray, "side side side"],
    centers: Float32[np.ndarray, "cells 3"],
    maps: Sequence[AxisMap],
    resolution: int = 32,
) -> tuple[Bool[np.ndarray, "resolution resolution resolution"], Float32[np.ndarray, "cells 3"]]:
    """A solid with its axes mapped, centred again, its longest side 1.

    solid: bool [n, n, n]. centers: its `silhouettes.surface_centers`, float32 [cells, 3]. maps: of x, y and z, from the
        solid's lowest to its highest coordinate.
    Returns its occupancy, bool [resolution, resolution, resolution], and where those centres are now, float32.
    """
    side, longest = len(solid), max(np.ptp(axis.new) for axis in maps)
    finer = (np.arange(2 * resolution) + 0.5) / (2 * resolution) - 0.5
    cells, moved = [], []
    for axis, values in zip(maps, centers.T, strict=True):
        middle = (axis.new[0] + axis.new[-1]) / 2
        wanted = np.floor((axis.backward(finer * longest + middle) + 0.5) * side)
        cells.append(np.clip(np.nan_to_num(wanted, nan=-1), -1, side).astype(int) + 1)  # beyond it, the padding
        moved.append((axis.forward(values) - middle) / longest)
    occupancy = downsample_occupancy(np.pad(solid, 1)[np.ix_(*cells)], resolution)
    return occupancy, np.stack(moved, axis=1).astype(np.float32)
