"""From datasets to training batches. A batch depends on (seed, step) alone, so a resumed run continues exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset
from tqdm import tqdm

from shapeshot.data.augment import AugmentOptions, augmented_crop, plain_crop
from shapeshot.data.dataset import Dataset, Sample, require_objects, training_ids
from shapeshot.data.queries import PackedSolid, sample_queries
from shapeshot.data.shards import decode_view


@dataclass(frozen=True, eq=False)
class Batch:
    """pixels uint8 [batch, 3, size, size]; points float32 [batch, queries, 3]; occupancy float32 [batch, queries];
    colors float32 [batch, queries, 3]; near bool [batch, queries], where colours are known.
    """

    pixels: torch.Tensor
    points: torch.Tensor
    occupancy: torch.Tensor
    colors: torch.Tensor
    near: torch.Tensor
    ids: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TrainingObject:
    """What training keeps of an object in memory: encoded views (about 4 KB each) and packed shape (about 0.4 MB)."""

    id: str
    views: tuple[bytes, ...]
    solid: PackedSolid
    points: np.ndarray
    colors: np.ndarray


class TrainingSet:
    """All objects of one split of several datasets, in memory; of `train`, without the kinds held out as unseen."""

    def __init__(self, folders: Sequence[str], split: str, max_views: int | None = None, progress: bool = True) -> None:
        datasets = [Dataset.open(folder) for folder in folders]
        if split == "train":
            chosen = training_ids(datasets)
        else:
            chosen = [(dataset, key) for dataset in datasets for key in dataset.ids(split)]
        self.objects = [
            _training_object(dataset.sample(key), max_views)
            for dataset, key in tqdm(chosen, desc=f"loading {split}", unit="obj", disable=not progress)
        ]
        require_objects([item.id for item in self.objects], split, ", ".join(folders))

    def __len__(self) -> int:
        return len(self.objects)


def _training_object(sample: Sample, max_views: int | None) -> TrainingObject:
    solid, points = PackedSolid.pack(sample.solid), sample.points.astype(np.float16)
    return TrainingObject(sample.id, sample.encoded_views()[:max_views], solid, points, sample.colors)


class StepBatches(TorchDataset):
    """Item `step` is the whole batch of that step: a map from (seed, step), with nothing to remember."""

    def __init__(
        self, objects: TrainingSet, batch_size: int, size: int, num_queries: int, augment: AugmentOptions, seed: int
    ) -> None:
        self.objects, self.batch_size, self.size = objects, batch_size, size
        self.num_queries, self.augment, self.seed = num_queries, augment, seed

    def __getitem__(self, step: int) -> Batch:
        chosen = self._objects_of(step)
        rows = [self._example(self.objects.objects[index], step, slot) for slot, index in enumerate(chosen)]
        pixels, points, occupancy, colors, near = (
            torch.from_numpy(np.stack(column)) for column in zip(*rows, strict=True)
        )
        ids = tuple(self.objects.objects[index].id for index in chosen)
        return Batch(pixels, points, occupancy, colors, near, ids)

    def _objects_of(self, step: int) -> list[int]:
        """Objects in a fresh order each epoch, without a remainder: batch `step` is a window of the endless order."""
        count = len(self.objects)
        places = [divmod(position, count) for position in range(step * self.batch_size, (step + 1) * self.batch_size)]
        orders = {epoch: self._order(epoch) for epoch, _ in places}
        return [int(orders[epoch][place]) for epoch, place in places]

    def _order(self, epoch: int) -> np.ndarray:
        return np.random.default_rng([self.seed, 1, epoch]).permutation(len(self.objects))

    def _example(self, item: TrainingObject, step: int, slot: int) -> tuple[np.ndarray, ...]:
        rng = np.random.default_rng([self.seed, 2, step, slot])
        view = decode_view(item.views[rng.integers(len(item.views))])
        pixels = augmented_crop(view, self.size, rng, self.augment)
        queries = sample_queries(item.solid, item.points.astype(np.float32), item.colors, self.num_queries, rng)
        points = queries.points
        if rng.random() < 0.5:
            pixels, points = pixels[:, ::-1], points * np.array([-1, 1, 1], np.float32)
        pixels = np.ascontiguousarray(pixels.transpose(2, 0, 1))
        return pixels, points, queries.occupancy.astype(np.float32), queries.colors, queries.near


def batches(steps: StepBatches, start: int, stop: int, workers: int) -> DataLoader:
    """An iterable of the batches of steps start..stop-1, prepared ahead in `workers` processes."""
    return DataLoader(
        steps,
        batch_size=None,
        sampler=range(start, stop),
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        persistent_workers=False,
    )


def validation_pixels(objects: TrainingSet, size: int) -> list[torch.Tensor]:
    """Unaugmented crops of every view of each object, uint8 [views, 3, size, size]."""
    crops = [[plain_crop(decode_view(view), size) for view in item.views] for item in objects.objects]
    return [torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).contiguous() for rows in crops]
