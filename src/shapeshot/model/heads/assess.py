"""What the heads say about one photo and its field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shapeshot.model.heads.familiarity import Familiarity
from shapeshot.model.heads.heads import Heads
from shapeshot.model.heads.size import SizeEstimate


@dataclass(frozen=True, eq=False)
class Assessment:
    """What is known about a reconstruction's worth; each part is None where the model has no head for it.

    probabilities: calibrated occupancy, float32 [n, n, n]. point_confidence: float32 [points] in 0..1, see `PointHead`.
    """

    size_estimate: SizeEstimate | None = None
    familiarity: Familiarity | None = None
    probabilities: np.ndarray | None = None
    point_confidence: np.ndarray | None = None


def assess(
    heads: Heads, features: np.ndarray | None, logits: np.ndarray, points: np.ndarray, normals: np.ndarray | None
) -> Assessment:
    """Asks every head that there is.

    features: of the photo, float32 [features], or None where the encoder gives none. logits: the field on the voxels'
    grid, float32 [n, n, n]. points, normals: on the surface, float [points, 3] in the canonical cube.
    """
    sure = heads.points(logits, points, normals) if heads.points is not None and normals is not None else None
    return Assessment(
        size_estimate=heads.estimate_size(features),
        familiarity=heads.judge(features),
        probabilities=None if heads.calibration is None else heads.calibration(logits),
        point_confidence=sure,
    )
