"""Half of val's objects, two views each, as a model sees them: what this folder's choices are made on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset
from shapeshot.evaluation.views.score import SCORES
from shapeshot.evaluation.views.truth import ObjectTruth, ViewTruth
from shapeshot.model.field_model import FieldModel
from shapeshot.model.seen import Seen
from shapeshot.photo import look_at

NUM_POINTS = 4000  # of a surface


def val_views(
    dataset: Dataset, model: FieldModel, split: str = "val", every: int = 2
) -> Iterator[tuple[Seen, ViewTruth]]:
    """What the model sees of each view with its exact mask, and the truth: a view in a studio, one in a room.

    split, every: that many objects further each time. On "train" it tells what the model knows by heart.
    """
    for key in tqdm(dataset.ids(split)[::every]):
        sample = dataset.sample(key)
        whole = ObjectTruth.of(sample, NUM_POINTS)
        for view in (0, sample.num_views - 1):
            rgba, truth = sample.view(view), ViewTruth.of(whole, sample, view)
            yield model.see(look_at(rgba[..., :3], model.image_size, mask=rgba[..., 3]).photo), truth


def means_of(rows: list[dict[str, float]]) -> dict[str, float]:
    """The mean of each score over the rows that have it."""
    return {name: round(float(np.mean([row[name] for row in rows if name in row])), 4) for name in SCORES}
