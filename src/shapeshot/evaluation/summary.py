"""Rows of an evaluation as numbers to report: means with intervals overall and per kind, curves, mesh checks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from shapeshot.evaluation.confusion import Confusion, confusion_text, count_confusions
from shapeshot.evaluation.protocols import DEFAULT, PROTOCOLS, EvaluationProtocol
from shapeshot.evaluation.rows import ObjectScores, Row, object_means
from shapeshot.evaluation.threshold import ThresholdFit
from shapeshot.scores.metrics import CURVE_PERCENTS, METRICS, OCCUPANCY_PERCENTS, MeshCheck
from shapeshot.scores.prediction import RESOLUTION
from shapeshot.scores.statistics import Interval, bootstrap_mean

FORMAT, VERSION = "shapeshot-evaluation", 1
MISSING = "-"  # in tables: this kind of prediction cannot give the metric


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
    """One predictor on one split, by one protocol.

    data_sha256: of the dataset's manifest. failures: views without a prediction. headlines: metrics of the tables;
    missing: those of them that this kind of prediction cannot give.
    overall: metric -> interval over objects, resampled by near-duplicate group. by_kind: kind -> the same.
    f_score_curve: percent of the cube's side -> mean F-score. iou_curve: percent of occupancy probability -> mean IoU
    above it. threshold: the one fixed on validation by the protocol, with its IoU there, or None where the protocol
    leaves it to the predictor. meshes: None where the kind has none. confusion: which kinds are taken for which.
    """

    protocol: str
    predictor: str
    details: Mapping[str, Any]
    dataset: str
    data_sha256: str
    split: str
    objects: int
    views: int
    views_per_object: int
    failures: int
    seed: int
    median_seconds: float
    headlines: tuple[str, ...]
    missing: tuple[str, ...]
    overall: Mapping[str, Interval]
    by_kind: Mapping[str, Mapping[str, Interval]]
    f_score_curve: Mapping[int, float]
    iou_curve: Mapping[int, float]
    threshold: ThresholdFit | None
    meshes: MeshChecks | None
    confusion: Confusion
    num_points: int
    resolution: int = RESOLUTION
    confidence: float = field(default=0.95)
    format: str = FORMAT
    version: int = VERSION


def summarise(
    rows: Sequence[Row],
    *,
    predictor: str,
    details: Mapping[str, Any],
    dataset: str,
    split: str,
    views_per_object: int,
    protocol: EvaluationProtocol = PROTOCOLS[DEFAULT],
    threshold: ThresholdFit | None = None,
    data_sha256: str = "",
    seed: int = 0,
) -> Summary:
    """All numbers of a report. rows: at least one, by `protocol`. seed: of the bootstrap."""
    objects = object_means(rows)
    kinds = sorted({scores.kind for scores in objects}, key=lambda kind: (-_count(objects, kind), kind))
    by_kind = {kind: _intervals([o for o in objects if o.kind == kind], protocol, seed) for kind in kinds}
    return Summary(
        protocol=protocol.name,
        predictor=predictor,
        details=details,
        dataset=dataset,
        data_sha256=data_sha256,
        split=split,
        objects=len(objects),
        views=len(rows),
        views_per_object=views_per_object,
        failures=sum(bool(row.failure) for row in rows),
        seed=seed,
        median_seconds=float(np.median([row.seconds for row in rows])),
        headlines=protocol.headlines,
        missing=tuple(metric for metric in protocol.headlines if metric not in objects[0].scores),
        overall=_intervals(objects, protocol, seed),
        by_kind=by_kind,
        f_score_curve=_curve(objects, "f_score_", CURVE_PERCENTS),
        iou_curve=_curve(objects, "iou_above_", OCCUPANCY_PERCENTS),
        threshold=threshold,
        meshes=_mesh_checks([row.check for row in rows if row.check is not None]),
        confusion=count_confusions(rows),
        num_points=protocol.num_points,
    )


def _count(objects: Sequence[ObjectScores], kind: str) -> int:
    return sum(scores.kind == kind for scores in objects)


def _intervals(objects: Sequence[ObjectScores], protocol: EvaluationProtocol, seed: int) -> dict[str, Interval]:
    groups = [scores.group for scores in objects]
    metrics = [metric for metric in protocol.headlines if metric in objects[0].scores]
    return {
        metric: bootstrap_mean([scores.scores[metric] for scores in objects], groups, seed=seed) for metric in metrics
    }


def _curve(objects: Sequence[ObjectScores], prefix: str, percents: Sequence[int]) -> dict[int, float]:
    """Percent -> mean over objects of the metric of that name; empty where it is missing."""
    return {
        percent: float(np.mean([scores.scores[f"{prefix}{percent}"] for scores in objects]))
        for percent in percents
        if f"{prefix}{percent}" in objects[0].scores
    }


def _mesh_checks(checks: Sequence[MeshCheck]) -> MeshChecks | None:
    if not checks:
        return None
    return MeshChecks(
        meshes=len(checks),
        closed=sum(check.closed for check in checks),
        manifold=sum(check.manifold for check in checks),
        positive_volume=sum(check.positive_volume for check in checks),
        passed_all=sum(check.passed for check in checks),
    )


def summary_json(summary: Summary) -> str:
    """Return a summary as JSON, its keys in reading order."""
    values = {"format": summary.format, "version": summary.version} | asdict(summary)
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def summary_markdown(summary: Summary) -> str:
    """Return a summary as a short Markdown page: the headline table, the mesh checks and how it was measured."""
    titles = [METRICS[metric].title for metric in summary.headlines]
    lines = [
        f"# {summary.predictor} on {summary.dataset}, split {summary.split}",
        "",
        f"Protocol `{summary.protocol}`: {PROTOCOLS[summary.protocol].source}.",
        "",
        f"{summary.objects} objects, {summary.views} views, {summary.failures} without a prediction "
        "(they score worst). Means with 95 % bootstrap intervals over objects, resampled by near-duplicate group."
        + (f" {MISSING}: this kind of prediction has no such metric." if summary.missing else ""),
        "",
        "| objects | n | " + " | ".join(titles) + " |",
        "|---|---|" + "---|" * len(titles),
        _markdown_row("**all**", summary.overall, summary.headlines),
        *(_markdown_row(kind, intervals, summary.headlines) for kind, intervals in summary.by_kind.items()),
        *_markdown_notes(summary),
    ]
    return "\n".join(lines) + "\n"


def _markdown_notes(summary: Summary) -> list[str]:
    notes = []
    if fit := summary.threshold:
        notes += ["", f"Threshold of occupancy {fit.threshold:g}, fixed on val (mean IoU {fit.iou:.3f} there)."]
    if meshes := summary.meshes:
        notes += [
            "",
            f"Meshes: {meshes.passed_all} of {meshes.meshes} closed, manifold and of positive volume "
            f"({meshes.closed} closed, {meshes.manifold} manifold, {meshes.positive_volume} of positive volume).",
        ]
    return [*notes, "", confusion_text(summary.confusion)]


def _markdown_row(name: str, intervals: Mapping[str, Interval], metrics: Sequence[str]) -> str:
    cells = [interval_text(intervals.get(metric)) for metric in metrics]
    return f"| {name} | {count_of(intervals)} | " + " | ".join(cells) + " |"


def count_of(intervals: Mapping[str, Interval]) -> int:
    """How many objects went into the intervals of a line."""
    return next(iter(intervals.values())).count


def interval_text(interval: Interval | None) -> str:
    """ "0.412 [0.380, 0.444]", the mean alone of fewer than five objects, "-" for what is missing."""
    if interval is None:
        return MISSING
    if interval.count < 5:
        return f"{interval.mean:.3f}"
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
