"""What the heads say about one photo and its field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shapeshot.confidence.calibration import surface_confidence
from shapeshot.confidence.familiarity import Familiarity
from shapeshot.confidence.heads import Heads
from shapeshot.confidence.size import SizeEstimate


@dataclass(frozen=True, eq=False)
class Assessment:
    """What is known about a reconstruction's worth; each part is None where the model has no head for it.

    probabilities: calibrated occupancy, float32 [n, n, n]. point_confidence: float32 [points] in 0..1, see
    `surface_confidence`.
    """

    size_estimate: SizeEstimate | None = None
    familiarity: Familiarity | None = None
    probabilities: np.ndarray | None = None
    point_confidence: np.ndarray | None = None


def assess(
    heads: Heads,
    features: np.ndarray | None,
    coarse: np.ndarray,
    fine: np.ndarray,
    points: np.ndarray,
    normals: np.ndarray | None,
) -> Assessment:
    """Asks every head that there is.

    features: of the photo, float32 [features], or None where the encoder gives none. coarse, fine: the field's logits
    on the voxels' grid and on the mesh's. points, normals: on the surface, float [points, 3] in the canonical cube.
    """
    size, familiarity = heads.estimate_size(features), heads.judge(features)
    if heads.calibration is None:
        return Assessment(size, familiarity)
    confidence = None
    if normals is not None:
        confidence = surface_confidence(heads.calibration(fine), points, normals)
    return Assessment(size, familiarity, heads.calibration(coarse), confidence)
