"""Rows of an evaluation as numbers to report: means with intervals overall and per kind, mesh checks, files to keep."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from shapeshot.errors import DatasetError
from shapeshot.evaluation.metrics import CURVE_PERCENTS, HIGHER_IS_BETTER
from shapeshot.evaluation.protocol import NUM_POINTS, RESOLUTION, ObjectScores, Row, object_means
from shapeshot.evaluation.statistics import Interval, bootstrap_mean, paired_difference

# What tables show, with the words for it.
HEADLINES = {
    "iou": "IoU 32³",
    "f_score_1": "F 1 %",
    "f_score_2": "F 2 %",
    "f_score_5": "F 5 %",
    "chamfer_l1": "Chamfer-L1",
    "normal_consistency": "Normal cons.",
}


@dataclass(frozen=True)
class MeshChecks:
    """How many of the predicted meshes pass each check; a view without a mesh passes none."""

    meshes: int
    closed: int
    manifold: int
    positive_volume: int
    passed_all: int


@dataclass(frozen=True)
class Summary:
    """One predictor on one split.

    overall: metric -> interval over objects, resampled by near-duplicate group. by_kind: kind -> the same.
    f_score_curve: percent of the cube's side -> mean F-score. failures: views without a prediction.
    """

    predictor: str
    details: Mapping[str, Any]
    dataset: str
    split: str
    objects: int
    views: int
    views_per_object: int
    failures: int
    seed: int
    median_seconds: float
    overall: Mapping[str, Interval]
    by_kind: Mapping[str, Mapping[str, Interval]]
    f_score_curve: Mapping[int, float]
    meshes: MeshChecks
    resolution: int = RESOLUTION
    num_points: int = NUM_POINTS
    confidence: float = field(default=0.95)


def summarise(
    rows: Sequence[Row],
    *,
    predictor: str,
    details: Mapping[str, Any],
    dataset: str,
    split: str,
    views_per_object: int,
    seed: int = 0,
) -> Summary:
    """All numbers of a report. rows: at least one. seed: of the bootstrap."""
    objects = object_means(rows)
    kinds = sorted({scores.kind for scores in objects}, key=lambda kind: (-_count(objects, kind), kind))
    by_kind = {kind: _intervals([o for o in objects if o.kind == kind], seed) for kind in kinds}
    curve = {
        percent: float(np.mean([scores.scores[f"f_score_{percent}"] for scores in objects]))
        for percent in CURVE_PERCENTS
    }
    return Summary(
        predictor=predictor,
        details=details,
        dataset=dataset,
        split=split,
        objects=len(objects),
        views=len(rows),
        views_per_object=views_per_object,
        failures=sum(bool(row.failure) for row in rows),
        seed=seed,
        median_seconds=float(np.median([row.seconds for row in rows])),
        overall=_intervals(objects, seed),
        by_kind=by_kind,
        f_score_curve=curve,
        meshes=_mesh_checks(rows),
    )


def _count(objects: Sequence[ObjectScores], kind: str) -> int:
    return sum(scores.kind == kind for scores in objects)


def _intervals(objects: Sequence[ObjectScores], seed: int) -> dict[str, Interval]:
    groups = [scores.group for scores in objects]
    metrics = [metric for metric in objects[0].scores if metric in HEADLINES]
    return {
        metric: bootstrap_mean([scores.scores[metric] for scores in objects], groups, seed=seed) for metric in metrics
    }


def _mesh_checks(rows: Sequence[Row]) -> MeshChecks:
    checks = [row.check for row in rows]
    return MeshChecks(
        meshes=len(checks),
        closed=sum(check.closed for check in checks),
        manifold=sum(check.manifold for check in checks),
        positive_volume=sum(check.positive_volume for check in checks),
        passed_all=sum(check.passed for check in checks),
    )


def summary_json(summary: Summary) -> str:
    """As JSON, keys in reading order."""
    return json.dumps(asdict(summary), indent=2, ensure_ascii=False) + "\n"


def summary_markdown(summary: Summary) -> str:
    """As a short Markdown page: the headline table, the mesh checks and how it was measured."""
    lines = [
        f"# {summary.predictor} on {summary.dataset}, split {summary.split}",
        "",
        f"{summary.objects} objects, {summary.views} views, {summary.failures} without a prediction "
        "(they score worst). Means with 95 % bootstrap intervals over objects, resampled by near-duplicate group.",
        "",
        "| objects | n | " + " | ".join(HEADLINES.values()) + " |",
        "|---|---|" + "---|" * len(HEADLINES),
        _markdown_row("**all**", summary.overall),
        *(_markdown_row(kind, intervals) for kind, intervals in summary.by_kind.items()),
        "",
        f"Meshes: {summary.meshes.passed_all} of {summary.meshes.meshes} closed, manifold and of positive volume "
        f"({summary.meshes.closed} closed, {summary.meshes.manifold} manifold, "
        f"{summary.meshes.positive_volume} of positive volume).",
    ]
    return "\n".join(lines) + "\n"


def _markdown_row(name: str, intervals: Mapping[str, Interval]) -> str:
    cells = [interval_text(intervals[metric]) for metric in HEADLINES]
    return f"| {name} | {intervals['iou'].count} | " + " | ".join(cells) + " |"


def interval_text(interval: Interval) -> str:
    """ "0.412 [0.380, 0.444]", or the mean alone where fewer than five objects make an interval meaningless."""
    if interval.count < 5:
        return f"{interval.mean:.3f}"
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def rows_csv(rows: Sequence[Row]) -> str:
    """One line per view with every score, as RFC 4180 CSV with a header."""
    text = io.StringIO()
    metrics = list(rows[0].scores)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["object_id", "kind", "group", "view", *metrics, *rows[0].check.as_dict(), "seconds", "failure"])
    for row in rows:
        scores = [f"{row.scores[metric]:.6g}" for metric in metrics]
        checks = [int(passed) for passed in row.check.as_dict().values()]
        tail = [f"{row.seconds:.4f}", row.failure]
        writer.writerow([row.object_id, row.kind, row.group, row.view, *scores, *checks, *tail])
    return text.getvalue()


def compare_runs(first: Path, second: Path, metric: str, seed: int = 0) -> Interval:
    """Mean difference first - second of a metric between two report folders, paired by object.

    Raises DatasetError where a folder holds no rows.csv with the metric, or the runs scored different objects.
    """
    scores, groups = _object_column(first / "rows.csv", metric)
    others, _ = _object_column(second / "rows.csv", metric)
    try:
        return paired_difference(scores, others, groups, seed=seed)
    except ValueError as error:
        raise DatasetError(f"cannot compare {first} with {second}: {error}") from error


def _object_column(path: Path, metric: str) -> tuple[dict[str, float], dict[str, str]]:
    """(mean of a metric per object, group per object) of a rows.csv."""
    values: dict[str, list[float]] = {}
    groups: dict[str, str] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                values.setdefault(row["object_id"], []).append(float(row[metric]))
                groups[row["object_id"]] = row["group"]
    except (OSError, KeyError, ValueError, TypeError) as error:
        known = ", ".join(HIGHER_IS_BETTER)
        raise DatasetError(f"{path} holds no scores named {metric!r} ({error}); known: {known}") from error
    return {name: float(np.mean(scores)) for name, scores in values.items()}, groups
