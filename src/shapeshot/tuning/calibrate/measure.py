"""Measuring the heads on the test splits: what they promise beside what they keep. Writes numbers and a picture."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.data.dataset import Dataset
from shapeshot.files import atomic_write
from shapeshot.model.field_model import load_model
from shapeshot.model.heads import Calibration
from shapeshot.tuning.calibrate.diagram import reliability_png
from shapeshot.tuning.calibrate.familiar_scores import NUM_IMAGES, other_scores
from shapeshot.tuning.calibrate.photos import SeenViews, require_sizes, see_split
from shapeshot.tuning.calibrate.point_scores import point_scores
from shapeshot.tuning.calibrate.points import sample_points
from shapeshot.tuning.calibrate.probabilities import fit_calibration
from shapeshot.tuning.calibrate.run import POINT_VIEWS, VIEWS
from shapeshot.tuning.calibrate.shapes import SHAPE_VIEWS, judge_shapes, shape_scores
from shapeshot.tuning.calibrate.size_scores import CategoryMedian, size_scores

if TYPE_CHECKING:
    from shapeshot.model.field_model import FieldModel

SPLITS = ("val", "test", "test-unseen")


def write_measurements(
    data: Path, model: str | PathLike[str] | None, out: Path, *, num_images: int = NUM_IMAGES, progress: bool = True
) -> str:
    """Measures a calibrated model and writes confidence.json and reliability.png to `out`; returns the numbers as text.

    num_images: of other things, of each kind. Raises DatasetError, ModelError, and ExportError where it cannot write.
    """
    field_model, dataset = load_model(model), Dataset.open(data)
    seen = {
        split: see_split(field_model, dataset, split, VIEWS, with_fields=True, progress=progress) for split in SPLITS
    }
    train = see_split(field_model, dataset, "train", 1, progress=progress)
    calibrations = _calibrations(field_model, seen["val"])
    numbers = {
        "size": _sizes(field_model, train, seen),
        "calibration_error": {
            split: {name: views.reliability(calibration).error for name, calibration in calibrations.items()}
            for split, views in seen.items()
        },
        "point_confidence": _points(field_model, dataset, progress),
        "familiarity": _familiarity(field_model, seen, num_images, progress),
        "shape_confidence": _shapes(field_model, dataset, progress),
    }
    text = json.dumps(numbers, indent=2) + "\n"
    atomic_write(out / "confidence.json", text)
    curves = {name: seen["test"].reliability(calibrations[name]) for name in ("before", "after")}
    atomic_write(out / "reliability.png", reliability_png(curves))
    return text


def _calibrations(model: FieldModel, val: SeenViews) -> dict[str, Calibration]:
    assert model.heads.calibration is not None
    alone = fit_calibration(val.logits.ravel(), val.truth.ravel(), with_bias=False)
    return {"before": Calibration(1.0), "temperature_alone": alone, "after": model.heads.calibration}


def _sizes(model: FieldModel, train: SeenViews, seen: dict[str, SeenViews]) -> dict[str, Any]:
    look, head = model.heads.look, model.heads.size
    assert look is not None
    assert head is not None
    baseline = CategoryMedian.fit(require_sizes(train, "train"))
    return {split: size_scores(look, head, baseline, require_sizes(views, split)) for split, views in seen.items()}


def _points(model: FieldModel, dataset: Dataset, progress: bool) -> dict[str, Any]:
    head = model.heads.points
    assert head is not None
    return {split: point_scores(head, sample_points(model, dataset, split, POINT_VIEWS, progress)) for split in SPLITS}


def _shapes(model: FieldModel, dataset: Dataset, progress: bool) -> dict[str, Any]:
    """What whole shapes' confidence keeps; the val row is of what it was fitted on."""
    head = model.heads.shape
    assert head is not None
    return {split: shape_scores(head, judge_shapes(model, dataset, split, SHAPE_VIEWS, progress)) for split in SPLITS}


def _familiarity(model: FieldModel, seen: dict[str, SeenViews], num_images: int, progress: bool) -> dict[str, Any]:
    look, head = model.heads.look, model.heads.familiarity
    assert look is not None
    assert head is not None
    distances = {split: head.distances(look.directions(views.features)) for split, views in seen.items()}
    held_out = np.concatenate([distances["test"], distances["test-unseen"]])
    return {
        "limit": head.limit,
        "warned": {split: float((values > head.limit).mean()) for split, values in distances.items()},
        "other": other_scores(model, look, head, held_out, num_images, progress),
    }
