"""From a study to its runs: a cell for each combination of levels, a run for each cell and seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

from shapeshot.errors import UserError
from shapeshot.evaluation.protocols import find_protocol
from shapeshot.lab.configure import config_from_json
from shapeshot.lab.kinds import KINDS
from shapeshot.lab.settings import to_json
from shapeshot.lab.train_config import TrainConfig
from shapeshot.scores.metrics import METRICS
from shapeshot.study.declaration import Question, Settings, Study

# What a study's runs have unless it says otherwise: curves are read from the log, and batches of small runs need no
# process of their own.
DEFAULTS: Settings = {"tracker": "none", "workers": 0}
SEED = "{seed}"  # in a run's encoder_weights: its own seed, so that each seed has a pretraining of its own
UNDECIDED_STEPS = 1  # of a run whose budget is in seconds, until its rate is known


@dataclass(frozen=True)
class Cell:
    """One combination of levels. levels: factor -> level. config: of its runs, with seed 0."""

    label: str
    levels: Mapping[str, str]
    config: TrainConfig
    own_steps: bool
    """Whether a level says how many steps its runs have."""


@dataclass(frozen=True)
class StudyRun:
    """One training. digest: of all that determines its scores; its folder is called so."""

    cell: Cell
    seed: int
    config: TrainConfig
    digest: str

    @property
    def label(self) -> str:
        """The run in words."""
        return f"{self.cell.label}, seed {self.seed}"


def expand(study: Study) -> list[Cell]:
    """The cells of a study, the baseline first.

    Raises UserError for a combination of settings that no model has, two cells with the same settings, a metric that a
    compared kind cannot give, and a question about cells that the expansion does not have.
    """
    cells = [_cell(study, levels) for levels in _combinations(study)]
    for first, second in combinations(cells, 2):
        if first.config == second.config:
            raise UserError(f"study {study.name}: {first.label} and {second.label} have the same settings")
    for question in study.questions:
        for first, second in matched(study, cells, question):
            for cell in (first, second):
                _require_metric(study, cell)
    return cells


def runs_of(study: Study, cells: list[Cell]) -> list[StudyRun]:
    """Every run, seed by seed, so that a study that is stopped has all cells at as many seeds."""
    return [_run(study, cell, seed) for seed in study.seeds for cell in cells]


def seeded(config: TrainConfig, seed: int) -> TrainConfig:
    """The configuration of a cell's run with a seed, which also stands for `{seed}` in its encoder's weights."""
    weights = config.model.encoder_weights.replace(SEED, str(seed))
    return replace(config, seed=seed, model=replace(config.model, encoder_weights=weights))


def with_steps(cell: Cell, steps: int) -> Cell:
    """The cell with another number of steps."""
    return replace(cell, config=replace(cell.config, max_iter=steps))


def matched(study: Study, cells: list[Cell], question: Question) -> list[tuple[Cell, Cell]]:
    """The pairs of cells that a question compares: alike but in its factor. Raises UserError where there is none."""
    by_levels = {tuple(cell.levels.items()): cell for cell in cells}
    pairs = []
    for cell in cells:
        if cell.levels[question.factor] != question.first or not question.at.items() <= cell.levels.items():
            continue
        other = by_levels.get(tuple((dict(cell.levels) | {question.factor: question.second}).items()))
        if other is not None:
            pairs.append((cell, other))
    if not pairs:
        held = ", ".join(f"{factor} = {level}" for factor, level in question.at.items())
        raise UserError(
            f"study {study.name}: no two runs differ in {question.factor} alone ({question.first}, {question.second})"
            + (f" at {held}" if held else "")
            + '; give expansion = "full", or compare with the baseline'
        )
    return pairs


def _combinations(study: Study) -> Iterator[dict[str, str]]:
    baseline = {factor.name: factor.baseline for factor in study.factors.values()}
    yield baseline
    if study.options.expansion == "full":
        everything = product(*(factor.levels for factor in study.factors.values()))
        combined = (dict(zip(study.factors, levels, strict=True)) for levels in everything)
        yield from (levels for levels in combined if levels != baseline)
        return
    for factor in study.factors.values():
        yield from (baseline | {factor.name: level} for level in factor.levels if level != factor.baseline)


def _cell(study: Study, levels: dict[str, str]) -> Cell:
    own = [study.factors[factor].levels[level] for factor, level in levels.items()]
    values: dict[str, Any] = dict(DEFAULTS)
    for table in (study.base, *own):
        values = _merged(values, table)
    own_steps = "max_iter" in values
    values = {"max_iter": study.budget.steps or UNDECIDED_STEPS} | values | {"data": list(study.data.train), "seed": 0}
    label = _label(study, levels)
    try:
        return Cell(label, levels, config_from_json(values), own_steps)
    except UserError as error:
        raise type(error)(f"study {study.name}, {label}: {error}") from error


def _label(study: Study, levels: Mapping[str, str]) -> str:
    if study.options.expansion == "full" or len(levels) == 1:
        return ", ".join(levels.values())
    other = [f"{factor} {level}" for factor, level in levels.items() if level != study.factors[factor].baseline]
    return ", ".join(other) or "baseline"


def _require_metric(study: Study, cell: Cell) -> None:
    kind, needed = cell.config.model.type, METRICS[study.metric].needs
    if needed not in KINDS[kind].gives:
        raise UserError(
            f"study {study.name}: a {kind} model ({cell.label}) has no {study.metric}, by which the questions are "
            "answered; name another score first in metrics"
        )


def _run(study: Study, cell: Cell, seed: int) -> StudyRun:
    config = seeded(cell.config, seed)
    protocol = find_protocol(study.options.protocol)
    views = study.data.views or protocol.views_per_object
    # The protocol's version is not in it: rows of another one are to be found, and refused.
    scored = {"data": study.data.scored, "splits": study.data.splits, "views": views, "protocol": protocol.name}
    return StudyRun(cell, seed, config, digest_of({"config": to_json(config), "scored": scored}))


def digest_of(values: Any) -> str:
    """SHA-256 of JSON values, its first 16 digits."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _merged(table: Settings, over: Settings) -> dict[str, Any]:
    merged = dict(table)
    for key, value in over.items():
        inner = merged.get(key)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(inner, value) if both else value  # type: ignore[arg-type]
    return merged
