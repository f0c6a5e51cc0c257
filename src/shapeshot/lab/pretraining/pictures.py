"""All that a pretraining sees: every view of every training object, cropped as training crops it, with its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, require_objects, training_ids
from shapeshot.lab.loading.batches import plain_pixels
from shapeshot.lab.pretraining.captions import caption_of, label_of


@dataclass(frozen=True, eq=False)
class PictureBatch:
    """One step's pictures. objects: the number of each one's object."""

    pixels: UInt8[Tensor, "batch 3 side side"]
    objects: Int64[Tensor, " batch"]


class Pictures:
    """The views of the train split of several datasets, in memory: 12 KB each at 64 pixels.

    views: of each object, uint8 [views, 3, side, side]. labels: of each object, its number in `kinds`. captions: of
    each object. Raises DatasetError where there are none.
    """

    def __init__(self, folders: Sequence[str], side: int, progress: bool = True) -> None:
        chosen = training_ids([Dataset.open(folder) for folder in folders])
        require_objects([key for _, key in chosen], "train", ", ".join(folders))
        self.views: list[UInt8[Tensor, "views 3 side side"]] = []
        labels, captions = [], []
        for dataset, key in tqdm(chosen, desc="loading pictures", unit="obj", disable=not progress):
            sample = dataset.sample(key)
            self.views.append(plain_pixels(sample.encoded_views(), side))
            labels.append(label_of(sample.info))
            captions.append(caption_of(sample.info))
        self.captions = tuple(captions)
        self.kinds = tuple(sorted(set(labels)))
        self.labels = torch.tensor([self.kinds.index(label) for label in labels])

    def batch(self, step: int, size: int, seed: int) -> PictureBatch:
        """Choose the pictures of a step, which follow from (seed, step): a random view of each of `size` objects.

        Objects come in the order of an endless list, which is shuffled anew in each epoch.
        """
        count = len(self.views)
        rng = np.random.default_rng([seed, 2, step])
        places = [divmod(position, count) for position in range(step * size, (step + 1) * size)]
        orders = {epoch: np.random.default_rng([seed, 1, epoch]).permutation(count) for epoch, _ in places}
        objects = [int(orders[epoch][place]) for epoch, place in places]
        pixels = [self.views[index][int(rng.integers(len(self.views[index])))] for index in objects]
        return PictureBatch(torch.stack(pixels), torch.tensor(objects))
