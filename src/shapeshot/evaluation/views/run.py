"""One evaluation in the frame of the view, from dataset to rows and summary: what `--protocol view` runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample
from shapeshot.errors import DatasetError, PhotoError, UserError
from shapeshot.evaluation.scoring import samples_of
from shapeshot.evaluation.tables import encode_csv
from shapeshot.evaluation.views.score import SCORES, InView, score_in_view, worst_in_view
from shapeshot.evaluation.views.truth import ObjectTruth, ViewTruth
from shapeshot.files import atomic_write
from shapeshot.model.field import logit
from shapeshot.model.field_model import FieldModel, load_model
from shapeshot.photo import look_at
from shapeshot.scores.statistics import Interval, bootstrap_mean

NAME = "view"
NUM_POINTS = 10_000
TITLES = {
    "iou": "IoU, cells of 1/32",
    "f_score_1": "F 1 %",
    "f_score_5": "F 5 %",
    "photo_silhouette": "silhouette from the photo's camera",
    "side_silhouettes": "silhouettes from the other sides",
    "thin_recall": "recall of thin parts",
    "azimuth_error_deg": "error of the azimuth, degrees",
}


@dataclass(frozen=True)
class ViewRow:
    """The scores of one view. failure: why there is no shape."""

    object: str
    kind: str
    group: str
    view: int
    scores: dict[str, float]
    failure: str = ""


def run_view_evaluation(
    data: Path,
    out: Path,
    *,
    split: str = "test",
    model: str | PathLike[str] | None = None,
    views_per_object: int | None = None,
    threshold: float | None = None,
    seed: int = 0,
    progress: bool = True,
) -> dict[str, Any]:
    """Score an exported model; the summary that is also written, with the rows, to `out`.

    A model that does not tell the camera is given the true one. threshold: in place of the model's own.
    Raises DatasetError for a dataset whose cameras are not known, and ModelError.
    """
    dataset, field_model = Dataset.open(data), load_model(model)
    surface = field_model.threshold if threshold is None else threshold
    rows = score_views(field_model, dataset, split, surface, views_per_object, progress)
    summary = {
        "format": "shapeshot-view-evaluation",
        "version": 1,
        "predictor": field_model.name,
        "data": dataset.folder.resolve().name,
        "split": split,
        "threshold": surface,
        "views": len(rows),
        "objects": len({row.object for row in rows}),
        "refused": sum(bool(row.failure) for row in rows),
        "scores": summarise_views(rows, seed),
    }
    out.mkdir(parents=True, exist_ok=True)
    atomic_write(out / "rows.csv", encode_csv(_table(rows)))
    atomic_write(out / "views.json", json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    return summary


def score_views(
    model: FieldModel,
    dataset: Dataset,
    split: str,
    threshold: float,
    views_per_object: int | None = None,
    progress: bool = True,
) -> list[ViewRow]:
    """Score views of every object of a split; one row a view."""
    rows = []
    samples = samples_of(dataset, split, views_per_object)
    for sample in tqdm(samples, desc=model.name, disable=not progress):
        if not sample.has_geometry:
            raise DatasetError(f"the cameras of {sample.id} are not known; the protocol {NAME} needs them")
        whole = ObjectTruth.of(sample, NUM_POINTS)
        for view in samples.views(sample):
            scores, failure = _score(model, sample, ViewTruth.of(whole, sample, view), view, threshold)
            rows.append(ViewRow(sample.id, sample.info.kind, sample.group, view, scores, failure))
    return rows


def _score(
    model: FieldModel, sample: Sample, truth: ViewTruth, view: int, threshold: float
) -> tuple[dict[str, float], str]:
    """The scores of one view, and why it was refused. The exact mask is given, so that the shape alone is scored."""
    rgba = sample.view(view)
    try:
        photo = look_at(rgba[..., :3], model.image_size, mask=rgba[..., 3]).photo
    except PhotoError as error:
        return worst_in_view(truth), str(error)
    seen = model.see(photo)
    return score_in_view(InView(seen.reading, logit(threshold), truth), NUM_POINTS), ""


def summarise_views(rows: Sequence[ViewRow], seed: int = 0) -> dict[str, Any]:
    """The mean of each score over objects with its 95 % interval, and its median over views."""
    found: dict[str, Any] = {}
    for name in SCORES:
        by_object: dict[str, list[float]] = {}
        for row in rows:
            if name in row.scores:
                by_object.setdefault(row.object, []).append(row.scores[name])
        if by_object:
            groups = {row.object: row.group for row in rows}
            means = [float(np.mean(values)) for values in by_object.values()]
            interval: Interval = bootstrap_mean(means, [groups[key] for key in by_object], seed=seed)
            each = [value for values in by_object.values() for value in values]
            found[name] = asdict(interval) | {"median": float(np.median(each))}
    errors = [row.scores["azimuth_error_deg"] for row in rows if "azimuth_error_deg" in row.scores]
    if errors:
        found["azimuth_error_deg"]["beyond_90"] = float(np.mean(np.array(errors) > 90))
    return found


def view_markdown(summary: dict[str, Any]) -> str:
    """The summary as a table."""
    lines = [
        f"{summary['predictor']} on {summary['split']} of {summary['data']}, {summary['objects']} objects, "
        f"{summary['views']} views, {summary['refused']} refused, threshold {summary['threshold']:.3f}",
        "",
        "| in the frame of the view | mean [95 %] | median of views |",
        "|---|---|---|",
    ]
    for name, title in TITLES.items():
        if name in summary["scores"]:
            row = summary["scores"][name]
            lines.append(f"| {title} | {row['mean']:.3f} [{row['low']:.3f}, {row['high']:.3f}] | {row['median']:.3f} |")
    if "azimuth_error_deg" in summary["scores"]:
        lines += [
            "",
            f"azimuth wrong by more than 90 degrees: {summary['scores']['azimuth_error_deg']['beyond_90']:.3f}",
        ]
    return "\n".join(lines) + "\n"


def _table(rows: Sequence[ViewRow]) -> dict[str, list[Any]]:
    if not rows:
        raise UserError("there is nothing to write")
    table: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in ("object", "kind", "view")}
    table |= {name: [row.scores.get(name) for row in rows] for name in SCORES}
    return table | {"failure": [row.failure for row in rows]}
