"""What the heads say about one photo and its field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.model.heads.familiarity import Familiarity
from shapeshot.model.heads.heads import Heads
from shapeshot.model.heads.size import SizeEstimate

if TYPE_CHECKING:
    from jaxtyping import Float, Float32


@dataclass(frozen=True, eq=False)
class Assessment:
    """What is known about a reconstruction's worth; each part is None where the model has no head for it.

    probabilities: calibrated occupancy. point_confidence: in 0..1, see `PointHead`.
    """

    size_estimate: SizeEstimate | None = None
    familiarity: Familiarity | None = None
    probabilities: Float32[np.ndarray, "n n n"] | None = None
    point_confidence: Float32[np.ndarray, " points"] | None = None


def assess(
    heads: Heads,
    features: Float[np.ndarray, " features"] | None,
    logits: Float32[np.ndarray, "n n n"],
    points: Float[np.ndarray, "points 3"],
    normals: Float[np.ndarray, "points 3"] | None,
) -> Assessment:
    """Ask every head that the model has about one photo and its field.

    features: of the photo, or None where the encoder gives none. logits: the field on the voxels' grid. points,
    normals: on the surface, in the canonical cube.
    """
    sure = heads.points(logits, points, normals) if heads.points is not None and normals is not None else None
    return Assessment(
        size_estimate=heads.estimate_size(features),
        familiarity=heads.judge(features),
        probabilities=None if heads.calibration is None else heads.calibration(logits),
        point_confidence=sure,
    )
