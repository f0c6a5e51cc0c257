"""The threshold between inside and outside: fixed on the validation split, never on the split that is scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset
from shapeshot.data.solid import downsample_occupancy
from shapeshot.evaluation.metrics import voxel_iou
from shapeshot.evaluation.protocol import RESOLUTION, VIEWS_PER_OBJECT, samples_of
from shapeshot.photo import find_object, prepare_photo

if TYPE_CHECKING:
    from shapeshot.field_model import FieldModel

PROBABILITY_THRESHOLDS = tuple(float(probability) for probability in np.linspace(0.1, 0.9, 33))


@dataclass(frozen=True)
class ThresholdFit:
    """The best threshold, its mean IoU over objects, and (threshold, mean IoU) for every one that was tried."""

    threshold: float
    iou: float
    curve: tuple[tuple[float, float], ...]


def fit_threshold(
    field_of: Callable[[np.ndarray], np.ndarray],
    dataset: Dataset,
    split: str = "val",
    *,
    thresholds: Sequence[float] = PROBABILITY_THRESHOLDS,
    views_per_object: int = VIEWS_PER_OBJECT,
    progress: bool = True,
) -> ThresholdFit:
    """The threshold with the best mean IoU at 32^3 over the objects of a split (the lowest of equals).

    field_of: view uint8 [size, size, 4] -> field float [32, 32, 32]; inside is above the threshold. For a model it is
        `occupancy_probabilities(model)`.
    Raises DatasetError for an unknown or empty split, and what `field_of` raises.
    """
    samples = samples_of(dataset, split, views_per_object)
    ious = []
    for sample in tqdm(samples, desc="threshold", disable=not progress):
        truth = downsample_occupancy(sample.solid, RESOLUTION)
        fields = [field_of(sample.view(view)) for view in range(min(views_per_object, sample.num_views))]
        ious.append([np.mean([voxel_iou(field > level, truth) for field in fields]) for level in thresholds])
    means = np.mean(ious, axis=0)
    best = int(means.argmax())
    return ThresholdFit(
        float(thresholds[best]), float(means[best]), tuple(zip(map(float, thresholds), means.tolist(), strict=True))
    )


def occupancy_probabilities(model: FieldModel) -> Callable[[np.ndarray], np.ndarray]:
    """A model's field as `fit_threshold` takes it: view -> occupancy probability float32 [32, 32, 32].

    Its card's threshold is such a probability. The function raises PhotoError for a view that shows nothing.
    """

    def field_of(view: np.ndarray) -> np.ndarray:
        photo = prepare_photo(view, find_object(view), model.image_size)
        logits = model.grid(model.encode(photo.pixels), RESOLUTION).logits
        return (1 + np.tanh(logits / 2)) / 2  # the sigmoid, without overflow

    return field_of
