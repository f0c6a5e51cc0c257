"""One evaluation from dataset to report: what `shapeshot evaluate` calls."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from shapeshot.data.dataset import Dataset
from shapeshot.errors import ExportError
from shapeshot.evaluation.baselines import build_baseline, require_baseline
from shapeshot.evaluation.checkpoint_predictor import CheckpointPredictor
from shapeshot.evaluation.model_predictor import ModelPredictor
from shapeshot.evaluation.protocol import VIEWS_PER_OBJECT, Predictor, TruthSeer, evaluate, samples_of
from shapeshot.evaluation.report import write_report
from shapeshot.evaluation.summary import Summary, summarise
from shapeshot.reconstruct import load_model


def run_evaluation(
    data: Path,
    out: Path,
    *,
    split: str = "test",
    baseline: str | None = None,
    model: Path | None = None,
    checkpoint: Path | None = None,
    kind: str | None = None,
    training_data: Sequence[Path] = (),
    views_per_object: int = VIEWS_PER_OBJECT,
    seed: int = 0,
    progress: bool = True,
) -> Summary:
    """Scores a model or a baseline on a split and writes rows.csv, summary.json, summary.md and report.html to `out`.

    data: a dataset folder. baseline: "mean", "retrieval" or "oracle"; None scores a model.
    checkpoint: a run folder or checkpoint file of the lab, scored in place of an exported model. kind: what it must be
        of (vox, point, mesh, field), or None.
    model: a model folder, or None for the shipped one; with baseline "retrieval" its features are tried as well.
    training_data: further datasets whose train split the baselines may use, as the model did.
    views_per_object: the first so many views of each object. seed: of the bootstrap.
    Raises DatasetError, ModelError, ExportError where `out` cannot be written, UserError for an unknown baseline.
    """
    dataset = Dataset.open(data)
    _check_request(dataset, out, split, baseline, views_per_object)
    if checkpoint is not None and baseline is None:
        predictor: Predictor | TruthSeer = CheckpointPredictor.load(checkpoint, kind)
    else:
        predictor = _predictor(dataset, baseline, model, training_data, progress)
    rows = evaluate(predictor, dataset, split, views_per_object=views_per_object, progress=progress)
    summary = summarise(
        rows,
        predictor=predictor.name,
        details=predictor.details,
        dataset=dataset.folder.resolve().name,
        split=split,
        views_per_object=views_per_object,
        seed=seed,
    )
    write_report(out, summary, rows, predictor, dataset)
    return summary


def _check_request(dataset: Dataset, out: Path, split: str, baseline: str | None, views_per_object: int) -> None:
    """What can be known to be wrong is told before minutes of fitting and scoring."""
    samples_of(dataset, split, views_per_object)
    if baseline is not None:
        require_baseline(baseline)
    nearest = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
    if not nearest.is_dir():
        raise ExportError(f"cannot write the report to {out}: {nearest} is not a folder; choose another --out")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise ExportError(
            f"cannot write the report to {out}: no permission to write in {nearest}; choose another --out"
        )


def _predictor(
    dataset: Dataset, baseline: str | None, model: Path | None, training_data: Sequence[Path], progress: bool
) -> Predictor | TruthSeer:
    if baseline is None:
        return ModelPredictor.load(model)
    more = [Dataset.open(folder) for folder in training_data]
    field_model = None if model is None else load_model(model)
    return build_baseline(baseline, dataset, more_training=more, model=field_model, progress=progress)
