"""The cases that a report shows: which ones, and their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.data.dataset import Dataset, Sample
from shapeshot.data.truth import true_shape
from shapeshot.errors import EmptyShapeError, PhotoError
from shapeshot.evaluation.predictor import Predictor, TruthSeer
from shapeshot.evaluation.rows import Row
from shapeshot.evaluation.scoring import predict_view
from shapeshot.geometry import Mesh, PointCloud
from shapeshot.preview import Framing, render_mesh, render_points
from shapeshot.scores.metrics import METRICS

if TYPE_CHECKING:
    from jaxtyping import Float32, UInt8

CASES_PER_GROUP = 5
PICTURE_SIZE = 224
# How far the second picture is turned from the photo's camera: far enough to show what the photo hides.
TURN_DEG = 120.0


@dataclass(frozen=True, eq=False)
class Case:
    """One view with its pictures, uint8 [size, size, 4].

    seen: from the photo's own direction; turned: from 120 degrees further round. Predictions are None where it failed.
    """

    row: Row
    name: str
    photo: UInt8[np.ndarray, "side side 4"]
    predicted_seen: UInt8[np.ndarray, "size size 4"] | None
    true_seen: UInt8[np.ndarray, "size size 4"]
    predicted_turned: UInt8[np.ndarray, "size size 4"] | None
    true_turned: UInt8[np.ndarray, "size size 4"]


def choose_rows(rows: Sequence[Row], metric: str = "iou", count: int = CASES_PER_GROUP) -> dict[str, list[Row]]:
    """Rows of the best, the median and the worst score in a metric; near-duplicates are shown once.

    Each group of near-duplicates stands for itself by the view with the middle score of all its views, so no lucky
    view is picked.
    """
    sign = 1 if METRICS[metric].higher_is_better else -1

    def score(row: Row) -> float:
        return sign * row.scores[metric]

    by_group: dict[str, list[Row]] = {}
    for row in rows:
        by_group.setdefault(row.group, []).append(row)
    middles = [sorted(views, key=score)[len(views) // 2] for views in by_group.values()]
    ranked = sorted(middles, key=score, reverse=True)
    count = min(count, max(1, len(ranked) // 3))
    middle = (len(ranked) - count) // 2
    groups = {"Best": ranked[:count], "Median": ranked[middle : middle + count], "Worst": ranked[-count:]}
    shown: set[str] = set()
    chosen: dict[str, list[Row]] = {}
    for title, group in groups.items():
        chosen[title] = [row for row in group if row.group not in shown]
        shown |= {row.group for row in group}
    return {title: group for title, group in chosen.items() if group}


def make_case(row: Row, predictor: Predictor | TruthSeer, dataset: Dataset) -> Case:
    """Predicts a view once more (evaluation keeps no shapes) and draws what came and what was true."""
    sample = dataset.sample(row.object_id)
    truth, predicted = Mesh(sample.vertices, sample.faces), _shape(row, predictor, sample)
    shown = [truth.vertices] if predicted is None else [truth.vertices, _positions(predicted)]
    framing = Framing.around(np.concatenate(shown))

    def picture(shape: Mesh | PointCloud, turn_deg: float) -> UInt8[np.ndarray, "size size 4"]:
        camera = sample.cameras[row.view]
        direction = camera.azimuth_deg + turn_deg, camera.elevation_deg
        if isinstance(shape, Mesh):
            return render_mesh(shape, PICTURE_SIZE, *direction, framing)
        return render_points(shape, PICTURE_SIZE, *direction, framing)

    return Case(
        row=row,
        name=sample.info.name,
        photo=sample.view(row.view),
        predicted_seen=None if predicted is None else picture(predicted, 0.0),
        true_seen=picture(truth, 0.0),
        predicted_turned=None if predicted is None else picture(predicted, TURN_DEG),
        true_turned=picture(truth, TURN_DEG),
    )


def _shape(row: Row, predictor: Predictor | TruthSeer, sample: Sample) -> Mesh | PointCloud | None:
    """What there is to draw: the mesh, or the points of a kind without one."""
    try:
        prediction = predict_view(predictor, sample.view(row.view), true_shape(sample))
    except (EmptyShapeError, PhotoError):
        return None
    shape = prediction.mesh or prediction.surface
    return shape if len(_positions(shape)) else None


def _positions(shape: Mesh | PointCloud) -> Float32[np.ndarray, "points 3"]:
    return shape.vertices if isinstance(shape, Mesh) else shape.points
