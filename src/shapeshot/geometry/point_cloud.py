"""A point cloud: immutable, checked when made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.geometry.mesh import as_rows

if TYPE_CHECKING:
    from jaxtyping import Float32


@dataclass(frozen=True, eq=False)
class PointCloud:
    """Surface points, +y up and front towards +z; lengths in the canonical cube or in metres.

    points: float32 [points, 3], finite.
    colors: float32 [points, 3], sRGB in [0, 1], or None.
    normals: float32 [points, 3], unit, outwards, or None.
    """

    points: Float32[np.ndarray, "points 3"]
    colors: Float32[np.ndarray, "points 3"] | None = None
    normals: Float32[np.ndarray, "points 3"] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", as_rows(self.points, np.float32, "points"))
        for name in ("colors", "normals"):
            if (values := getattr(self, name)) is not None:
                object.__setattr__(self, name, as_rows(values, np.float32, name, len(self.points)))

    def __len__(self) -> int:
        return len(self.points)

    def scaled(self, factor: float) -> PointCloud:
        """Return the cloud with all lengths multiplied by `factor`."""
        return PointCloud(self.points * np.float32(factor), self.colors, self.normals)
