"""The reliability diagram: what probabilities say against what came true."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np

from shapeshot.scores.reliability import Reliability
from shapeshot.tuning.charts import ACCENT, FAINT, INK

_COLORS = ("#b45309", ACCENT)


def reliability_png(curves: Mapping[str, Reliability]) -> bytes:
    """One curve a name, and below it how many cells are in each bin; a PNG file's bytes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 5.6), layout="constrained", dpi=110)
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    upper.plot([0, 1], [0, 1], color=FAINT, linewidth=1.2)
    for (name, curve), color in zip(curves.items(), _COLORS, strict=False):
        filled = curve.counts > 0
        label = f"{name} (calibration error {curve.error:.3f})"
        upper.plot(curve.probabilities[filled], curve.shares[filled], "o-", color=color, markersize=4, label=label)
        edges = np.linspace(0, 1, len(curve.counts) + 1)
        lower.stairs(curve.counts / curve.counts.sum(), edges, color=color)
    upper.set(ylabel="share of cells that are occupied", ylim=(0, 1), xlim=(0, 1))
    upper.legend(frameon=False, loc="upper left")
    lower.set(xlabel="probability of occupancy", ylabel="share of cells", yscale="log")
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(FAINT)
        axes.tick_params(colors=INK)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
