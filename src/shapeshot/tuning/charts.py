"""The report's charts as SVG text: F-score against distance, IoU against threshold, and a histogram of scores."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

INK, ACCENT, FAINT = "#1f2933", "#2563eb", "#d5dae1"
# Text stays text, and no dates or random ids: the same numbers give the same bytes.
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "shapeshot",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def f_score_chart(curve: Mapping[int, float]) -> str:
    """Mean F-score (0 to 1) against the distance threshold in percent of the cube's side."""
    with rc_context(STYLE):
        figure, axes = new_figure("distance threshold, % of the cube's side", "mean F-score")
        percents = sorted(curve)
        axes.plot(percents, [curve[percent] for percent in percents], color=ACCENT, marker="o", markersize=4)
        axes.set(xlim=(0, max(percents) + 0.5), ylim=(0, 1), xticks=percents)
        axes.grid(color=FAINT, linewidth=0.6)
        return svg_of(figure)


def iou_chart(curve: Mapping[int, float]) -> str:
    """Mean IoU (0 to 1) of the cells above a threshold of occupancy, against the threshold in percent."""
    with rc_context(STYLE):
        figure, axes = new_figure("threshold of occupancy, %", "mean IoU at 32³")
        axes.plot(list(curve), list(curve.values()), color=ACCENT, marker="o", markersize=4)
        axes.set(xlim=(0, 100), ylim=(0, 1))
        axes.grid(color=FAINT, linewidth=0.6)
        return svg_of(figure)


def training_chart(curve: Mapping[int, float], name: str) -> str:
    """What a training's log says by step: "loss", or "val_score", the score on the validation split."""
    with rc_context(STYLE):
        figure, axes = new_figure("step", {"val_score": "score on the validation split"}.get(name, name))
        steps = sorted(curve)
        axes.plot(
            steps, [curve[step] for step in steps], color=ACCENT, marker="o" if len(steps) < 40 else "", markersize=4
        )
        axes.grid(color=FAINT, linewidth=0.6)
        return svg_of(figure)


def score_histogram(scores: Sequence[float], title: str) -> str:
    """How many objects have which score in 0..1, in bins of 0.05, with the mean marked."""
    with rc_context(STYLE):
        figure, axes = new_figure(f"{title}, mean of an object's views", "objects")
        axes.hist(scores, bins=np.linspace(0, 1, 21).tolist(), color=ACCENT, edgecolor="white", linewidth=0.8)
        mean = float(np.mean(scores))
        axes.axvline(mean, color=INK, linestyle="--", linewidth=1)
        axes.annotate(f" mean {mean:.3f}", (mean, 0.97), xycoords=("data", "axes fraction"), va="top")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlim(0, 1)
        return svg_of(figure)


def new_figure(x_label: str, y_label: str) -> tuple[Figure, Axes]:
    """A figure with the one look that all charts have; to be made and drawn inside `rc_context(STYLE)`."""
    figure = Figure(figsize=(5.4, 3.2), layout="constrained")
    axes = figure.add_subplot()
    axes.set(xlabel=x_label, ylabel=y_label)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    return figure, axes


def svg_of(figure: Figure) -> str:
    """The <svg> element alone, ready to be put into HTML."""
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]
