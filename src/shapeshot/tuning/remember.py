"""`shapeshot remember`: gives an exported model a memory of its training objects, and fixes how far it is trusted.

How much the memory counts, and at which probability the surface then lies, is chosen on the validation split, by the
mean of IoU at 32^3 and F-score at 5 %: IoU alone prefers fat shapes, as it forgives them more than missing ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample, require_objects
from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.errors import EmptyShapeError, PhotoError, UserError
from shapeshot.geometry import cell_centers
from shapeshot.model.field import Field, logit, sample_axes
from shapeshot.model.field_model import FieldModel, load_model
from shapeshot.model.folder import FORMAT, MEMORY_FILE
from shapeshot.model.memory import ShapeMemory
from shapeshot.model.shape import mesh_resolution, surface_of, surface_points
from shapeshot.photo import look_at
from shapeshot.scores.metrics import f_score, nearest_pairs, voxel_iou
from shapeshot.scores.prediction import RESOLUTION
from shapeshot.tuning.destination import destination
from shapeshot.tuning.gallery import Gallery
from shapeshot.tuning.memory_of import COPIES, memory_of

if TYPE_CHECKING:
    from jaxtyping import Float

WEIGHTS = (0.0, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7)
THRESHOLDS = (0.35, 0.375, 0.4, 0.425, 0.45, 0.475, 0.5, 0.525, 0.55)
VIEWS = 4  # of each validation object; of fewer, another choice can come out by chance
NUM_POINTS, DISTANCE = 2500, 0.05


@dataclass(frozen=True)
class Trust:
    """A weight of the memory and the threshold that goes with it, with their mean IoU and F-score over objects."""

    weight: float
    threshold: float
    iou: float
    f_score: float

    @property
    def score(self) -> float:
        """The score that the search for the memory's settings maximises."""
        return (self.iou + self.f_score) / 2


def remember(
    data: Sequence[Path],
    model: str | PathLike[str] | None = None,
    *,
    copies: int = COPIES,
    out: str | PathLike[str] | None = None,
    progress: bool = True,
) -> tuple[Trust, list[Trust]]:
    """Write `memory.npz` and a new threshold into a model's folder: the choice, and all that was tried.

    data: dataset folders; their training objects are remembered, the first one's validation split decides.
    model: a model's name or folder, or None for the shipped one. copies: of each object, in other proportions
    (`memory_of`). out: the folder for the result; without it, `model` is a folder, which is changed (`destination`).
    Raises UserError for `copies` and where there is no place to write to, DatasetError, ModelError and ExportError.
    """
    target = destination(model, out)
    field_model, datasets = load_model(model), [Dataset.open(folder) for folder in data]
    if field_model.folder.card["format"] != FORMAT:
        raise UserError(f"the model {field_model.name} draws views, and a memory joins fields; give one of type field")
    memory = memory_of(Gallery(datasets, progress), copies)
    tried = trusts(field_model, memory, datasets[0], progress)
    best = max(tried, key=lambda trust: trust.score)
    kept = replace(memory, weight=best.weight)
    facts: dict[str, Any] = {
        "threshold": best.threshold,
        "threshold_chosen_by": "mean of IoU and F-score at 5 % on val, by `shapeshot remember`",
        "memory": {
            "data": [dataset.folder.resolve().name for dataset in datasets],
            "shapes": len(kept.ends),
            "copies": copies,
            "views": len(kept.keys),
            "weight": kept.weight,
            "temperature": kept.temperature,
            "neighbors": kept.neighbors,
            "sharpening": kept.sharpening,
            "val": {"iou": round(best.iou, 4), "f_score_5": round(best.f_score, 4)},
        },
    }
    field_model.folder.add({MEMORY_FILE: kept.encode()}, facts, target)
    return best, tried


def trusts(model: FieldModel, memory: ShapeMemory, dataset: Dataset, progress: bool = True) -> list[Trust]:
    """Every weight with every threshold on the validation split, lowest weight first.

    A view in which no object is found scores 0. Raises DatasetError where the split is empty.
    """
    ids = dataset.ids("val")
    require_objects(ids, "val", dataset.folder)
    alone = model.with_memory(None)
    scores = [
        np.mean([_scores(sample, view, alone, memory) for view in range(min(VIEWS, sample.num_views))], axis=0)
        for sample in (dataset.sample(key) for key in tqdm(ids, desc="trusting", unit="obj", disable=not progress))
    ]
    means = np.mean(scores, axis=0)
    pairs = product(WEIGHTS, THRESHOLDS)
    return [Trust(*pair, float(iou), float(f)) for pair, (iou, f) in zip(pairs, means, strict=True)]


def _scores(sample: Sample, view: int, model: FieldModel, memory: ShapeMemory) -> Float[np.ndarray, "trusts 2"]:
    """IoU and F-score of one view with every weight and threshold; `model` has no memory of its own."""
    try:
        photo = look_at(sample.view(view), model.image_size).photo
    except PhotoError:
        return np.zeros((len(WEIGHTS) * len(THRESHOLDS), 2))
    seen, recalled = model.see(photo), memory.recall(photo.silhouette)
    coarse, fine = (seen.field(cells).logits for cells in (RESOLUTION, mesh_resolution(RESOLUTION)))
    centers = cell_centers(mesh_resolution(RESOLUTION))
    finer = sample_axes(recalled, centers, centers, centers)
    truth = downsample_occupancy(sample.solid, RESOLUTION)
    rows = []
    for weight in WEIGHTS:
        trusted = replace(memory, weight=weight)
        solid, surface = trusted.joined(coarse, recalled), trusted.joined(fine, finer)
        for threshold in THRESHOLDS:
            level = logit(threshold)
            rows.append((voxel_iou(solid > level, truth), surface_score(Field(surface, level), sample.points)))
    return np.array(rows)


def surface_score(field: Field, truth: Float[np.ndarray, "points 3"]) -> float:
    """F-score at 5 % of a field's surface against true points; 0 where there is none."""
    try:
        mesh = surface_of(field).mesh
    except EmptyShapeError:
        return 0.0
    points, surface = surface_points(mesh, NUM_POINTS).points, truth[:NUM_POINTS]
    return f_score(nearest_pairs(points, surface), nearest_pairs(surface, points), DISTANCE)[0]
