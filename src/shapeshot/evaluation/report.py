"""Writing an evaluation down: rows, objects, summary.json, summary.md and one self-contained report.html."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shapeshot.data.dataset import Dataset
from shapeshot.evaluation.cases import Case, choose_rows, make_case
from shapeshot.evaluation.confusion import confusion_text
from shapeshot.evaluation.predictor import Predictor, TruthSeer
from shapeshot.evaluation.protocols import PROTOCOLS
from shapeshot.evaluation.rows import Row, object_means
from shapeshot.evaluation.summary import MISSING, Summary, count_of, interval_text, summary_json, summary_markdown
from shapeshot.evaluation.tables import write_tables
from shapeshot.files import atomic_write
from shapeshot.lab.training_facts import CURVE
from shapeshot.scores.aspects import SURFACE
from shapeshot.scores.metrics import METRICS
from shapeshot.scores.statistics import Interval
from shapeshot.tuning.charts import f_score_chart, iou_chart, score_histogram, training_chart

if TYPE_CHECKING:
    from jaxtyping import UInt8


def write_report(
    out: Path,
    summary: Summary,
    rows: Sequence[Row],
    predictor: Predictor | TruthSeer,
    dataset: Dataset,
    row_format: str = "csv",
) -> None:
    """Writes the files of a report to folder `out`; the predictor is asked again for the shapes of the cases shown.

    row_format: a name in ROW_FORMATS. Raises ExportError where it cannot write.
    """
    write_tables(out, rows, PROTOCOLS[summary.protocol], row_format)
    atomic_write(out / "summary.json", summary_json(summary))
    atomic_write(out / "summary.md", summary_markdown(summary))
    chosen = choose_rows(rows, ranking_metric(summary, rows))
    cases = {title: [make_case(row, predictor, dataset) for row in group] for title, group in chosen.items()}
    atomic_write(out / "report.html", report_html(summary, rows, cases))


def ranking_metric(summary: Summary, rows: Sequence[Row]) -> str:
    """What orders the cases: the first metric of the protocol's ranking that is not missing."""
    return next(metric for metric in PROTOCOLS[summary.protocol].ranking if metric in rows[0].scores)


def report_html(summary: Summary, rows: Sequence[Row], cases: Mapping[str, Sequence[Case]]) -> str:
    """The page as text; it loads nothing from anywhere."""
    page = Template((files("shapeshot.evaluation") / "report_page.html").read_text(encoding="utf-8"))
    ranking = ranking_metric(summary, rows)
    return page.substitute(
        predictor=escape(summary.predictor),
        protocol=escape(summary.protocol),
        source=escape(PROTOCOLS[summary.protocol].source),
        dataset=escape(summary.dataset),
        split=escape(summary.split),
        objects=summary.objects,
        views=summary.views,
        views_per_object=summary.views_per_object,
        failures=summary.failures,
        notes=_notes(summary),
        milliseconds=f"{1000 * summary.median_seconds:.0f}",
        cards="".join(_card(metric, summary.overall.get(metric)) for metric in summary.headlines),
        meshes=_mesh_checks(summary),
        charts="".join(f"<div>{chart}</div>" for chart in _charts(summary, rows, ranking)),
        ranking=METRICS[ranking].title,
        table_head="".join(f"<th>{METRICS[metric].title}</th>" for metric in summary.headlines),
        table_rows=_table_rows(summary),
        confusion=escape(confusion_text(summary.confusion, with_pairs=False)),
        confusion_rows="".join(
            f"<tr><td>{escape(pair.kind)}</td><td>{escape(pair.nearest_kind)}</td><td>{pair.views}</td></tr>"
            for pair in summary.confusion.pairs
        ),
        cases="".join(_case_group(title, group, summary.headlines) for title, group in cases.items()),
        details=_details({name: value for name, value in summary.details.items() if name != CURVE}),
        curve=_curve(summary.details.get(CURVE)),
    )


def _notes(summary: Summary) -> str:
    """What a reader must know about this run's numbers."""
    notes = []
    if SURFACE in PROTOCOLS[summary.protocol].scores:
        notes.append(f"Surfaces are compared by at most {summary.num_points:,} points each.")
    if summary.threshold:
        notes.append(f"Threshold of occupancy {summary.threshold.threshold:g}, fixed on the validation split.")
    if summary.missing:
        notes.append(f"{MISSING}: this kind of prediction has no such metric.")
    return " ".join(notes)


def _charts(summary: Summary, rows: Sequence[Row], ranking: str) -> list[str]:
    scores = [scores.scores[ranking] for scores in object_means(rows)]
    charts = [score_histogram(scores, METRICS[ranking].title)]
    if summary.iou_curve:
        charts.insert(0, iou_chart(summary.iou_curve))
    if summary.f_score_curve:
        charts.insert(0, f_score_chart(summary.f_score_curve))
    return charts


def _card(metric: str, interval: Interval | None) -> str:
    title = METRICS[metric].title
    if interval is None:
        note, number = "not given by this kind", MISSING
    else:
        better = "higher is better" if METRICS[metric].higher_is_better else "lower is better"
        note, number = f"95 %: {interval.low:.3f} to {interval.high:.3f}<br>{better}", f"{interval.mean:.3f}"
    return (
        f'<div class="card"><div class="label">{title}</div><div class="number">{number}</div>'
        f'<div class="note">{note}</div></div>'
    )


def _mesh_checks(summary: Summary) -> str:
    checks = summary.meshes
    if checks is None:
        return ""
    counts = {
        "closed": checks.closed,
        "manifold": checks.manifold,
        "volume &gt; 0": checks.positive_volume,
        "all three": checks.passed_all,
    }
    return "".join(
        f'<div class="check {_verdict(count, checks.meshes)}"><b>{count}</b> of {checks.meshes} {name}</div>'
        for name, count in counts.items()
    )


def _verdict(count: int, total: int) -> str:
    return "good" if count == total else "bad"


def _table_rows(summary: Summary) -> str:
    rows = [("all", summary.overall, ' class="all"'), *((kind, row, "") for kind, row in summary.by_kind.items())]
    return "".join(
        f"<tr{style}><td>{escape(name)}</td><td>{count_of(intervals)}</td>"
        + "".join(f"<td>{_cell(intervals.get(metric))}</td>" for metric in summary.headlines)
        + "</tr>"
        for name, intervals, style in rows
    )


def _cell(interval: Interval | None) -> str:
    mean, _, bounds = interval_text(interval).partition(" ")
    return f"{mean}<br><small>{bounds}</small>" if bounds else mean


def _case_group(title: str, group: Sequence[Case], headlines: Sequence[str]) -> str:
    return f"<h3>{title}</h3>" + "".join(_case(case, headlines) for case in group)


def _case(case: Case, headlines: Sequence[str]) -> str:
    pictures = (
        ("input view", case.photo),
        ("prediction", case.predicted_seen),
        ("truth", case.true_seen),
        ("prediction, turned", case.predicted_turned),
        ("truth, turned", case.true_turned),
    )
    scores = case.row.scores
    caption = (
        f"<b>{escape(case.name)}</b><br>{escape(case.row.kind)}<br>{escape(case.row.object_id)}, view {case.row.view}"
    )
    numbers = "<br>".join(f"{METRICS[metric].title} {scores[metric]:.3f}" for metric in headlines if metric in scores)
    failure = f'<br><span class="failure">{escape(case.row.failure)}</span>' if case.row.failure else ""
    figures = "".join(_figure(name, picture) for name, picture in pictures)
    return f'<div class="case"><div class="caption">{caption}<p>{numbers}</p>{failure}</div>{figures}</div>'


def _figure(name: str, picture: UInt8[np.ndarray, "height width channels"] | None) -> str:
    body = (
        '<div class="nothing">no shape</div>' if picture is None else f'<img alt="{name}" src="{_data_uri(picture)}">'
    )
    return f"<figure>{body}<figcaption>{name}</figcaption></figure>"


def _data_uri(picture: UInt8[np.ndarray, "height width channels"]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "WEBP", quality=85)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def _details(details: Mapping[str, object]) -> str:
    rows = (
        f"<tr><td>{escape(key.replace('_', ' '))}</td><td>{_value(value)}</td></tr>" for key, value in details.items()
    )
    return "".join(rows)


def _curve(curves: Mapping[str, Mapping[int, float]] | None) -> str:
    """The charts of a training's curve: its loss, its score on val."""
    return "".join(f"<div>{training_chart(curve, name)}</div>" for name, curve in (curves or {}).items())


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        ranked = sorted(value.items(), key=lambda item: -item[1])
        return "<br>".join(f"{escape(str(key))}: {number:.4f}" for key, number in ranked)
    return (
        f"{value:.4f}" if isinstance(value, float) else escape(value if isinstance(value, str) else json.dumps(value))
    )
