"""What the report's tables hold: ranking, effects of factors, categories, costs. Numbers alone, made of stored rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np

from shapeshot.scores.statistics import Interval, bootstrap_mean
from shapeshot.study.declaration import MIN_SEEDS
from shapeshot.study.expansion import Cell
from shapeshot.study.gathered import Finished, Gathered
from shapeshot.study.statistics import estimate

MOST_CATEGORIES = 12
MIN_CATEGORY = 3  # objects, below which a category has no row


@dataclass(frozen=True)
class Ranked:
    """A line of the ranking. scores: metric -> its interval over seeds and objects, of the metrics that it has.

    seeds: 0 for a baseline. failed: of its runs.
    """

    label: str
    is_baseline: bool
    seeds: int
    failed: int
    scores: Mapping[str, Interval]


@dataclass(frozen=True)
class Effect:
    """What a factor does on its own: level -> the score's mean over everything else, with its interval."""

    factor: str
    levels: Mapping[str, Interval]


@dataclass(frozen=True)
class Interaction:
    """Two factors together: (level of the first, level of the second) -> mean score."""

    first: str
    second: str
    means: Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Cost:
    """What a cell costs: seconds of a training and of a prediction, numbers that are learned.

    cheapest_training, cheapest_prediction: whether no other cell is both cheaper and better.
    """

    label: str
    score: float
    train_seconds: float
    predict_seconds: float
    parameters: int
    cheapest_training: bool = False
    cheapest_prediction: bool = False


def ranking(gathered: Gathered, split: str) -> list[Ranked]:
    """Cells and baselines by the first score, the best first; those that lack it come last."""
    study = gathered.study
    lines = [_ranked_cell(gathered, cell, split) for cell in gathered.cells if gathered.runs[cell.label]]
    lines += [_ranked_baseline(gathered, label, run, split) for label, run in gathered.baselines.items()]

    def place(line: Ranked) -> float:
        return -study.sign * line.scores[study.metric].mean if study.metric in line.scores else np.inf

    return sorted(lines, key=place)


def _ranked_cell(gathered: Gathered, cell: Cell, split: str) -> Ranked:
    runs = gathered.runs[cell.label]
    seeds = gathered.seeds_of([cell])
    scores = {
        metric: cell_interval(gathered, [cell], seeds, metric, split)
        for metric in gathered.study.options.metrics
        if all(metric in run.splits[split].scores for run in runs.values())
    }
    return Ranked(cell.label, False, len(seeds), sum(run.has_failed for run in runs.values()), scores)


def cell_interval(gathered: Gathered, cells: list[Cell], seeds: tuple[int, ...], metric: str, split: str) -> Interval:
    """The mean of a score over cells, seeds and objects; of fewer than three seeds the interval is of objects alone."""
    scores = gathered.matrix(cells, seeds, metric, split)
    groups = gathered.runs[cells[0].label][seeds[0]].splits[split].groups
    if len(seeds) < MIN_SEEDS or len(set(groups)) < 2:
        return bootstrap_mean(scores.mean(axis=0), groups)
    return estimate(scores, groups).interval


def _ranked_baseline(gathered: Gathered, label: str, run: Finished, split: str) -> Ranked:
    scores = run.splits[split]
    found = {
        metric: bootstrap_mean(scores.scores[metric], scores.groups)
        for metric in gathered.study.options.metrics
        if metric in scores.scores
    }
    return Ranked(label, True, 0, 0, found)


def effects(gathered: Gathered) -> list[Effect]:
    """The main effects: of a full study over all other factors, else with the others at their baselines."""
    found = []
    for factor in gathered.study.factors.values():
        levels = {}
        for level in factor.levels:
            cells = [
                cell
                for cell in gathered.cells
                if cell.levels[factor.name] == level and _alone(gathered, cell, factor.name)
            ]
            seeds = gathered.seeds_of(cells)
            if seeds and _all_have(gathered, cells, gathered.study.metric):
                levels[level] = cell_interval(gathered, cells, seeds, gathered.study.metric, gathered.split)
        found.append(Effect(factor.name, levels))
    return found


def interactions(gathered: Gathered) -> list[Interaction]:
    """Every pair of factors of a full study; none where factors were varied one at a time, which cannot tell."""
    study = gathered.study
    if study.options.expansion != "full":
        return []
    found = []
    for first, second in combinations(study.factors.values(), 2):
        means = {}
        for levels in product(first.levels, second.levels):
            cells = [cell for cell in gathered.cells if (cell.levels[first.name], cell.levels[second.name]) == levels]
            seeds = gathered.seeds_of(cells)
            if seeds and _all_have(gathered, cells, study.metric):
                means[levels] = float(gathered.matrix(cells, seeds, study.metric, gathered.split).mean())
        found.append(Interaction(first.name, second.name, means))
    return found


def categories(gathered: Gathered) -> dict[str, dict[str, float]]:
    """Category, with its number of objects -> label of a cell or baseline -> mean score; the largest come first."""
    metric, split = gathered.study.metric, gathered.split
    kinds = next(gathered.finished()).splits[split].kinds
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(sorted(kinds))}
    chosen = sorted((kind for kind in counts if counts[kind] >= MIN_CATEGORY), key=lambda kind: -counts[kind])
    table: dict[str, dict[str, float]] = {}
    for kind in chosen[:MOST_CATEGORIES]:
        inside = np.array([other == kind for other in kinds])
        table[f"{kind} ({counts[kind]})"] = {
            label: float(np.mean([run.splits[split].scores[metric][inside].mean() for run in runs]))
            for label, runs in _by_label(gathered).items()
            if all(metric in run.splits[split].scores for run in runs)
        }
    return table


def costs(gathered: Gathered) -> list[Cost]:
    """What each cell cost here, with the fronts of what is worth its price.

    Of its runs that did not fail the quickest counts: whatever else the machine does only adds to a duration.
    """
    metric, split, found = gathered.study.metric, gathered.split, []
    for cell in gathered.cells:
        runs = [run for run in gathered.runs[cell.label].values() if not run.has_failed]
        if runs and _all_have(gathered, [cell], metric):
            found.append(
                Cost(
                    label=cell.label,
                    score=float(np.mean([run.splits[split].scores[metric].mean() for run in runs])),
                    train_seconds=min(run.result.train_seconds for run in runs),
                    predict_seconds=min(float(np.median(run.splits[split].seconds)) for run in runs),
                    parameters=runs[0].result.parameters,
                )
            )
    sign = gathered.study.sign
    return [
        replace(
            cost,
            cheapest_training=_is_on_front(cost, found, "train_seconds", sign),
            cheapest_prediction=_is_on_front(cost, found, "predict_seconds", sign),
        )
        for cost in found
    ]


def _is_on_front(cost: Cost, others: list[Cost], price: str, sign: int) -> bool:
    return not any(
        sign * other.score > sign * cost.score and getattr(other, price) <= getattr(cost, price) for other in others
    )


def _alone(gathered: Gathered, cell: Cell, factor: str) -> bool:
    """Whether a cell belongs to a factor's own effect."""
    study = gathered.study
    if study.options.expansion == "full":
        return True
    return all(level == study.factors[name].baseline for name, level in cell.levels.items() if name != factor)


def _all_have(gathered: Gathered, cells: list[Cell], metric: str) -> bool:
    runs = [run for cell in cells for run in gathered.runs[cell.label].values()]
    return all(metric in run.splits[gathered.split].scores for run in runs)


def _by_label(gathered: Gathered) -> dict[str, list[Finished]]:
    cells = {cell.label: list(gathered.runs[cell.label].values()) for cell in gathered.cells}
    return {label: runs for label, runs in cells.items() if runs} | {
        label: [run] for label, run in gathered.baselines.items()
    }
