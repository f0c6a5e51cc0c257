"""Points at which a field is supervised: half anywhere in the cube, half near the surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8


@dataclass(frozen=True, eq=False)
class PackedSolid:
    """A solid occupancy as packed bits, looked up without unpacking: 256 KB at 128^3."""

    bits: UInt8[np.ndarray, " bytes"]
    resolution: int

    @classmethod
    def pack(cls, solid: Bool[np.ndarray, "side side side"]) -> PackedSolid:
        return cls(np.packbits(solid), solid.shape[0])

    def at(self, points: Float[np.ndarray, "points 3"]) -> Bool[np.ndarray, " points"]:
        """Occupancy bool [points] of the cells that hold the points [points, 3]; False outside the canonical cube."""
        cells = np.floor((points + 0.5) * self.resolution).astype(np.int64)
        inside = ((cells >= 0) & (cells < self.resolution)).all(axis=1)
        flat = np.ravel_multi_index(np.clip(cells, 0, self.resolution - 1).T, (self.resolution,) * 3)
        occupied: np.ndarray = inside & ((self.bits[flat >> 3] >> (7 - (flat & 7))) & 1).astype(bool)
        return occupied


@dataclass(frozen=True, eq=False)
class Queries:
    """Places at which the field is compared with the truth, and the truth there.

    points: float32 [queries, 3]. occupancy: bool [queries]. colors: float32 [queries, 3], sRGB in [0, 1].

    near: bool [queries]; colours are known only where it is True.
    """

    points: Float32[np.ndarray, "queries 3"]
    occupancy: Bool[np.ndarray, " queries"]
    colors: Float32[np.ndarray, "queries 3"]
    near: Bool[np.ndarray, " queries"]


def sample_queries(
    solid: PackedSolid,
    surface_points: Float[np.ndarray, "points 3"],
    surface_colors: UInt8[np.ndarray, "points 3"],
    num_queries: int,
    rng: np.random.Generator,
) -> Queries:
    """Half uniform in the cube, half surface points moved by Gaussian noise, as in Occupancy Networks and IF-Net.

    The noise has a standard deviation of 0.01 or 0.04 of the cube's side, half each. A near query takes the colour of
    the surface point that it was moved from.
    """
    num_near = num_queries // 2
    chosen = rng.integers(0, len(surface_points), num_near)
    sigma = np.where(np.arange(num_near) % 2, 0.01, 0.04)[:, None]
    near = surface_points[chosen] + rng.normal(0, 1, (num_near, 3)) * sigma
    uniform = rng.uniform(-0.5, 0.5, (num_queries - num_near, 3))
    points = np.clip(np.concatenate([near, uniform]), -0.5, 0.5 - 1e-6).astype(np.float32)
    colors = np.zeros((num_queries, 3), np.float32)
    colors[:num_near] = surface_colors[chosen] / np.float32(255)
    return Queries(points, solid.at(points), colors, np.arange(num_queries) < num_near)
