"""The training objects that the baselines know: their solids, their shapes as predictions, their views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample, require_objects, training_ids
from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.data.truth import true_shape
from shapeshot.geometry import Mesh
from shapeshot.scores.prediction import RESOLUTION, Prediction

if TYPE_CHECKING:
    from jaxtyping import Bool, Float64, Int64

_KEPT_PREDICTIONS = 64


class Gallery:
    """The train split of one or several datasets, in a fixed order, less the kinds held out as unseen.

    Raises DatasetError where there is no training object at all.
    """

    def __init__(self, datasets: Sequence[Dataset], progress: bool = True) -> None:
        self._entries = training_ids(datasets)
        require_objects([object_id for _, object_id in self._entries], "train", datasets[0].folder)
        self._progress = progress
        self.prediction = lru_cache(_KEPT_PREDICTIONS)(self._prediction)

    def __len__(self) -> int:
        return len(self._entries)

    def sample(self, index: int) -> Sample:
        """Training object `index`."""
        dataset, object_id = self._entries[index]
        return dataset.sample(object_id)

    def samples(self, what: str) -> Iterator[Sample]:
        """All training objects, one at a time, under a progress bar that says what for."""
        for index in tqdm(range(len(self)), desc=what, disable=not self._progress):
            yield self.sample(index)

    @cached_property
    def occupancies(self) -> Bool[np.ndarray, "objects n n n"]:
        """Solid occupancy of every object; 32 KB each."""
        shape = (len(self), RESOLUTION, RESOLUTION, RESOLUTION)
        occupancies = np.empty(shape, bool)
        for index, sample in enumerate(self.samples("training solids")):
            occupancies[index] = downsample_occupancy(sample.solid, RESOLUTION)
        return occupancies

    def ious(self, truth: Bool[np.ndarray, "n n n"]) -> Float64[np.ndarray, " objects"]:
        """IoU of every object with an occupancy."""
        mine, other = self.occupancies.reshape(len(self), -1), truth.ravel()
        intersections = mine[:, other].sum(axis=1)
        ious: np.ndarray = intersections / np.maximum(self._volumes + other.sum() - intersections, 1)
        return ious

    @cached_property
    def _volumes(self) -> Int64[np.ndarray, " objects"]:
        volumes: np.ndarray = self.occupancies.sum(axis=(1, 2, 3))
        return volumes

    def _prediction(self, index: int) -> Prediction:
        """The true shape of object `index`, as an answer."""
        sample = self.sample(index)
        truth = true_shape(sample)
        return Prediction(truth.occupancy, truth.surface, Mesh(sample.vertices, sample.faces))
