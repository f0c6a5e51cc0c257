"""The report's charts as SVG text, in the hand of the evaluation's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes

from shapeshot.scores.metrics import METRICS
from shapeshot.study.answers import Answer
from shapeshot.study.report.curves import Curve
from shapeshot.study.report.ranking import Cost, Effect, Interaction, Ranked
from shapeshot.tuning.charts import ACCENT, FAINT, INK, STYLE, new_figure, svg_of

COLORS = [colormaps["tab10"](index) for index in range(10)]
ROW_INCHES, MARGIN_INCHES = 0.32, 1.1


def ranking_chart(lines: Sequence[Ranked], metric: str) -> str:
    """The score of every cell and baseline with its interval, the best on top."""
    shown = [line for line in lines if metric in line.scores]

    def draw(axes: Axes) -> None:
        for place, line in enumerate(reversed(shown)):
            interval, color = line.scores[metric], INK if line.is_baseline else ACCENT
            axes.plot([interval.low, interval.high], [place, place], color=color, linewidth=2)
            axes.plot([interval.mean], [place], color=color, marker="s" if line.is_baseline else "o", markersize=6)
        axes.set_yticks(range(len(shown)), [line.label for line in reversed(shown)])
        axes.grid(axis="x", color=FAINT, linewidth=0.6)

    return _chart(METRICS[metric].title, "", draw, height=MARGIN_INCHES + ROW_INCHES * len(shown))


def answers_chart(answers: Sequence[Answer]) -> str:
    """The difference that each question is about, with its interval; 0 is marked."""
    shown = [answer for answer in answers if answer.difference is not None]

    def draw(axes: Axes) -> None:
        for place, answer in enumerate(reversed(shown)):
            assert answer.difference is not None
            interval = answer.difference.interval
            axes.plot([interval.low, interval.high], [place, place], color=ACCENT, linewidth=2)
            axes.plot([interval.mean], [place], color=ACCENT, marker="o", markersize=6)
        names = [f"{answer.question.first} - {answer.question.second}" for answer in reversed(shown)]
        axes.set_yticks(range(len(shown)), names)
        axes.axvline(0, color=INK, linewidth=1)

    title = f"difference in {METRICS[shown[0].metric].title}" if shown else "difference"
    return _chart(title, "", draw, height=MARGIN_INCHES + ROW_INCHES * len(shown))


def effect_chart(effect: Effect, metric: str) -> str:
    """A factor's levels with their intervals."""

    def draw(axes: Axes) -> None:
        for place, interval in enumerate(effect.levels.values()):
            axes.plot([place, place], [interval.low, interval.high], color=ACCENT, linewidth=2)
            axes.plot([place], [interval.mean], color=ACCENT, marker="o", markersize=6)
        axes.set_xticks(range(len(effect.levels)), list(effect.levels), rotation=20 if len(effect.levels) > 3 else 0)
        axes.set_xlim(-0.5, len(effect.levels) - 0.5)
        axes.grid(axis="y", color=FAINT, linewidth=0.6)

    return _chart(effect.factor, METRICS[metric].title, draw)


def interaction_chart(interaction: Interaction, metric: str) -> str:
    """A line for each level of the second factor over the levels of the first: parallel where they do not interact."""
    firsts = list(dict.fromkeys(first for first, _ in interaction.means))
    seconds = list(dict.fromkeys(second for _, second in interaction.means))

    def draw(axes: Axes) -> None:
        for number, second in enumerate(seconds):
            places = [place for place, first in enumerate(firsts) if (first, second) in interaction.means]
            means = [interaction.means[firsts[place], second] for place in places]
            axes.plot(places, means, color=COLORS[number % 10], marker="o", label=second)
        axes.set_xticks(range(len(firsts)), firsts, rotation=20 if len(firsts) > 3 else 0)
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.legend(title=interaction.second, frameon=False)

    return _chart(f"{interaction.first} by {interaction.second}", METRICS[metric].title, draw)


def cost_chart(costs: Sequence[Cost], metric: str, price: str, title: str) -> str:
    """Score against what it costs; the Pareto front is filled."""

    def draw(axes: Axes) -> None:
        for number, cost in enumerate(costs):
            on_front = cost.cheapest_training if price == "train_seconds" else cost.cheapest_prediction
            color = COLORS[number % 10]
            scale = 1000 if price == "predict_seconds" else 1
            axes.plot(
                [scale * getattr(cost, price)], [cost.score], marker="o", markersize=8, linestyle="none", color=color,
                markerfacecolor=color if on_front else "none", label=cost.label,
            )  # fmt: skip
        axes.grid(color=FAINT, linewidth=0.6)
        axes.set_xlim(left=0)
        if len(costs) <= 12:
            axes.legend(frameon=False, fontsize=8)

    return _chart(title, METRICS[metric].title, draw)


def curves_chart(curves: Sequence[Curve], by_seconds: bool) -> str:
    """Validation scores by steps or by seconds."""

    def draw(axes: Axes) -> None:
        for number, curve in enumerate(curves):
            where = curve.seconds if by_seconds else curve.steps
            axes.plot(where, curve.scores, color=COLORS[number % 10], marker=".", label=curve.label)
        axes.grid(color=FAINT, linewidth=0.6)
        axes.set_xlim(left=0)
        if len(curves) <= 12:
            axes.legend(frameon=False, fontsize=8)

    return _chart("seconds of training" if by_seconds else "steps", "validation score", draw)


def sparkline(points: Sequence[tuple[int, float, float]]) -> str:
    """The curve of one run, small."""

    def draw(axes: Axes) -> None:
        axes.plot([step for step, _, _ in points], [score for _, _, score in points], color=ACCENT, marker=".")

    return _chart("steps", "", draw, height=1.2, width=2.4)


def _chart(x_label: str, y_label: str, draw: Callable[[Axes], None], height: float = 3.2, width: float = 5.4) -> str:
    with rc_context(STYLE):
        figure, axes = new_figure(x_label, y_label)
        figure.set_size_inches(width, height)
        draw(axes)
        return svg_of(figure)
