"""A voxel grid: immutable, checked when made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import MeshError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float32


@dataclass(frozen=True, eq=False)
class VoxelGrid:
    """Solid occupancy of a cube, indexed [x, y, z]; True means that the cell's centre is inside the solid.

    occupancy: bool [n, n, n].
    colors: float32 [n, n, n, 3], sRGB in [0, 1], or None; meaningful where occupied.
    side: edge length of the whole cube, which is centred at the origin (1 in the canonical frame, or metres).
    Raises MeshError on wrong shapes and a side that is not positive.
    """

    occupancy: Bool[np.ndarray, "width height depth"]
    colors: Float32[np.ndarray, "width height depth 3"] | None = None
    side: float = 1.0

    def __post_init__(self) -> None:
        shape = np.shape(self.occupancy)
        if len(shape) != 3 or len(set(shape)) != 1 or not shape[0]:
            raise MeshError(f"occupancy must have shape [n, n, n]; got {list(shape)}")
        if self.colors is not None and np.shape(self.colors) != (*shape, 3):
            raise MeshError(f"voxel colors must have shape {[*shape, 3]}; got {list(np.shape(self.colors))}")
        if not 0 < self.side < np.inf:
            raise MeshError(f"the side of a voxel grid must be a positive length; got {self.side}")
        object.__setattr__(self, "occupancy", np.array(self.occupancy, dtype=bool))
        self.occupancy.flags.writeable = False
        if self.colors is not None:
            object.__setattr__(self, "colors", np.array(self.colors, dtype=np.float32))
            self.colors.flags.writeable = False

    @property
    def resolution(self) -> int:
        """Cells along each side."""
        cells: int = self.occupancy.shape[0]
        return cells

    @property
    def cell_size(self) -> float:
        """Edge length of one cell."""
        return self.side / self.resolution

    @property
    def volume(self) -> float:
        """Occupied volume."""
        return float(self.occupancy.sum()) * self.cell_size**3

    def scaled(self, factor: float) -> VoxelGrid:
        """Return the grid with all lengths multiplied by `factor`."""
        return VoxelGrid(self.occupancy, self.colors, self.side * factor)


def cell_centers(resolution: int, side: float = 1.0) -> Float32[np.ndarray, " resolution"]:
    """Coordinates of cell centres along one axis of the centred cube, float32 [resolution]: (i + 0.5) / n - 0.5."""
    return ((np.arange(resolution) + 0.5) / resolution - 0.5).astype(np.float32) * np.float32(side)
