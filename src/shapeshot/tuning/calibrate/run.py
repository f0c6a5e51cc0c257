"""`shapeshot calibrate` from top to bottom: see, fit, write, and on request measure."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from shapeshot.data.dataset import Dataset
from shapeshot.errors import UserError
from shapeshot.model.heads import HEADS_FILE, Calibration, Heads
from shapeshot.pipeline.reconstruct import load_model
from shapeshot.tuning.calibrate.fit import FAMILIAR_SHARE, fit_heads
from shapeshot.tuning.calibrate.photos import SeenViews, see_split
from shapeshot.tuning.calibrate.points import sample_points
from shapeshot.tuning.model_folder import add_to_model

TRAIN_VIEWS, VIEWS, POINT_VIEWS = 4, 3, 2


def calibrate(
    data: Path,
    model: Path | None = None,
    *,
    out: Path | None = None,
    train_views: int = TRAIN_VIEWS,
    progress: bool = True,
) -> tuple[Heads, dict[str, Any]]:
    """Fits size, temperature and familiarity of a model on a dataset's train and val splits and writes its folder.

    model: a model folder, or None for the shipped one. out: another folder for the result; None replaces the model's.
    train_views: views of each training object that are looked at.
    Returns the heads and what the card says about them. Raises DatasetError, ModelError and ExportError.
    """
    if train_views < 1:
        raise UserError(f"the number of views must be at least 1; got {train_views}")
    field_model, dataset = load_model(model), Dataset.open(data)
    train = see_split(field_model, dataset, "train", train_views, progress=progress)
    val = see_split(field_model, dataset, "val", VIEWS, with_fields=True, progress=progress)
    surface = sample_points(field_model, dataset, "val", POINT_VIEWS, progress)
    heads = fit_heads(train, val, surface)
    facts = calibration_facts(heads, dataset, train, val)
    add_to_model(field_model, HEADS_FILE, heads.encode(), {"calibration": facts}, out)
    return heads, facts


def calibration_facts(heads: Heads, dataset: Dataset, train: SeenViews, val: SeenViews) -> dict[str, Any]:
    """What the card says about the heads: on what, and how well they fit the validation split."""
    assert heads.size is not None
    assert heads.familiarity is not None
    assert heads.calibration is not None
    assert heads.points is not None
    return {
        "data": dataset.folder.resolve().name,
        "train_views": len(train.objects),
        "val_views": len(val.objects),
        "refused_views": train.refused + val.refused,
        **asdict(heads.calibration),
        "val_calibration_error": {
            "before": val.reliability(Calibration(1.0)).error,
            "after": val.reliability(heads.calibration).error,
        },
        "size": {
            "bandwidth": heads.size.bandwidth,
            "coverage": heads.size.coverage,
            "half_width": heads.size.half_width.tolist(),
        },
        "points": {"distance": heads.points.distance},
        "familiarity": {"limit": heads.familiarity.limit, "val_share": FAMILIAR_SHARE},
    }
