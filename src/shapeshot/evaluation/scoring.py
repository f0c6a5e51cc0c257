"""Scoring by a protocol: same views, same truth, same frame, same number of points for everything that is compared.

A prediction is scored as it comes, in the canonical cube, without any alignment. What its kind cannot give is missing;
a predictor that fails on a view gets the worst score for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample, require_objects
from shapeshot.data.truth import Truth, true_shape
from shapeshot.errors import EmptyShapeError, PhotoError, UserError
from shapeshot.evaluation.confusion import SurfaceIndex
from shapeshot.evaluation.predictor import Predictor, ThresholdedPredictor, TruthSeer
from shapeshot.evaluation.protocols import DEFAULT, PROTOCOLS, EvaluationProtocol, require_metrics
from shapeshot.evaluation.rows import Row
from shapeshot.scores.aspects import MESH, PROBABILITIES, SURFACE
from shapeshot.scores.metrics import check_mesh, iou_curve, surface_scores, voxel_iou, worst_scores
from shapeshot.scores.prediction import Prediction

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8


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


def predict_view(predictor: Predictor | TruthSeer, image: UInt8[np.ndarray, "size size 4"], truth: Truth) -> Prediction:
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
    start = time.perf_counter()
    prediction, probabilities, failure = _attempt(predictor, sample.view(view), truth, protocol)
    seconds = time.perf_counter() - start
    # Of a prediction that is empty at its own threshold, too: at a lower one it may not be.
    found = {} if probabilities is None else iou_curve(probabilities, truth.occupancy)
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


def _attempt(
    predictor: Predictor | TruthSeer,
    image: UInt8[np.ndarray, "size size 4"],
    truth: Truth,
    protocol: EvaluationProtocol,
) -> tuple[Prediction | None, Float[np.ndarray, "n n n"] | None, str]:
    """The prediction, or None and why; and probabilities, where the predictor has them and the protocol looks at them.

    The view is looked at once. Only what a photo can cause is a failure; a broken model stops the run.
    """
    probabilities = None
    try:
        if PROBABILITIES not in protocol.scores & predictor.gives:
            return predict_view(predictor, image, truth), None, ""
        answer = cast(ThresholdedPredictor, predictor).answer(image)
        probabilities = answer.probabilities
        return answer.shape(), probabilities, ""
    except (EmptyShapeError, PhotoError) as error:
        return None, probabilities, str(error)
