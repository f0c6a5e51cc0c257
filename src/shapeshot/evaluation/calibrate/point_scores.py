"""Whether a point's confidence tells anything: are surer points nearer to the true surface?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset
from shapeshot.errors import EmptyShapeError, PhotoError
from shapeshot.evaluation.metrics import nearest_pairs
from shapeshot.evaluation.statistics import bootstrap_mean
from shapeshot.reconstruct import reconstruct

if TYPE_CHECKING:
    from shapeshot.field_model import FieldModel

QUARTERS = 4


def point_scores(model: FieldModel, dataset: Dataset, split: str, progress: bool = True) -> dict[str, Any]:
    """Over the first view of each object of a split: rank correlation of confidence and distance to the true surface.

    spearman: mean of the objects' own correlations with its bootstrap interval (negative: surer is nearer).
    share_negative: of objects. distance_by_confidence: mean distance, in fractions of the cube's side, of each object's
    least sure quarter of points to its surest.
    """
    from scipy.stats import spearmanr

    correlations, groups, distances = [], [], []
    for object_id in tqdm(dataset.ids(split), desc=f"points of {split}", unit="obj", disable=not progress):
        sample = dataset.sample(object_id)
        try:
            shape = reconstruct(sample.view(0), model=model)
        except (EmptyShapeError, PhotoError):
            continue
        sure = shape.point_confidence
        assert sure is not None
        off = nearest_pairs(shape.points.points, sample.points).distances
        correlations.append(float(spearmanr(sure, off).statistic))
        groups.append(sample.group)
        order = np.argsort(sure, kind="stable")
        distances.append([off[part].mean() for part in np.array_split(order, QUARTERS)])
    interval = bootstrap_mean(correlations, groups)
    return {
        "objects": len(correlations),
        "refused": len(dataset.ids(split)) - len(correlations),
        "spearman": [interval.mean, interval.low, interval.high],
        "share_negative": float(np.mean(np.array(correlations) < 0)),
        "distance_by_confidence": np.mean(distances, axis=0).tolist(),
    }
