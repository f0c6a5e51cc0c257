"""What a finder is trained on: cut-outs and pictures of rooms out of datasets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from shapeshot.data.dataset import MANIFEST, Dataset
from shapeshot.errors import DatasetError, UserError
from shapeshot.lab.finder.backgrounds import Photographs
from shapeshot.lab.finder.compose import Composer, Cutout
from shapeshot.lab.finder.shares import SHARES, Shares

LEAST_COVERED = 0.004  # of a view, by its object: with less there is nothing to find


def read_composer(
    datasets: Sequence[str | Path],
    split: str,
    photos: Photographs,
    progress: bool = False,
    further: Sequence[Sequence[Cutout]] = (),
    shares: Shares = SHARES,
) -> Composer:
    """Read all views of a split; further, shares: see Composer. Raises DatasetError where there is no cut-out."""
    cutouts: list[Cutout] = []
    rooms: list[Cutout] = []
    for folder in datasets:
        for view, is_room in _views(folder, split, progress):
            (rooms if is_room else cutouts).append(view)
    if not cutouts:
        names = ", ".join(str(folder) for folder in datasets)
        raise DatasetError(f"no {split} object in {names}; build it with --views and --rooms")
    return Composer(cutouts, rooms, photos, further, shares)


def _views(folder: str | Path, split: str, progress: bool) -> Iterator[tuple[Cutout, bool]]:
    """The views of a dataset's split that show enough of their object, and whether each is in a room."""
    dataset = Dataset.open(folder)
    for object_id in tqdm(dataset.ids(split), desc=f"reading {split}", disable=not progress):
        sample = dataset.sample(object_id)
        for index, is_room in enumerate(sample.rooms):
            view = sample.view(index)
            if np.mean(view[..., 3] > 127) >= LEAST_COVERED:
                yield view, is_room


def read_collection(folders: Sequence[str | Path], progress: bool = False) -> list[Cutout]:
    """Read the cut-outs of several folders, datasets or folders of pictures. Raises UserError where one has none."""
    collection: list[Cutout] = []
    for folder in folders:
        if (Path(folder) / MANIFEST).is_file():
            views = [view for view, is_room in _views(folder, "train", progress) if not is_room]
            if not views:
                raise UserError(
                    f"no training object outside rooms in {folder}; build it with more --views than --rooms"
                )
            collection += views
        else:
            collection += read_cutouts(Path(folder))
    return collection


def read_cutouts(folder: Path) -> list[Cutout]:
    """Read the pictures of a folder that have transparent pixels. Raises UserError where there is none."""
    cutouts = []
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as image:
            rgba = np.asarray(image.convert("RGBA"))
        if rgba[..., 3].min() < 128 and np.mean(rgba[..., 3] > 127) >= LEAST_COVERED:
            cutouts.append(rgba)
    if not cutouts:
        raise UserError(f"no cut-out (PNG with alpha) in {folder}; recipes/finder/cutouts.py draws some there")
    return cutouts
