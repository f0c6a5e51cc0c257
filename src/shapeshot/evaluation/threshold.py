"""The threshold between inside and outside: fixed on the validation split, never on the split that is scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset
from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.errors import PhotoError
from shapeshot.evaluation.predictor import Predictor, ThresholdedPredictor, TruthSeer
from shapeshot.evaluation.protocols import DEFAULT, PROTOCOLS, EvaluationProtocol
from shapeshot.evaluation.scoring import samples_of
from shapeshot.photo import look_at
from shapeshot.scores.aspects import PROBABILITIES
from shapeshot.scores.metrics import voxel_iou
from shapeshot.scores.prediction import RESOLUTION

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8

    from shapeshot.model.field_model import FieldModel

PROBABILITY_THRESHOLDS = tuple(round(0.02 * step, 2) for step in range(1, 50))


@dataclass(frozen=True)
class ThresholdFit:
    """The best threshold, its mean IoU over objects, and (threshold, mean IoU) for every one that was tried."""

    threshold: float
    iou: float
    curve: tuple[tuple[float, float], ...]


def fit_threshold(
    field_of: Callable[[UInt8[np.ndarray, "size size 4"]], Float[np.ndarray, "n n n"]],
    dataset: Dataset,
    split: str = "val",
    *,
    thresholds: Sequence[float] = PROBABILITY_THRESHOLDS,
    views_per_object: int | None = None,
    protocol: EvaluationProtocol = PROTOCOLS[DEFAULT],
    progress: bool = True,
) -> ThresholdFit:
    """The threshold with the best mean IoU at 32^3 over the objects of a split (the lowest of equals).

    field_of: view uint8 [size, size, 4] -> field float [32, 32, 32]; inside is above the threshold. For a model it is
        `occupancy_probabilities(model)`. A view in which it finds nothing (PhotoError) counts with IoU 0.
    Raises DatasetError for an unknown or empty split, and what else `field_of` raises.
    """
    samples = samples_of(dataset, split, views_per_object, protocol)
    ious = []
    for sample in tqdm(samples, desc="threshold", disable=not progress):
        truth = downsample_occupancy(sample.solid, RESOLUTION)
        fields = [_field_or_nothing(field_of, sample.view(view)) for view in samples.views(sample)]
        ious.append([np.mean([voxel_iou(field > level, truth) for field in fields]) for level in thresholds])
    means = np.mean(ious, axis=0)
    best = int(means.argmax())
    return ThresholdFit(
        float(thresholds[best]), float(means[best]), tuple(zip(map(float, thresholds), means.tolist(), strict=True))
    )


def fix_threshold(
    predictor: Predictor | TruthSeer,
    dataset: Dataset,
    protocol: EvaluationProtocol,
    views_per_object: int | None,
    progress: bool,
) -> tuple[Predictor | TruthSeer, ThresholdFit | None]:
    """The predictor with the threshold that is best on validation, where the protocol asks for that and it has one.

    Raises DatasetError where the validation split is empty.
    """
    if not protocol.fits_threshold or PROBABILITIES not in predictor.gives:
        return predictor, None
    thresholded = cast(ThresholdedPredictor, predictor)
    fit = fit_threshold(
        lambda view: thresholded.answer(view).probabilities,
        dataset,
        views_per_object=views_per_object,
        protocol=protocol,
        progress=progress,
    )
    return thresholded.with_threshold(fit.threshold), fit


def occupancy_probabilities(
    model: FieldModel,
) -> Callable[[UInt8[np.ndarray, "size size 4"]], Float[np.ndarray, "n n n"]]:
    """A model's field as `fit_threshold` takes it: view -> occupancy probability float32 [32, 32, 32].

    Its card's threshold is such a probability. The function raises PhotoError for a view that shows nothing.
    """

    def field_of(view: UInt8[np.ndarray, "size size 4"]) -> Float[np.ndarray, "n n n"]:
        return model.see(look_at(view, model.image_size).photo).field(RESOLUTION).probabilities

    return field_of


def _field_or_nothing(
    field_of: Callable[[UInt8[np.ndarray, "size size 4"]], Float[np.ndarray, "n n n"]],
    view: UInt8[np.ndarray, "size size 4"],
) -> Float[np.ndarray, "n n n"]:
    try:
        return field_of(view)
    except PhotoError:
        return np.full((RESOLUTION,) * 3, -np.inf)
