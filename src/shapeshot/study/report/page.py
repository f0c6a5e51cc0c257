"""The report as one HTML page that loads nothing from anywhere."""

from __future__ import annotations

import base64
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from shapeshot.lab.train_config import TrainConfig
from shapeshot.study.gathered import Finished, Gathered
from shapeshot.study.pictures import PHOTOS, TRUTHS
from shapeshot.study.progress import duration
from shapeshot.study.report.charts import (
    answers_chart,
    cost_chart,
    curves_chart,
    effect_chart,
    interaction_chart,
    ranking_chart,
    sparkline,
)
from shapeshot.study.report.curves import curve_points
from shapeshot.study.report.results import Results
from shapeshot.study.report.words import (
    COSTS_NOTE,
    CURVES_NOTE,
    METHOD,
    Table,
    about,
    answers_table,
    categories_table,
    costs_table,
    curves_table,
    further_table,
    ranking_table,
    verdict,
)
from shapeshot.study.stored import PICTURES


def page_html(results: Results, gathered: Gathered, out: Path) -> str:
    """The page as text."""
    study = gathered.study
    page = Template((files("shapeshot.study.report") / "page.html").read_text(encoding="utf-8"))
    metric = study.metric
    return page.substitute(
        title=escape(results.title),
        about=escape(about(results, study)),
        sentences="".join(
            f"<li><b>{escape(answer.question.ask)}</b>{escape(verdict(answer))}</li>" for answer in results.answers
        ),
        answers_chart=_box(answers_chart(results.answers)) if _any_answered(results) else "",
        answers=_table(answers_table(results.answers)),
        method=escape(METHOD),
        further=_table(further_table(results.further)),
        rankings="".join(
            f'<h2>Ranking on {escape(split)}</h2><div class="charts">{_box(ranking_chart(lines, metric))}</div>'
            f'<div class="scroll">{_table(ranking_table(results, study, split))}</div>'
            for split, lines in results.rankings.items()
        ),
        effects="".join(_box(effect_chart(effect, metric)) for effect in results.effects if effect.levels)
        + "".join(_box(interaction_chart(item, metric)) for item in results.interactions if item.means),
        costs_note=escape(COSTS_NOTE),
        cost_charts=_cost_charts(results, metric),
        costs=_table(costs_table(results)),
        curves_note=escape(CURVES_NOTE),
        curve_charts=_curve_charts(results),
        curves=_table(curves_table(results)),
        categories=_table(categories_table(results)),
        split=escape(gathered.split),
        strips=_strips(gathered, out),
        runs="".join(_run_line(finished) for finished in gathered.finished() if finished.job.config),
        missing=_missing(results),
    )


def _any_answered(results: Results) -> bool:
    return any(answer.difference is not None for answer in results.answers)


def _cost_charts(results: Results, metric: str) -> str:
    if not results.costs:
        return ""
    prices = {"train_seconds": "seconds of training", "predict_seconds": "milliseconds of a prediction"}
    return "".join(_box(cost_chart(results.costs, metric, price, title)) for price, title in prices.items())


def _curve_charts(results: Results) -> str:
    if not results.curves:
        return ""
    return "".join(_box(curves_chart(results.curves, by_seconds)) for by_seconds in (False, True))


def _strips(gathered: Gathered, out: Path) -> str:
    strips = [_strip("photos", out / PHOTOS, ""), _strip("truth", out / TRUTHS, "")]
    for finished in gathered.finished():
        reason = finished.result.reason if finished.has_failed else ""
        strips.append(_strip(finished.job.label, finished.job.folder / PICTURES, reason))
    return "".join(strips)


def _strip(label: str, path: Path, reason: str) -> str:
    note = f'<span class="failed">failed: {escape(reason)}</span>' if reason else ""
    picture = ""
    if path.is_file():
        encoded = base64.b64encode(path.read_bytes()).decode()
        picture = f'<img alt="{escape(label)}" src="data:image/webp;base64,{encoded}">'
    return f'<div class="strip">{escape(label)} {note}{picture}</div>'


def _run_line(finished: Finished) -> str:
    config = finished.job.config
    assert config is not None
    points = curve_points(finished)
    cells = [
        escape(finished.job.label),
        f"<code>{finished.job.folder.name}</code>",
        escape(config.model.type),
        escape(_encoder(config)),
        escape(f"{config.optimizer}, {config.schedule}, {config.lr:g}"),
        str(config.max_iter),
        str(config.seed),
        f'<span class="failed">{escape(finished.result.reason)}</span>'
        if finished.has_failed
        else f"{duration(finished.result.train_seconds)} on {finished.result.cores} threads",
        sparkline(points) if points else "",
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _encoder(config: TrainConfig) -> str:
    frozen = "frozen" if config.freeze_encoder else "trained"
    return f"{config.model.encoder}, {config.model.encoder_weights}, {frozen}"


def _missing(results: Results) -> str:
    if not results.missing:
        return ""
    return "<h2>Not finished</h2><p>" + ", ".join(escape(label) for label in results.missing) + "</p>"


def _box(chart: str) -> str:
    return f"<div>{chart}</div>"


def _table(table: Table) -> str:
    titles, lines = table
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in lines)
    return f"<table><tr>{head}</tr>{body}</table>" if lines else ""
