"""Whether a point's confidence tells anything: are surer points nearer to the true surface?"""

from __future__ import annotations

from typing import Any

import numpy as np

from shapeshot.model.heads import PointHead
from shapeshot.scores.reliability import Reliability
from shapeshot.scores.statistics import bootstrap_mean
from shapeshot.tuning.calibrate.points import SurfacePoints

QUARTERS = 4


def point_scores(head: PointHead, surface: SurfacePoints) -> dict[str, Any]:
    """Over the points of a split's surfaces.

    spearman: rank correlation of confidence and distance to the true surface over all points (negative: surer is
    nearer); spearman_within: the mean of the objects' own, with a bootstrap interval. share_negative: of objects.
    distance_by_confidence: mean distance, in fractions of the cube's side, from the least sure quarter of all points to
    the surest. near: the share of points within head.distance; calibration_error: of the confidence, which promises it.
    """
    from scipy.stats import spearmanr

    sure, off = head.confidence(surface.features), surface.distances
    objects = [surface.objects == name for name in np.unique(surface.objects)]
    within = [float(spearmanr(sure[own], off[own]).statistic) for own in objects]
    interval = bootstrap_mean(within)
    quarters = np.array_split(np.argsort(sure, kind="stable"), QUARTERS)
    near = off <= head.distance
    return {
        "objects": len(objects),
        "points": len(off),
        "spearman": float(spearmanr(sure, off).statistic),
        "spearman_within": [interval.mean, interval.low, interval.high],
        "share_negative": float(np.mean(np.array(within) < 0)),
        "distance_by_confidence": [float(off[part].mean()) for part in quarters],
        "near": float(near.mean()),
        "calibration_error": Reliability.of(sure, near).error,
    }
