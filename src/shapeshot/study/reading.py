"""From a TOML file to a checked Study. Raises UserError in one line for whatever is not as docs/study.md says."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from shapeshot.errors import UserError, unknown_name
from shapeshot.evaluation.baselines import require_baseline
from shapeshot.evaluation.protocols import find_protocol
from shapeshot.lab.settings import from_json
from shapeshot.lab.train_config import MAX_SEED
from shapeshot.scores.aspects import ASPECTS
from shapeshot.study.declaration import MIN_SEEDS, Budget, DataDeclaration, Factor, Options, Question, Settings, Study

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")

SCALARS = frozenset(item.name for item in fields(Options))
TABLES = frozenset(("seeds", "data", "budget", "base", "factors", "questions"))
# Settings of a run that the study itself decides, with where that is said.
DECIDED = {"seed": "seeds", "data": "[data]", "max_iter": "[budget]"}


def read_study(path: str | Path) -> Study:
    """Read a study's file. Raises UserError for one that is missing, no TOML or not a study."""
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"cannot read the study {path} ({error}); it must be a TOML file") from error
    try:
        return parse_study(path.stem, values)
    except UserError as error:
        raise type(error)(f"study {path}: {error}") from error


def parse_study(name: str, values: Mapping[str, Any]) -> Study:
    """Make a study of the values of its file. Raises UserError."""
    for key in values:
        if key not in SCALARS | TABLES:
            raise unknown_name("entry", key, SCALARS | TABLES)
    options = from_json(Options, {key: value for key, value in values.items() if key in SCALARS})
    base = _table(values, "base")
    for key, place in DECIDED.items():
        if key in base:
            raise UserError(f"base.{key} is said by {place}; leave it out")
    if not _table(values, "factors"):
        raise UserError("no [factors.NAME]: a study compares something")
    factors = {key: _factor(key, table) for key, table in _table(values, "factors").items()}
    study = Study(
        name=name,
        options=options,
        seeds=_seeds(values.get("seeds")),
        data=_data(_table(values, "data")),
        budget=from_json(Budget, _table(values, "budget")),
        base=base,
        factors=factors,
        questions=tuple(question for entry in _list(values, "questions") for question in _questions(entry, factors)),
    )
    _require_sound(study)
    return study


def _require_sound(study: Study) -> None:
    options = study.options
    protocol = find_protocol(options.protocol)
    metrics = protocol.metrics(ASPECTS)
    for metric in options.metrics:
        if metric not in metrics:
            raise unknown_name(f"metric of the protocol {protocol.name}", metric, metrics)
    for baseline in options.baselines:
        require_baseline(baseline)
    if not options.metrics:
        raise UserError("metrics names no score")
    if (study.budget.steps > 0) == (study.budget.seconds > 0):
        raise UserError("[budget] needs either steps or seconds")


def _factor(name: str, table: Any) -> Factor:
    table = _is_table(table, f"factors.{name}")
    known = {"setting", "levels", "baseline"}
    for key in table:
        if key not in known:
            raise unknown_name(f"entry of factors.{name}", key, known)
    levels = _levels(name, table)
    if len(levels) < 2:
        raise UserError(f"factor {name} has fewer than two levels: {', '.join(levels) or 'none'}")
    baseline = _shown(table.get("baseline", next(iter(levels))))
    if baseline not in levels:
        raise unknown_name(f"level of {name}", baseline, levels)
    return Factor(name, levels, baseline)


def _levels(name: str, table: Mapping[str, Any]) -> dict[str, Settings]:
    """Levels by name: a list is of values of `setting`, a table is of settings."""
    levels, setting = table.get("levels", {}), table.get("setting")
    if isinstance(levels, list):
        if not isinstance(setting, str):
            raise UserError(f'factor {name} lists values; say of which setting: setting = "optimizer"')
        found = {_shown(value): _nested(setting, value) for value in levels}
        if len(found) < len(levels):
            raise UserError(f"factor {name} names a level twice")
    else:
        if setting is not None:
            raise UserError(f"factor {name} has a setting and a table of levels; list the values, or leave it out")
        found = {key: _is_table(value, f"level {name} = {key}") for key, value in _is_table(levels, name).items()}
    for level, settings in found.items():
        for key in settings:
            if key in ("seed", "data"):
                raise UserError(f"level {name} = {level} sets {key}, which is said by {DECIDED[key]}; leave it out")
    return found


def _questions(entry: Any, factors: Mapping[str, Factor]) -> Iterator[Question]:
    """One for each pair that is compared: those given, or every other level with the baseline."""
    entry = _is_table(entry, "questions")
    known = {"ask", "factor", "compare", "at"}
    for key in entry:
        if key not in known:
            raise unknown_name("entry of a question", key, known)
    factor = _known_factor(entry.get("factor", ""), factors)
    ask = str(entry.get("ask") or f"{factor.name}?")
    at = {key: _level(value, _known_factor(key, factors)) for key, value in _table(entry, "at").items()}
    if factor.name in at:
        raise UserError(f"the question {ask!r} holds its own factor {factor.name} at a level; leave that out")
    pair = entry.get("compare")
    if pair is None:
        pairs = [(level, factor.baseline) for level in factor.levels if level != factor.baseline]
    elif isinstance(pair, list) and len(pair) == 2:
        pairs = [(_level(pair[0], factor), _level(pair[1], factor))]
    else:
        raise UserError(f'the question {ask!r} must compare two levels, as in compare = ["radam", "adamw"]')
    for first, second in pairs:
        if first == second:
            raise UserError(f"the question {ask!r} compares {first} with itself")
        yield Question(ask, factor.name, first, second, at)


def _known_factor(name: Any, factors: Mapping[str, Factor]) -> Factor:
    if name not in factors:
        raise unknown_name("factor", str(name), factors)
    return factors[name]


def _level(value: Any, factor: Factor) -> str:
    if _shown(value) not in factor.levels:
        raise unknown_name(f"level of {factor.name}", _shown(value), factor.levels)
    return _shown(value)


def _data(values: Mapping[str, Any]) -> DataDeclaration:
    build = _table(values, "build")
    data = from_json(DataDeclaration, {key: value for key, value in values.items() if key != "build"})
    if not data.train or not data.splits:
        raise UserError("[data] needs train, a list of folders of datasets, and at least one split")
    return DataDeclaration(data.train, data.test, data.splits, data.views, build)


def _seeds(values: Any) -> tuple[int, ...]:
    if not isinstance(values, list) or not all(type(seed) is int and 0 <= seed <= MAX_SEED for seed in values):
        raise UserError(f"seeds must be a list of whole numbers in 0..{MAX_SEED}, such as [0, 1, 2]")
    if len(set(values)) < len(values):
        raise UserError("seeds names one twice")
    if len(values) < MIN_SEEDS:
        raise UserError(f"{len(values)} seeds say nothing about chance; give at least {MIN_SEEDS}")
    return tuple(values)


def _nested(setting: str, value: Any) -> Settings:
    for key in reversed(setting.split(".")):
        value = {key: value}
    table: Settings = value
    return table


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _table(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return _is_table(values.get(key, {}), key)


def _is_table(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UserError(f"{name} must be a table; got {value!r:.60}")
    return value


def _list(values: Mapping[str, Any], key: str) -> Sequence[Any]:
    entries = values.get(key, [])
    if not isinstance(entries, list):
        raise UserError(f"{key} must be written as [[{key}]]; got {entries!r:.60}")
    return entries
