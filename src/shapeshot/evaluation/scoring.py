"""Scoring by a protocol: same views, same truth, same frame, same number of points for everything that is compared.

A prediction is scored as it comes, in the canonical cube, without any alignment. What its kind cannot give is missing;
a predictor that fails on a view gets the worst score for it.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample, require_objects
from shapeshot.data.solid import downsample_occupancy
from shapeshot.data.surface import outer_points
from shapeshot.errors import EmptyShapeError, PhotoError, UserError
from shapeshot.evaluation.confusion import SurfaceIndex
from shapeshot.evaluation.predictor import (
    NUM_POINTS,
    RESOLUTION,
    Prediction,
    Predictor,
    ThresholdedPredictor,
    TruthSeer,
)
from shapeshot.evaluation.protocols import DEFAULT, PROTOCOLS, EvaluationProtocol, require_metrics
from shapeshot.evaluation.rows import Row
from shapeshot.geometry import PointCloud
from shapeshot.scores.aspects import MESH, PROBABILITIES, SURFACE
from shapeshot.scores.metrics import check_mesh, iou_curve, surface_scores, voxel_iou, worst_scores


@dataclass(frozen=True, eq=False)
class Truth:
    """What a prediction is scored against: occupancy bool [32, 32, 32] and surface points with normals."""

    occupancy: np.ndarray
    surface: PointCloud


def true_shape(sample: Sample, num_points: int = NUM_POINTS) -> Truth:
    """The truth of one object; its points are drawn with a seed made of its id, so all runs score against the same."""
    occupancy = downsample_occupancy(sample.solid, RESOLUTION)
    rng = np.random.default_rng(zlib.crc32(sample.id.encode()))
    points, normals = outer_points(sample.vertices, sample.faces, sample.solid, num_points, rng)
    return Truth(occupancy, PointCloud(points, normals=normals))


def evaluate(
    predictor: Predictor | TruthSeer,
    dataset: Dataset,
    split: str,
    *,
    protocol: EvaluationProtocol = PROTOCOLS[DEFAULT],
    views_per_object: int | None = None,
    progress: bool = True,
) -> list[Row]:
    """Scores a predictor on views of every object of a split; one row per view, in the dataset's order.

    views_per_object: None for as many as the protocol says. Memory holds one object, and 4 KB of each surface.
    Raises DatasetError for an unknown or empty split or a damaged dataset, and UserError for fewer than one view or a
    protocol that has no metric for what the predictor gives.
    """
    require_metrics(protocol, predictor.name, predictor.gives)
    rows, surfaces = [], SurfaceIndex()
    samples = samples_of(dataset, split, views_per_object, protocol)
    for sample in tqdm(samples, desc=predictor.name, disable=not progress):
        truth = true_shape(sample, protocol.num_points)
        surfaces.add_truth(sample.id, sample.info.kind, truth.surface)
        for view in samples.views(sample):
            row, prediction = score_view(predictor, sample, view, truth, protocol)
            rows.append(row)
            surfaces.add_prediction(None if prediction is None else prediction.surface)
    return surfaces.with_nearest(rows)


class samples_of:
    """The samples of a split, one at a time, with a length for progress bars. Raises as `evaluate` does."""

    def __init__(
        self,
        dataset: Dataset,
        split: str,
        views_per_object: int | None = None,
        protocol: EvaluationProtocol = PROTOCOLS[DEFAULT],
    ) -> None:
        self.views_per_object = protocol.views_per_object if views_per_object is None else views_per_object
        if self.views_per_object < 1:
            raise UserError(f"the number of views per object must be at least 1; got {views_per_object}")
        self._dataset, self._ids, self._protocol = dataset, dataset.ids(split), protocol
        require_objects(self._ids, split, dataset.folder)

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Sample]:
        return (self._dataset.sample(object_id) for object_id in self._ids)

    def views(self, sample: Sample) -> list[int]:
        """The numbers of the views of a sample that the protocol takes."""
        return self._protocol.views(sample.id, sample.num_views, self.views_per_object)


def predict_view(predictor: Predictor | TruthSeer, image: np.ndarray, truth: Truth) -> Prediction:
    """What a predictor says to a view; only a TruthSeer is shown the truth. Raises what it raises."""
    if isinstance(predictor, TruthSeer):
        return predictor.predict_from_truth(truth.occupancy)
    return predictor.predict(image)


def score_view(
    predictor: Predictor | TruthSeer,
    sample: Sample,
    view: int,
    truth: Truth,
    protocol: EvaluationProtocol = PROTOCOLS[DEFAULT],
) -> tuple[Row, Prediction | None]:
    """The row of one view, and what was predicted."""
    image = sample.view(view)
    start = time.perf_counter()
    prediction, failure = _attempt(predictor, image, truth)
    seconds = time.perf_counter() - start
    found = _curve_scores(predictor, image, truth, protocol)
    if prediction is not None:
        found |= score_prediction(prediction, truth, protocol)
    scores = worst_scores(protocol.metrics(predictor.gives))
    scores |= {name: found[name] for name in scores if name in found}
    check = check_mesh(prediction.mesh if prediction else None) if MESH in protocol.scores & predictor.gives else None
    return Row(sample.id, sample.info.kind, sample.group, view, scores, check, seconds, failure), prediction


def score_prediction(
    prediction: Prediction, truth: Truth, protocol: EvaluationProtocol = PROTOCOLS[DEFAULT]
) -> dict[str, float]:
    """Every score of a protocol that one prediction has what it takes for."""
    scores = {}
    if prediction.occupancy is not None:
        scores["iou"] = voxel_iou(prediction.occupancy, truth.occupancy)
    if SURFACE in protocol.scores:
        mine, true = protocol.take(prediction.surface), truth.surface
        scores |= surface_scores(mine.points, mine.normals, true.points, true.normals)
    return scores


def _attempt(predictor: Predictor | TruthSeer, image: np.ndarray, truth: Truth) -> tuple[Prediction | None, str]:
    """The prediction, or None and why. Only what a photo can cause is a failure; a broken model stops the run."""
    try:
        return predict_view(predictor, image, truth), ""
    except (EmptyShapeError, PhotoError) as error:
        return None, str(error)


def _curve_scores(
    predictor: Predictor | TruthSeer, image: np.ndarray, truth: Truth, protocol: EvaluationProtocol
) -> dict[str, float]:
    """IoU over thresholds of occupancy, where there are probabilities and the protocol looks at them.

    Those of a prediction that is empty at its own threshold too: at a lower one it may not be.
    """
    if PROBABILITIES not in protocol.scores & predictor.gives:
        return {}
    try:
        return iou_curve(cast(ThresholdedPredictor, predictor).probabilities(image), truth.occupancy)
    except PhotoError:
        return {}
