"""`shapeshot calibrate` from top to bottom: see, fit, write, and on request measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from shapeshot.data.dataset import Dataset
from shapeshot.errors import UserError
from shapeshot.model.field_model import FieldModel, load_model
from shapeshot.model.folder import HEADS_FILE
from shapeshot.model.heads import Heads
from shapeshot.model.heads.shape import EVIDENCE
from shapeshot.tuning.calibrate.fit import FAMILIAR_SHARE, fit_heads
from shapeshot.tuning.calibrate.photos import SeenViews, joined, see_split
from shapeshot.tuning.calibrate.points import sample_points
from shapeshot.tuning.calibrate.probabilities import CalibrationFit
from shapeshot.tuning.calibrate.shapes import JudgedShapes, fit_shape_head, judge_all, shape_scores
from shapeshot.tuning.destination import destination

TRAIN_VIEWS, VIEWS, POINT_VIEWS = 4, 3, 2


def calibrate(
    data: Path,
    model: str | PathLike[str] | None = None,
    *,
    out: str | PathLike[str] | None = None,
    train_views: int = TRAIN_VIEWS,
    more: Sequence[Path] = (),
    progress: bool = True,
) -> tuple[Heads, dict[str, Any]]:
    """Fits size, temperature and familiarity of a model on a dataset's train and val splits and writes its folder.

    more: further datasets. The size estimate and the warning of unfamiliar photos know their training objects, too, and
    the confidence is fitted on shapes of their validation objects as well, where they have some: one dataset's own
    teach nothing about pictures of other kinds. Training objects that an earlier dataset was built of, too, are not
    looked at again.
    model: a model's name or folder, or None for the shipped one. out: the folder for the result; without it, `model` is
    a folder, which is changed (`destination`). train_views: views of each training object that are looked at.
    Returns the heads and what the card says about them. Raises UserError where there is no place to write to,
    DatasetError, ModelError and ExportError.
    """
    if train_views < 1:
        raise UserError(f"the number of views must be at least 1; got {train_views}")
    target = destination(model, out)
    field_model, dataset = load_model(model), Dataset.open(data)
    sources = [dataset, *(Dataset.open(folder) for folder in more)]
    train = joined(
        [
            _seen_of(number, field_model, one, train_views, progress)
            for number, one in enumerate(sources)
            if number == 0 or (one.ids("train") and not _are_known(one, sources[:number]))
        ]
    )
    val = see_split(field_model, dataset, "val", VIEWS, with_fields=True, progress=progress)
    surface = sample_points(field_model, dataset, "val", POINT_VIEWS, progress)
    calibration = CalibrationFit.of(val)
    heads = fit_heads(train, val, surface, calibration.applied)
    # The evidence for a whole shape is what the other heads say of it.
    judged = judge_all(field_model.with_heads(heads), sources, progress)
    heads = replace(heads, shape=fit_shape_head(judged))
    facts = calibration_facts(heads, calibration, sources, train, val) | {"shape": _shape_facts(heads, judged)}
    field_model.folder.add({HEADS_FILE: heads.encode()}, {"calibration": facts}, target)
    return heads, facts


def _are_known(dataset: Dataset, earlier: Sequence[Dataset]) -> bool:
    """Whether an earlier dataset was built of the same objects: then this has but other pictures of them."""
    objects = [one.manifest.get("plan", {}).get("objects_sha256") for one in (dataset, *earlier)]
    return objects[0] is not None and objects[0] in objects[1:]


def _seen_of(number: int, model: FieldModel, dataset: Dataset, views: int, progress: bool) -> SeenViews:
    """What the model sees of a dataset's training objects, which are named apart from those of other datasets."""
    seen = see_split(model, dataset, "train", views, progress=progress)
    return replace(seen, objects=np.array([f"{number}/{name}" for name in seen.objects]))


def _shape_facts(heads: Heads, judged: JudgedShapes) -> dict[str, Any]:
    assert heads.shape is not None
    weights = dict(zip(EVIDENCE, heads.shape.weights.tolist(), strict=True))
    return {"weights": weights, "val": shape_scores(heads.shape, judged)}


def calibration_facts(
    heads: Heads, calibration: CalibrationFit, sources: Sequence[Dataset], train: SeenViews, val: SeenViews
) -> dict[str, Any]:
    """What the card says about the heads: on what, and how well they fit the validation split."""
    assert heads.size is not None
    assert heads.familiarity is not None
    assert heads.points is not None
    return {
        "data": ", ".join(source.folder.absolute().name for source in sources),
        "train_views": len(train.objects),
        "val_views": len(val.objects),
        "refused_views": train.refused + val.refused,
        **calibration.facts(),
        "size": {
            "bandwidth": heads.size.bandwidth,
            "coverage": heads.size.coverage,
            "half_width": heads.size.half_width.tolist(),
        },
        "points": {"distance": heads.points.distance},
        "familiarity": {"limit": heads.familiarity.limit, "val_share": FAMILIAR_SHARE},
    }
