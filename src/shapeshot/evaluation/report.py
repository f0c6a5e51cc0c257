"""Writing an evaluation down: rows.csv, summary.json, summary.md and one self-contained report.html."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

import numpy as np
from PIL import Image

from shapeshot.data.dataset import Dataset
from shapeshot.evaluation.cases import Case, choose_rows, make_case
from shapeshot.evaluation.charts import f_score_chart, iou_histogram
from shapeshot.evaluation.protocol import Predictor, Row, TruthSeer, object_means
from shapeshot.evaluation.statistics import Interval
from shapeshot.evaluation.summary import HEADLINES, Summary, interval_text, rows_csv, summary_json, summary_markdown
from shapeshot.files import atomic_write

CARDS = ("iou", "f_score_5", "chamfer_l1", "normal_consistency")


def write_report(
    out: Path, summary: Summary, rows: Sequence[Row], predictor: Predictor | TruthSeer, dataset: Dataset
) -> None:
    """Writes the four files to folder `out`; the predictor is asked again for the shapes of the cases shown.

    Raises ExportError where it cannot write.
    """
    atomic_write(out / "rows.csv", rows_csv(rows))
    atomic_write(out / "summary.json", summary_json(summary))
    atomic_write(out / "summary.md", summary_markdown(summary))
    cases = {title: [make_case(row, predictor, dataset) for row in group] for title, group in choose_rows(rows).items()}
    atomic_write(out / "report.html", report_html(summary, rows, cases))


def report_html(summary: Summary, rows: Sequence[Row], cases: Mapping[str, Sequence[Case]]) -> str:
    """The page as text; it loads nothing from anywhere."""
    page = Template((files("shapeshot.evaluation") / "report_page.html").read_text(encoding="utf-8"))
    return page.substitute(
        predictor=escape(summary.predictor),
        dataset=escape(summary.dataset),
        split=escape(summary.split),
        objects=summary.objects,
        views=summary.views,
        views_per_object=summary.views_per_object,
        failures=summary.failures,
        num_points=f"{summary.num_points:,}",
        milliseconds=f"{1000 * summary.median_seconds:.0f}",
        cards="".join(_card(metric, summary.overall[metric]) for metric in CARDS),
        meshes=_mesh_checks(summary),
        f_score_chart=f_score_chart(summary.f_score_curve),
        iou_histogram=iou_histogram([scores.scores["iou"] for scores in object_means(rows)]),
        table_head="".join(f"<th>{title}</th>" for title in HEADLINES.values()),
        table_rows=_table_rows(summary),
        cases="".join(_case_group(title, group) for title, group in cases.items()),
        details=_details(summary.details),
    )


def _card(metric: str, interval: Interval) -> str:
    bounds = f"{interval.low:.3f} to {interval.high:.3f}"
    better = "lower is better" if metric == "chamfer_l1" else "higher is better"
    return (
        f'<div class="card"><div class="label">{HEADLINES[metric]}</div><div class="number">{interval.mean:.3f}</div>'
        f'<div class="note">95 %: {bounds}<br>{better}</div></div>'
    )


def _mesh_checks(summary: Summary) -> str:
    checks = summary.meshes
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
        f"<tr{style}><td>{escape(name)}</td><td>{intervals['iou'].count}</td>"
        + "".join(f"<td>{_cell(intervals[metric])}</td>" for metric in HEADLINES)
        + "</tr>"
        for name, intervals, style in rows
    )


def _cell(interval: Interval) -> str:
    mean, _, bounds = interval_text(interval).partition(" ")
    return f"{mean}<br><small>{bounds}</small>" if bounds else mean


def _case_group(title: str, group: Sequence[Case]) -> str:
    return f"<h3>{title}</h3>" + "".join(_case(case) for case in group)


def _case(case: Case) -> str:
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
    numbers = f"IoU {scores['iou']:.3f}<br>F 5 % {scores['f_score_5']:.3f}<br>Chamfer {scores['chamfer_l1']:.3f}"
    failure = f'<br><span class="failure">{escape(case.row.failure)}</span>' if case.row.failure else ""
    figures = "".join(_figure(name, picture) for name, picture in pictures)
    return f'<div class="case"><div class="caption">{caption}<p>{numbers}</p>{failure}</div>{figures}</div>'


def _figure(name: str, picture: np.ndarray | None) -> str:
    body = (
        '<div class="nothing">no shape</div>' if picture is None else f'<img alt="{name}" src="{_data_uri(picture)}">'
    )
    return f"<figure>{body}<figcaption>{name}</figcaption></figure>"


def _data_uri(picture: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(picture, "RGBA").save(buffer, "WEBP", quality=85)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def _details(details: Mapping[str, object]) -> str:
    rows = (
        f"<tr><td>{escape(key.replace('_', ' '))}</td><td>{_value(value)}</td></tr>" for key, value in details.items()
    )
    return "".join(rows)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        ranked = sorted(value.items(), key=lambda item: -item[1])
        return "<br>".join(f"{escape(str(key))}: {number:.4f}" for key, number in ranked)
    return (
        f"{value:.4f}" if isinstance(value, float) else escape(value if isinstance(value, str) else json.dumps(value))
    )
