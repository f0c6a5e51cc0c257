"""The scores of views, and of objects: what every table and statistic of a report is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from shapeshot.scores.metrics import MeshCheck


@dataclass(frozen=True)
class Row:
    """The scores of one view of one object.

    scores: by metric; those that the predictor's kind cannot give are not there. check: of the predicted mesh, None
    where the kind has none or the protocol does not look at it. seconds: for the prediction alone. failure: why there
    is no prediction, or "". nearest_id: of the true shape of the split that the prediction looks most like (see
    `evaluation.confusion`), nearest_kind: its kind; "" where there is no prediction.
    """

    object_id: str
    kind: str
    group: str
    view: int
    scores: Mapping[str, float]
    check: MeshCheck | None
    seconds: float
    failure: str = ""
    nearest_id: str = ""
    nearest_kind: str = ""


@dataclass(frozen=True)
class ObjectScores:
    """The mean over an object's views: the unit of all statistics, because views of one object are not independent."""

    object_id: str
    kind: str
    group: str
    scores: Mapping[str, float]


def object_means(rows: Iterable[Row]) -> list[ObjectScores]:
    """Rows averaged over the views of each object, in the order of first appearance."""
    by_object: dict[str, list[Row]] = {}
    for row in rows:
        by_object.setdefault(row.object_id, []).append(row)
    return [
        ObjectScores(object_id, views[0].kind, views[0].group, _mean_scores(views))
        for object_id, views in by_object.items()
    ]


def _mean_scores(views: Sequence[Row]) -> dict[str, float]:
    return {metric: float(np.mean([row.scores[metric] for row in views])) for metric in views[0].scores}
