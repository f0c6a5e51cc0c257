"""`shapeshot remember`: gives an exported model a memory of its training objects, and fixes how far it is trusted.

How much the memory counts, and at which probability the surface then lies, is chosen on the validation split, by the
mean of IoU at 32^3 and F-score at 5 %: IoU alone prefers fat shapes, as it forgives them more than missing ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample, require_objects
from shapeshot.data.solid import downsample_occupancy
from shapeshot.errors import PhotoError
from shapeshot.geometry import Mesh, cell_centers
from shapeshot.geometry.components import remove_small_components
from shapeshot.geometry.isosurface import isosurface
from shapeshot.geometry.sample import sample_surface
from shapeshot.model.field_model import Field, FieldModel
from shapeshot.model.memory import MEMORY_FILE, RESOLUTION, ShapeMemory, sample_axes
from shapeshot.photo import find_object, prepare_photo
from shapeshot.pipeline.reconstruct import SPECK_FRACTION, load_model
from shapeshot.scores.metrics import f_score, nearest_pairs, voxel_iou
from shapeshot.tuning.gallery import Gallery
from shapeshot.tuning.memory_of import COPIES, memory_of
from shapeshot.tuning.model_folder import add_to_model

WEIGHTS = (0.0, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7)
THRESHOLDS = (0.35, 0.375, 0.4, 0.425, 0.45, 0.475, 0.5, 0.525, 0.55)
VIEWS = 4  # of each validation object; of fewer, another choice can come out by chance
MESH_RESOLUTION, NUM_POINTS, DISTANCE = 64, 2500, 0.05


@dataclass(frozen=True)
class Trust:
    """A weight of the memory and the threshold that goes with it, with their mean IoU and F-score over objects."""

    weight: float
    threshold: float
    iou: float
    f_score: float

    @property
    def score(self) -> float:
        """What is maximised."""
        return (self.iou + self.f_score) / 2


def remember(
    data: Sequence[Path],
    model: Path | None = None,
    *,
    copies: int = COPIES,
    out: Path | None = None,
    progress: bool = True,
) -> tuple[Trust, list[Trust]]:
    """Write `memory.npz` and a new threshold into a model's folder: the choice, and all that was tried.

    data: dataset folders; their training objects are remembered, the first one's validation split decides.
    model: a model folder, or None for the shipped one. copies: of each object, in other proportions (`memory_of`).
    out: another folder for the result. Raises UserError for `copies`, DatasetError, ModelError and ExportError.
    """
    field_model, datasets = load_model(model), [Dataset.open(folder) for folder in data]
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
    add_to_model(field_model, MEMORY_FILE, kept.encode(), facts, out)
    return best, tried


def trusts(model: FieldModel, memory: ShapeMemory, dataset: Dataset, progress: bool = True) -> list[Trust]:
    """Every weight with every threshold on the validation split, lowest weight first.

    A view in which no object is found scores 0. Raises DatasetError where the split is empty.
    """
    ids = dataset.ids("val")
    require_objects(ids, "val", dataset.folder)
    scores = [
        np.mean([_scores(sample, view, model, memory) for view in range(min(VIEWS, sample.num_views))], axis=0)
        for sample in (dataset.sample(key) for key in tqdm(ids, desc="trusting", unit="obj", disable=not progress))
    ]
    means = np.mean(scores, axis=0)
    pairs = product(WEIGHTS, THRESHOLDS)
    return [Trust(*pair, float(iou), float(f)) for pair, (iou, f) in zip(pairs, means, strict=True)]


def _scores(sample: Sample, view: int, model: FieldModel, memory: ShapeMemory) -> np.ndarray:
    """IoU and F-score of one view, float64 [weights * thresholds, 2]."""
    rgba = sample.view(view)
    try:
        photo = prepare_photo(rgba, find_object(rgba), model.image_size)
    except PhotoError:
        return np.zeros((len(WEIGHTS) * len(THRESHOLDS), 2))
    planes, recalled = model.encode(photo.pixels), memory.recall(photo.outline)
    coarse, fine = (model.grid(planes, cells).logits for cells in (RESOLUTION, MESH_RESOLUTION))
    centers = cell_centers(MESH_RESOLUTION)
    finer = sample_axes(recalled, centers, centers, centers)
    truth = downsample_occupancy(sample.solid, RESOLUTION)
    rows = []
    for weight in WEIGHTS:
        trusted = replace(memory, weight=weight)
        solid, surface = trusted.joined(coarse, recalled), trusted.joined(fine, finer)
        for threshold in THRESHOLDS:
            level = float(np.log(threshold / (1 - threshold)))
            rows.append((voxel_iou(solid > level, truth), surface_score(Field(surface, level), sample.points)))
    return np.array(rows)


def surface_score(field: Field, truth: np.ndarray) -> float:
    """F-score at 5 % of a field's surface against true points [points, 3]; 0 where there is none."""
    cells = field.resolution
    vertices, faces = isosurface(field.logits, field.level, float(cell_centers(cells)[0]), 1.0 / cells)
    if not len(faces):
        return 0.0
    mesh = remove_small_components(Mesh(vertices, faces), SPECK_FRACTION)
    points, surface = sample_surface(mesh, NUM_POINTS, np.random.default_rng(0)).points, truth[:NUM_POINTS]
    return f_score(nearest_pairs(points, surface), nearest_pairs(surface, points), DISTANCE)[0]
