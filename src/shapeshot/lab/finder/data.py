"""What a finder is trained on: cut-outs and pictures of rooms out of datasets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset
from shapeshot.errors import DatasetError
from shapeshot.lab.finder.backgrounds import Photographs
from shapeshot.lab.finder.compose import Composer, Cutout

LEAST_COVERED = 0.004  # of a view, by its object: with less there is nothing to find


def read_composer(datasets: Sequence[str | Path], split: str, photos: Photographs, progress: bool = False) -> Composer:
    """Read all views of a split. Raises DatasetError where there is no cut-out."""
    cutouts: list[Cutout] = []
    rooms: list[Cutout] = []
    for folder in datasets:
        dataset = Dataset.open(folder)
        for object_id in tqdm(dataset.ids(split), desc=f"reading {split}", disable=not progress):
            sample = dataset.sample(object_id)
            for index, is_room in enumerate(sample.rooms):
                view = sample.view(index)
                if np.mean(view[..., 3] > 127) >= LEAST_COVERED:
                    (rooms if is_room else cutouts).append(view)
    if not cutouts:
        names = ", ".join(str(folder) for folder in datasets)
        raise DatasetError(f"no {split} object in {names}; build it with --views and --rooms")
    return Composer(cutouts, rooms, photos)
