"""How runs learned: their validation score by steps and by seconds, and what each had when the quickest was through.

The validation score is the one that training chooses its checkpoint by: comparable within a kind of model only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shapeshot.lab.kinds import KINDS
from shapeshot.study.gathered import Finished, Gathered


@dataclass(frozen=True)
class Curve:
    """The curve of a cell, means over its seeds: of each validation step, seconds and score. measured: what that is.

    at_equal_steps, at_equal_seconds: the best score so far, when the cell with the fewest steps, or the quickest one,
    was done; None where it had none by then.
    """

    label: str
    measured: str
    steps: tuple[int, ...]
    seconds: tuple[float, ...]
    scores: tuple[float, ...]
    at_equal_steps: float | None
    at_equal_seconds: float | None


def curve_points(run: Finished) -> list[tuple[int, float, float]]:
    """(step, seconds, validation score) of every validation of a run."""
    lines = [line for line in run.log if "val_score" in line]
    return sorted((int(line["step"]), float(line["seconds"]), float(line["val_score"])) for line in lines)


def learning_curves(gathered: Gathered) -> list[Curve]:
    """The curve of every cell that has one."""
    by_label = {
        cell.label: [curve_points(run) for run in gathered.runs[cell.label].values() if not run.has_failed]
        for cell in gathered.cells
    }
    by_label = {label: [points for points in runs if points] for label, runs in by_label.items()}
    by_label = {label: runs for label, runs in by_label.items() if runs}
    if not by_label:
        return []
    fewest = min(max(points[-1][0] for points in runs) for runs in by_label.values())
    quickest = min(float(np.median([points[-1][1] for points in runs])) for runs in by_label.values())
    kinds = {cell.label: cell.config.model.type for cell in gathered.cells}
    return [_curve(label, KINDS[kinds[label]].score_name, runs, fewest, quickest) for label, runs in by_label.items()]


def _curve(
    label: str, measured: str, runs: Sequence[Sequence[tuple[int, float, float]]], fewest: int, quickest: float
) -> Curve:
    shared = sorted(set.intersection(*({step for step, _, _ in points} for points in runs)))
    means = {step: np.mean([next(p[1:] for p in points if p[0] == step) for points in runs], axis=0) for step in shared}
    return Curve(
        label=label,
        measured=measured,
        steps=tuple(shared),
        seconds=tuple(float(means[step][0]) for step in shared),
        scores=tuple(float(means[step][1]) for step in shared),
        at_equal_steps=_best([[p[2] for p in points if p[0] <= fewest] for points in runs]),
        at_equal_seconds=_best([[p[2] for p in points if p[1] <= quickest] for points in runs]),
    )


def _best(scores: Sequence[Sequence[float]]) -> float | None:
    return float(np.mean([max(own) for own in scores])) if all(scores) else None
