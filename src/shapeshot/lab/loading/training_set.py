"""What training keeps of datasets in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float16, UInt8
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample, require_objects, training_ids
from shapeshot.data.queries import PackedSolid
from shapeshot.data.solids.solid import cell_size, downsample_occupancy
from shapeshot.geometry.camera import Camera

COARSE_RESOLUTION = 32

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class TrainingObject:
    """What training keeps of an object in memory: encoded views (about 4 KB each) and packed shape (about 0.4 MB).

    points: of the outer surface. colors: sRGB there. cameras: of the views; none where they are not known.
    has_front: whether the cameras' azimuths are about the object's front. rooms: which views show it in a room.
    """

    id: str
    views: tuple[bytes, ...]
    solid: PackedSolid
    points: Float16[np.ndarray, "points 3"]
    colors: UInt8[np.ndarray, "points 3"]
    cameras: tuple[Camera, ...] = ()
    has_front: bool = True
    rooms: tuple[bool, ...] = ()

    @cached_property
    def occupancy(self) -> Bool[np.ndarray, "32 32 32"]:
        """Return the solid at 32^3."""
        shape = (self.solid.resolution,) * 3
        solid = np.unpackbits(self.solid.bits, count=int(np.prod(shape))).reshape(shape).astype(bool)
        return downsample_occupancy(solid, COARSE_RESOLUTION)


class TrainingSet:
    """All objects of one split of several datasets, in memory; of `train`, without the kinds held out as unseen."""

    def __init__(self, folders: Sequence[str], split: str, max_views: int | None = None, progress: bool = True) -> None:
        datasets = [Dataset.open(folder) for folder in folders]
        if split == "train":
            chosen = training_ids(datasets)
        else:
            chosen = [(dataset, key) for dataset in datasets for key in dataset.ids(split)]
        self.objects = [
            training_object(dataset.sample(key), max_views)
            for dataset, key in tqdm(chosen, desc=f"loading {split}", unit="obj", disable=not progress)
        ]
        require_objects([item.id for item in self.objects], split, ", ".join(folders))

    def __len__(self) -> int:
        return len(self.objects)


def training_object(sample: Sample, max_views: int | None = None) -> TrainingObject:
    """Keep what training needs of a sample, with its first `max_views` views."""
    # Published 32^3 grids lie in a dataset as blocks of 128^3: a sixty-fourth of that says the same.
    step = min(cell_size(sample.solid), sample.solid.shape[0] // COARSE_RESOLUTION)
    solid, points = PackedSolid.pack(sample.solid[::step, ::step, ::step]), sample.points.astype(np.float16)
    # Without geometry a source's cameras do not fit its pictures.
    cameras = sample.cameras[:max_views] if sample.has_geometry else ()
    views, has_front = sample.encoded_views()[:max_views], sample.info.has_front
    rooms = sample.rooms[:max_views]
    return TrainingObject(sample.id, views, solid, points, sample.colors, cameras, has_front, rooms)
