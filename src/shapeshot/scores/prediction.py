"""What is scored: one predicted shape, of whatever kind of model it comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.geometry import Mesh, PointCloud

if TYPE_CHECKING:
    from jaxtyping import Bool

RESOLUTION = 32  # cells of the occupancy that is scored, along each side
NUM_POINTS = 10_000  # of a surface; a protocol takes as many of them as it compares


@dataclass(frozen=True, eq=False)
class Prediction:
    """One shape in the canonical cube; None is what its kind does not have.

    occupancy: which cells are inside, at RESOLUTION. surface: points, with normals where the kind has any (no points:
    an empty shape). mesh: what a user would get.
    """

    occupancy: Bool[np.ndarray, "n n n"] | None
    surface: PointCloud
    mesh: Mesh | None = None
