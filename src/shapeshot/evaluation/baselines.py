"""What any model worth shipping must beat, and the bound on retrieval (the oracle).

The mean shape and retrieval know the training objects as they are; the memory is what the default model has beside its
network, on its own, so that a report shows what the network adds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.data.dataset import Dataset
from shapeshot.data.solids.silhouettes import view_silhouette
from shapeshot.errors import EmptyShapeError, unknown_name
from shapeshot.evaluation.features import Feature, choose_features
from shapeshot.evaluation.predictor import Answer, Predictor, TruthSeer
from shapeshot.evaluation.retrieval import RetrievalPredictor
from shapeshot.evaluation.threshold import fit_threshold
from shapeshot.model.field import Field
from shapeshot.model.memory import ShapeMemory
from shapeshot.model.shape import surface_of, surface_points
from shapeshot.scores.aspects import ASPECTS, SHAPE
from shapeshot.scores.prediction import NUM_POINTS, Prediction
from shapeshot.tuning.gallery import Gallery
from shapeshot.tuning.memory_of import memory_of

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, UInt8

    from shapeshot.model.field_model import FieldModel

# Shares of the training objects that occupy a cell.
MEAN_THRESHOLDS = tuple(float(share) for share in np.linspace(0.02, 0.9, 45))

# Loads what retrieval compares views by; only retrieval asks for it, since encoders take seconds.
FeatureChoice = Callable[[], Mapping[str, Feature]]


class MeanShapePredictor:
    """Always the same answer: the mean of all training solids, cut at the share that is best on validation."""

    name, gives = "mean shape", ASPECTS

    def __init__(
        self, field: Float[np.ndarray, "n n n"], threshold: float, validation_iou: float | None = None
    ) -> None:
        self.details: Mapping[str, Any] = {"threshold": threshold, "validation_iou": validation_iou}
        self._field, self._prediction = field, _shape_of_field(field, threshold)

    @classmethod
    def fit(cls, gallery: Gallery, dataset: Dataset, progress: bool = True) -> MeanShapePredictor:
        """Fit the baseline to the solids of a gallery and the validation split of a dataset."""
        field = gallery.occupancies.mean(axis=0, dtype=np.float64)
        fit = fit_threshold(
            lambda view: field, dataset, thresholds=MEAN_THRESHOLDS, views_per_object=1, progress=progress
        )
        return cls(field, fit.threshold, fit.iou)

    def predict(self, view: UInt8[np.ndarray, "size size 4"]) -> Prediction:
        return self._prediction

    def answer(self, view: UInt8[np.ndarray, "size size 4"]) -> Answer:
        """The share of the training objects that occupy each cell, and its shape."""
        return Answer(self._field, lambda: self._prediction)

    def with_threshold(self, threshold: float) -> MeanShapePredictor:
        """The same mean, cut at another share."""
        return MeanShapePredictor(self._field, threshold)


class MemoryPredictor:
    """What a memory of the training objects recalls of a view, cut at the probability that is best on validation."""

    name, gives = "memory", ASPECTS

    def __init__(self, memory: ShapeMemory, threshold: float, validation_iou: float | None = None) -> None:
        self.details: Mapping[str, Any] = {
            "shapes": len(memory.ends),
            "threshold": threshold,
            "validation_iou": validation_iou,
        }
        self._memory, self._threshold = memory, threshold

    @classmethod
    def fit(cls, gallery: Gallery, dataset: Dataset, progress: bool = True) -> MemoryPredictor:
        """Remember a gallery's objects as `shapeshot remember` does; the threshold is chosen on validation."""
        memory = memory_of(gallery)
        fit = fit_threshold(lambda view: memory.recall(view_silhouette(view)), dataset, progress=progress)
        return cls(memory, fit.threshold, fit.iou)

    def predict(self, view: UInt8[np.ndarray, "size size 4"]) -> Prediction:
        return self.answer(view).shape()

    def answer(self, view: UInt8[np.ndarray, "size size 4"]) -> Answer:
        """The sharpened mean of the shapes that had such a silhouette (`ShapeMemory.recall`), and its shape."""
        recalled = self._memory.recall(view_silhouette(view))
        return Answer(recalled, lambda: _shape_of_field(recalled, self._threshold))

    def with_threshold(self, threshold: float) -> MemoryPredictor:
        """The same memory, cut at another probability."""
        return MemoryPredictor(self._memory, threshold)


class OraclePredictor:
    """The training object with the best IoU with the truth: what retrieval could reach with perfect features."""

    name, gives = "oracle", SHAPE

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery
        self.details: Mapping[str, Any] = {"gallery_objects": len(gallery)}

    def predict_from_truth(self, occupancy: Bool[np.ndarray, "n n n"]) -> Prediction:
        return self._gallery.prediction(int(self._gallery.ious(occupancy).argmax()))


def build_baseline(
    name: str,
    dataset: Dataset,
    *,
    more_training: Sequence[Dataset] = (),
    features: Sequence[str] = (),
    model: FieldModel | None = None,
    progress: bool = True,
) -> Predictor | TruthSeer:
    """A baseline from the training split of `dataset` and of whatever else the model under test was trained on.

    features: of retrieval, names in FEATURES; none for the default ones. model: lets retrieval also try the features of
    a trained model. Raises UserError for an unknown name, DatasetError
    where a train or validation split is empty.
    """
    require_baseline(name)
    return BASELINES[name](
        Gallery([dataset, *more_training], progress), dataset, lambda: choose_features(features, model), progress
    )


def require_baseline(name: str) -> None:
    """UserError for a name that is not a baseline."""
    if name not in BASELINES:
        raise unknown_name("baseline", name, BASELINES)


def _mean(gallery: Gallery, dataset: Dataset, features: FeatureChoice, progress: bool) -> Predictor:
    return MeanShapePredictor.fit(gallery, dataset, progress)


def _retrieval(gallery: Gallery, dataset: Dataset, features: FeatureChoice, progress: bool) -> Predictor:
    return RetrievalPredictor.fit(gallery, dataset, features(), progress)


def _memory(gallery: Gallery, dataset: Dataset, features: FeatureChoice, progress: bool) -> Predictor:
    return MemoryPredictor.fit(gallery, dataset, progress)


def _oracle(gallery: Gallery, dataset: Dataset, features: FeatureChoice, progress: bool) -> TruthSeer:
    return OraclePredictor(gallery)


BASELINES: dict[str, Callable[[Gallery, Dataset, FeatureChoice, bool], Predictor | TruthSeer]] = {
    "mean": _mean,
    "retrieval": _retrieval,
    "memory": _memory,
    "oracle": _oracle,
}


def _shape_of_field(values: Float[np.ndarray, "n n n"], threshold: float) -> Prediction:
    """The shape above a threshold of values at cell centres, float [32, 32, 32], with all its pieces."""
    field = Field(values, threshold)
    if not field.occupancy.any():
        raise EmptyShapeError("no cell reaches the threshold; the baseline needs a larger train split")
    mesh = surface_of(field, speck_fraction=0).mesh
    return Prediction(field.occupancy, surface_points(mesh, NUM_POINTS), mesh)
