"""One evaluation from dataset to report: what `shapeshot evaluate` calls."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from shapeshot.data.dataset import MANIFEST, Dataset
from shapeshot.errors import ExportError
from shapeshot.evaluation.baselines import build_baseline, require_baseline
from shapeshot.evaluation.checkpoint_predictor import CheckpointPredictor
from shapeshot.evaluation.features import require_features
from shapeshot.evaluation.model_predictor import ModelPredictor
from shapeshot.evaluation.predictor import Predictor, TruthSeer
from shapeshot.evaluation.protocols import DEFAULT, EvaluationProtocol, find_protocol, require_metrics
from shapeshot.evaluation.report import write_report
from shapeshot.evaluation.scoring import evaluate, samples_of
from shapeshot.evaluation.summary import Summary, summarise
from shapeshot.evaluation.tables import require_row_format
from shapeshot.evaluation.threshold import fix_threshold
from shapeshot.model.field_model import load_model


def run_evaluation(
    data: Path,
    out: Path,
    *,
    split: str = "test",
    protocol: str = DEFAULT,
    baseline: str | None = None,
    features: Sequence[str] = (),
    model: str | PathLike[str] | None = None,
    checkpoint: Path | None = None,
    kind: str | None = None,
    encoder: str | None = None,
    training_data: Sequence[Path] = (),
    views_per_object: int | None = None,
    row_format: str = "csv",
    seed: int = 0,
    progress: bool = True,
) -> Summary:
    """Scores a model or a baseline on a split and writes the report's files to `out`.

    data: a dataset folder. protocol: a name in PROTOCOLS.
    baseline: a name in BASELINES; None scores a model. features: of retrieval, names in FEATURES (or
        NAME=WEIGHTS); none for its default ones.
    checkpoint: a run folder or checkpoint file of the lab, scored in place of an exported model. kind, encoder: what it
        must be of (vox, point, mesh or field; a name in ENCODERS), or None.
    model: a model folder, or None for the shipped one; with baseline "retrieval" its features are tried as well.
    training_data: further datasets whose train split the baselines may use, as the model did.
    views_per_object: None for as many as the protocol says. row_format: "csv" or "parquet". seed: of the bootstrap.
    Raises DatasetError, ModelError, ExportError where `out` cannot be written, UserError for an unknown name or a
    protocol that has no metric for this kind of prediction.
    """
    check_names(protocol, baseline, features, row_format, model is not None)
    rules = find_protocol(protocol)
    dataset = Dataset.open(data)
    _check_request(dataset, out, split, rules, views_per_object)
    predictor: Predictor | TruthSeer
    if baseline is not None:
        predictor = _baseline(baseline, dataset, features, model, training_data, progress)
    elif checkpoint is not None:
        predictor = CheckpointPredictor.load(checkpoint, kind, encoder)
    else:
        predictor = ModelPredictor.load(model)
    require_metrics(rules, predictor.name, predictor.gives)
    predictor, threshold = fix_threshold(predictor, dataset, rules, views_per_object, progress)
    rows = evaluate(predictor, dataset, split, protocol=rules, views_per_object=views_per_object, progress=progress)
    summary = summarise(
        rows,
        predictor=predictor.name,
        details=predictor.details,
        dataset=dataset.folder.resolve().name,
        data_sha256=hashlib.sha256((dataset.folder / MANIFEST).read_bytes()).hexdigest(),
        split=split,
        views_per_object=views_per_object or rules.views_per_object,
        protocol=rules,
        threshold=threshold,
        seed=seed,
    )
    write_report(out, summary, rows, predictor, dataset, row_format)
    return summary


def check_names(
    protocol: str, baseline: str | None, features: Sequence[str], row_format: str, with_model: bool
) -> None:
    """UserError for a name that is in no registry, with the nearest; the command line asks before it does any work."""
    find_protocol(protocol)
    if baseline is not None:
        require_baseline(baseline)
    require_features(features, with_model)
    require_row_format(row_format)


def _check_request(
    dataset: Dataset, out: Path, split: str, protocol: EvaluationProtocol, views_per_object: int | None
) -> None:
    """What can be known to be wrong is told before minutes of fitting and scoring."""
    samples_of(dataset, split, views_per_object, protocol)
    nearest = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
    if not nearest.is_dir():
        raise ExportError(f"cannot write the report to {out}: {nearest} is not a folder; choose another --out")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise ExportError(
            f"cannot write the report to {out}: no permission to write in {nearest}; choose another --out"
        )


def _baseline(
    name: str,
    dataset: Dataset,
    features: Sequence[str],
    model: str | PathLike[str] | None,
    training_data: Sequence[Path],
    progress: bool,
) -> Predictor | TruthSeer:
    more = [Dataset.open(folder) for folder in training_data]
    field_model = None if model is None else load_model(model)
    return build_baseline(name, dataset, more_training=more, features=features, model=field_model, progress=progress)
