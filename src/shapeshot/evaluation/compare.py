"""Two or more reports against each other, object by object: far sharper than looking whether two intervals overlap."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shapeshot.errors import DatasetError
from shapeshot.evaluation.summary import FORMAT, MISSING, VERSION
from shapeshot.evaluation.tables import read_rows
from shapeshot.scores.metrics import METRICS
from shapeshot.scores.statistics import Interval, paired_difference

# What two reports must share, with the words for it.
SHARED = {
    "protocol": "protocol",
    "dataset": "dataset",
    "data_sha256": "state of the dataset",
    "split": "split",
    "num_points": "number of surface points",
}
MIN_GROUPS = 5  # independent groups below which an interval says nothing


@dataclass(frozen=True, eq=False)
class Report:
    """What a comparison reads of a report: its summary, its groups and its scores.

    groups: object -> group of near-duplicates. scores: metric -> object -> mean over the object's views; without the
    metrics that this kind of prediction cannot give. views: (object, view) of every row.
    """

    folder: Path
    summary: Mapping[str, Any]
    groups: Mapping[str, str]
    scores: Mapping[str, Mapping[str, float]]
    views: frozenset[tuple[str, int]]


@dataclass(frozen=True)
class MetricComparison:
    """One metric of a run and of the baseline, means over objects, and the difference run - baseline with its interval.

    better_on: objects on which the run scores better, and worse_on. verdict: "better" or "worse" where the interval
    leaves out 0, else "undecided".
    """

    metric: str
    baseline: float
    run: float
    difference: Interval
    better_on: int
    worse_on: int
    verdict: str


@dataclass(frozen=True)
class RunComparison:
    """A run beside the baseline; metrics that one of the two cannot give are None."""

    report: str
    predictor: str
    metrics: Mapping[str, MetricComparison | None]


@dataclass(frozen=True)
class Comparison:
    """Runs beside one baseline, all on the same views by the same protocol."""

    protocol: str
    dataset: str
    split: str
    objects: int
    baseline: str
    predictor: str
    runs: tuple[RunComparison, ...]
    seed: int
    confidence: float = 0.95


def read_report(folder: Path) -> Report:
    """A report's folder. Raises DatasetError where it is none, or is damaged."""
    path = folder / "summary.json"
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
        if (summary["format"], summary["version"]) != (FORMAT, VERSION):
            raise DatasetError(f"{path} is of another version; evaluate again with this shapeshot")
        known = {name: summary[name] for name in (*SHARED, "headlines", "predictor")}
        lines = read_rows(folder)
        groups = {str(line["object_id"]): str(line["group"]) for line in lines}
        views = frozenset((str(line["object_id"]), int(line["view"])) for line in lines)
        scores = {metric: _object_means(lines, metric) for metric in known["headlines"] if metric in METRICS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{folder} is no report of 'shapeshot evaluate' that can be read ({error!r})") from error
    return Report(folder, known, groups, {metric: column for metric, column in scores.items() if column}, views)


def _object_means(lines: Sequence[Mapping[str, Any]], metric: str) -> dict[str, float]:
    """Object -> mean of a metric over its views; empty where it is missing. ValueError where some rows lack it."""
    values: dict[str, list[float]] = {}
    for line in lines:
        if line[metric] not in ("", None):
            values.setdefault(str(line["object_id"]), []).append(float(line[metric]))
    if values and sum(map(len, values.values())) != len(lines):
        raise ValueError(f"some rows lack {metric}")
    return {name: float(np.mean(scores)) for name, scores in values.items()}


def compare_reports(baseline: Path, others: Sequence[Path], seed: int = 0) -> Comparison:
    """Each of the other reports against the baseline's, by every headline metric of their protocol.

    Differences are means over objects, with 95 % percentile bootstrap intervals resampled by group of near-duplicates.
    Raises DatasetError for a folder that holds no report, and where two differ in data, split, protocol or views.
    """
    first = read_report(baseline)
    reports = [read_report(folder) for folder in others]
    for report in reports:
        _require_alike(first, report)
    return Comparison(
        protocol=first.summary["protocol"],
        dataset=first.summary["dataset"],
        split=first.summary["split"],
        objects=len(first.groups),
        baseline=str(baseline),
        predictor=first.summary["predictor"],
        runs=tuple(_compare(first, report, seed) for report in reports),
        seed=seed,
    )


def _require_alike(first: Report, other: Report) -> None:
    pair = f"cannot compare {first.folder} with {other.folder}"
    for name, words in SHARED.items():
        if first.summary[name] != other.summary[name]:
            raise DatasetError(
                f"{pair}: another {words} ({first.summary[name]!r} and {other.summary[name]!r}); evaluate both alike"
            )
    if odd := sorted(first.views ^ other.views):
        raise DatasetError(
            f"{pair}: {len(odd)} views are in only one of them, for example view {odd[0][1]} of {odd[0][0]!r}; "
            "evaluate both on the same views"
        )


def _compare(first: Report, other: Report, seed: int) -> RunComparison:
    metrics: dict[str, MetricComparison | None] = dict.fromkeys(first.summary["headlines"])
    for metric in metrics:
        if metric in first.scores and metric in other.scores:
            metrics[metric] = _compare_metric(metric, first, other, seed)
    return RunComparison(str(other.folder), other.summary["predictor"], metrics)


def _compare_metric(metric: str, first: Report, other: Report, seed: int) -> MetricComparison:
    base, run = first.scores[metric], other.scores[metric]
    difference = paired_difference(run, base, first.groups, seed=seed)
    sign = 1 if METRICS[metric].higher_is_better else -1
    gains = [sign * (run[name] - base[name]) for name in base]
    return MetricComparison(
        metric=metric,
        baseline=float(np.mean(list(base.values()))),
        run=float(np.mean(list(run.values()))),
        difference=difference,
        better_on=sum(gain > 0 for gain in gains),
        worse_on=sum(gain < 0 for gain in gains),
        verdict=_verdict(difference, sign) if len(set(first.groups.values())) >= MIN_GROUPS else "undecided",
    )


def _verdict(difference: Interval, sign: int) -> str:
    if difference.low <= 0 <= difference.high:
        return "undecided"
    return "better" if sign * difference.mean > 0 else "worse"


def comparison_json(comparison: Comparison) -> str:
    """Return a comparison as JSON."""
    return json.dumps(asdict(comparison), indent=2, ensure_ascii=False) + "\n"


def comparison_markdown(comparison: Comparison) -> str:
    """Return a comparison as a Markdown page with a table for each run."""
    lines = [
        f"# Compared with {comparison.predictor} ({comparison.baseline})",
        "",
        f"Protocol `{comparison.protocol}` on {comparison.dataset}, split {comparison.split}: {comparison.objects} "
        "objects, paired. Differences are run minus baseline with 95 % bootstrap intervals by near-duplicate group; "
        "undecided: the interval holds 0.",
    ]
    for run in comparison.runs:
        lines += [
            "",
            f"## {run.predictor} ({run.report})",
            "",
            "| metric | baseline | run | difference | better, worse on | verdict |",
            "|---|---|---|---|---|---|",
            *(_line(metric, compared) for metric, compared in run.metrics.items()),
        ]
    return "\n".join(lines) + "\n"


def _line(metric: str, compared: MetricComparison | None) -> str:
    title = METRICS[metric].title
    if compared is None:
        return f"| {title} |" + f" {MISSING} |" * 5
    difference = compared.difference
    interval = f"{difference.mean:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"
    counts = f"{compared.better_on}, {compared.worse_on}"
    return f"| {title} | {compared.baseline:.3f} | {compared.run:.3f} | {interval} | {counts} | {compared.verdict} |"
