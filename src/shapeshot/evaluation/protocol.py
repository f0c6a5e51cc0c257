"""The one protocol by which everything is scored: same views, same truth, same frame, same number of points.

Per object the first `views_per_object` rendered views are used; a dataset's views are seeded, so they are fixed. A
prediction is scored as it comes, in the canonical cube, without any alignment. A predictor that fails on a view gets
the worst score for it.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample, require_objects
from shapeshot.data.solid import downsample_occupancy
from shapeshot.data.surface import outer_points
from shapeshot.errors import EmptyShapeError, PhotoError, UserError
from shapeshot.evaluation.metrics import MeshCheck, check_mesh, surface_scores, voxel_iou, worst_surface_scores
from shapeshot.geometry import Mesh, PointCloud

RESOLUTION = 32
NUM_POINTS = 10_000
VIEWS_PER_OBJECT = 3


@dataclass(frozen=True, eq=False)
class Prediction:
    """One shape in the canonical cube.

    occupancy: bool [32, 32, 32]. surface: 10,000 points with normals (no points: an empty shape).
    mesh: what a user would get, or None. Raises ValueError for points without normals.
    """

    occupancy: np.ndarray
    surface: PointCloud
    mesh: Mesh | None = None

    def __post_init__(self) -> None:
        _normals(self.surface)


class Predictor(Protocol):
    """Anything that makes a shape of one view.

    details: what was fitted and chosen, as plain JSON values; the report shows it.
    """

    name: str
    details: Mapping[str, Any]

    def predict(self, view: np.ndarray) -> Prediction:
        """The shape in a view, uint8 [size, size, 4]. Raises EmptyShapeError or PhotoError where it sees none."""
        ...


@runtime_checkable
class TruthSeer(Protocol):
    """An upper bound, not a predictor: the one kind of thing that the protocol shows the truth."""

    name: str
    details: Mapping[str, Any]

    def predict_from_truth(self, occupancy: np.ndarray) -> Prediction:
        """The best it could have answered, given the true occupancy, bool [32, 32, 32]."""
        ...


@dataclass(frozen=True, eq=False)
class Truth:
    """What a prediction is scored against: occupancy bool [32, 32, 32] and 10,000 surface points with normals."""

    occupancy: np.ndarray
    surface: PointCloud


@dataclass(frozen=True)
class Row:
    """The scores of one view of one object.

    failure: why there is no prediction, or "". check: of the predicted mesh. seconds: for the prediction alone.
    """

    object_id: str
    kind: str
    group: str
    view: int
    scores: Mapping[str, float]
    check: MeshCheck
    seconds: float
    failure: str = ""


@dataclass(frozen=True)
class ObjectScores:
    """The mean over an object's views: the unit of all statistics, because views of one object are not independent."""

    object_id: str
    kind: str
    group: str
    scores: Mapping[str, float]


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
    views_per_object: int = VIEWS_PER_OBJECT,
    progress: bool = True,
) -> list[Row]:
    """Scores a predictor on the first views of every object of a split; one row per view, in the dataset's order.

    Memory holds one object at a time. Raises DatasetError for an unknown or empty split or a damaged dataset, and
    UserError for fewer than one view.
    """
    rows = []
    for sample in tqdm(samples_of(dataset, split, views_per_object), desc=predictor.name, disable=not progress):
        truth = true_shape(sample)
        for view in range(min(views_per_object, sample.num_views)):
            rows.append(score_view(predictor, sample, view, truth))
    return rows


class samples_of:
    """The samples of a split, one at a time, with a length for progress bars. Raises as `evaluate` does."""

    def __init__(self, dataset: Dataset, split: str, views_per_object: int) -> None:
        if views_per_object < 1:
            raise UserError(f"the number of views per object must be at least 1; got {views_per_object}")
        self._dataset, self._ids = dataset, dataset.ids(split)
        require_objects(self._ids, split, dataset.folder)

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Sample]:
        return (self._dataset.sample(object_id) for object_id in self._ids)


def predict_view(predictor: Predictor | TruthSeer, image: np.ndarray, truth: Truth) -> Prediction:
    """What a predictor says to a view; only a TruthSeer is shown the truth. Raises what it raises."""
    if isinstance(predictor, TruthSeer):
        return predictor.predict_from_truth(truth.occupancy)
    return predictor.predict(image)


def score_view(predictor: Predictor | TruthSeer, sample: Sample, view: int, truth: Truth) -> Row:
    """The row of one view."""
    image = sample.view(view)
    start = time.perf_counter()
    prediction, failure = _attempt(predictor, image, truth)
    seconds = time.perf_counter() - start
    scores = {"iou": 0.0} | worst_surface_scores() if prediction is None else score_prediction(prediction, truth)
    check = check_mesh(prediction.mesh if prediction else None)
    return Row(sample.id, sample.info.kind, sample.group, view, scores, check, seconds, failure)


def score_prediction(prediction: Prediction, truth: Truth) -> dict[str, float]:
    """Every score of one prediction."""
    predicted, true = prediction.surface, truth.surface
    return {"iou": voxel_iou(prediction.occupancy, truth.occupancy)} | surface_scores(
        predicted.points, _normals(predicted), true.points, _normals(true)
    )


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


def _attempt(predictor: Predictor | TruthSeer, image: np.ndarray, truth: Truth) -> tuple[Prediction | None, str]:
    """The prediction, or None and why. Only what a photo can cause is a failure; a broken model stops the run."""
    try:
        return predict_view(predictor, image, truth), ""
    except (EmptyShapeError, PhotoError) as error:
        return None, str(error)


def _normals(cloud: PointCloud) -> np.ndarray:
    if cloud.normals is None:
        raise ValueError("surface points need normals to be scored")
    return cloud.normals
