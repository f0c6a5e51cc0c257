"""Make the settings of a training run from flags, a preset, a file or a checkpoint; its type decides their class.

In a file the settings of every kind stand side by side, `{"model": {"type": "point", "num_points": 2000}, "w_chamfer":
0.5}`, but one that the run's own kind does not have is an error.

The flags are argparse's, described by the fields' docstrings. tyro, which makes flags of dataclasses, was weighed: it
would need a subcommand for each type in place of `--type`, has no place for `--config FILE`, for aliases or for
underscores in old commands, and reports a mistake in a box of several lines.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from shapeshot.errors import ModelError, UserError, unknown_name
from shapeshot.lab.kinds import KINDS
from shapeshot.lab.model import ModelConfig
from shapeshot.lab.settings import Setting, from_json, settings_of
from shapeshot.lab.train_config import TrainConfig

DEFAULT_TYPE = "field"
TYPE = Setting("model.type", str, f"What is predicted: {', '.join(KINDS)}.", DEFAULT_TYPE)
# The names that people know for nested settings: `--arch clip` is `--model.encoder clip`.
ALIASES = {
    "type": "model.type",
    "arch": "model.encoder",
    "n_points": "model.num_points",
    "encoder_weights": "model.encoder_weights",
}
# Settings for a first look, in minutes on two cores; flags override them. Each kind may have more of its own.
PRESETS: dict[str, dict[str, Any]] = {
    "quick": {
        "batch_size": 8,
        "max_iter": 160,
        "warmup": 20,
        "val_every": 80,
        "val_views": 1,
        "save_every": 50,
        "ema": 0.98,
    },
}

SHOWN = {True: "on", False: "off"}

Table = dict[str, Any]


def config_from_json(values: Any) -> TrainConfig:
    """Make the settings of a run from JSON values.

    Raises ModelError for an unknown type, and UserError for settings that are unknown, of another kind, of a wrong type
    or out of bounds.
    """
    config = KINDS[_type_of(values)].config
    _refuse_foreign(values)
    return cast(TrainConfig, from_json(config, values))


def config_from_checkpoint(values: Any) -> TrainConfig:
    """Make the settings of a run from those that its checkpoint holds.

    Earlier versions saved the settings of every kind; those of other kinds had no effect and are left out.
    """
    return config_from_json(_without_foreign(values))


def model_config(type: str = DEFAULT_TYPE, **settings: Any) -> ModelConfig:
    """Make the settings of a network of a type. Raises what `config_from_json` raises."""
    return config_from_json({"model": {"type": type, **settings}}).model


def load_config(path: str | Path) -> TrainConfig:
    """Read the settings of a run from a JSON file. Raises UserError for anything unreadable, unknown or wrong."""
    return config_from_json(read_table(path))


def read_table(path: str | Path) -> Table:
    """Read the JSON values of a configuration file, as far as its kind has such settings.

    A file that holds settings of every kind was written by an earlier version, for which those of other kinds had no
    effect: they are left out. Raises UserError where it is no such file.
    """
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"cannot read the configuration {path} ({error}); it must be a JSON file") from error
    others = KINDS.keys() - {_type_of(values)}
    foreign = list(_foreign(values))
    if all(any(other in setting.kinds for setting in foreign) for other in others):
        return _without_foreign(values)
    return cast(Table, values)


@dataclass(frozen=True)
class _Flag:
    """A setting, and the kinds that have it: all, or some."""

    setting: Setting
    kinds: tuple[str, ...]

    @property
    def shared(self) -> bool:
        return len(self.kinds) == len(KINDS)


@cache
def _all_settings() -> dict[str, _Flag]:
    flags: dict[str, _Flag] = {}
    for kind, row in KINDS.items():
        for setting in settings_of(row.config):
            kinds = flags[setting.name].kinds if setting.name in flags else ()
            flags[setting.name] = _Flag(setting, (*kinds, kind))
    return flags


def _type_of(values: Any) -> str:
    """Find the type that a table of settings is for. Raises ModelError for an unknown one."""
    model = values.get("model", {}) if isinstance(values, Mapping) else {}
    name = model.get("type", DEFAULT_TYPE) if isinstance(model, Mapping) else DEFAULT_TYPE
    if not isinstance(name, str) or name not in KINDS:
        raise unknown_name("type", str(name), KINDS, ModelError)
    return name


def _foreign(values: Any) -> Iterator[_Flag]:
    """Find the settings in a table that only other kinds have."""
    own = _type_of(values)
    for name, flag in _all_settings().items():
        if own not in flag.kinds and _has(values, name):
            yield flag


def _refuse_foreign(values: Any) -> None:
    own = _type_of(values)
    for flag in _foreign(values):
        name, owners = flag.setting.name.removeprefix("model."), " and ".join(flag.kinds)
        remedy = f"leave it out, or give --type {flag.kinds[0]}"
        raise UserError(f"a {own} model has no setting {name}, which is one of {owners}; {remedy}")


def _without_foreign(values: Any) -> Table:
    if not isinstance(values, Mapping) or not isinstance(values.get("model", {}), Mapping):
        return cast(Table, values)  # refused by `from_json` in its own words
    left = {flag.setting.name for flag in _foreign(values)}
    kept = {name: value for name, value in values.items() if name not in left}
    if "model" in kept:
        kept["model"] = {name: value for name, value in kept["model"].items() if f"model.{name}" not in left}
    return kept


def _has(values: Any, name: str) -> bool:
    for key in name.split("."):
        if not isinstance(values, Mapping) or key not in values:
            return False
        values = values[key]
    return True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each setting of every kind; nested settings as `--model.encoder` and `--augment.blur`."""
    parser.add_argument("--config", metavar="FILE", help="JSON file of settings; flags override it")
    parser.add_argument("--preset", metavar="NAME", help=f"settings by name: {', '.join(PRESETS)}; flags override them")
    flags = {TYPE.name: _Flag(TYPE, tuple(KINDS)), **_all_settings()}
    for alias, name in ALIASES.items():
        add_setting(parser, flags[name].setting, alias)
    groups: dict[tuple[str, ...], argparse._ActionsContainer] = {}
    for name, flag in sorted(flags.items(), key=lambda item: not item[1].shared):
        if not flag.shared and flag.kinds not in groups:
            groups[flag.kinds] = parser.add_argument_group(f"settings of {', '.join(flag.kinds)} models alone")
        add_setting(parser if flag.shared else groups[flag.kinds], flag.setting, name)


def add_setting(parser: argparse._ActionsContainer, setting: Setting, name: str) -> None:
    """Add the flag of one setting, described by its docstring, under its own or another name."""
    options: dict[str, Any] = {"help": _help(setting, name).replace("%", "%%")}
    if setting.kind is bool:
        options["action"] = argparse.BooleanOptionalAction
    else:
        options["metavar"] = {int: "N", float: "X", str: "NAME"}.get(setting.kind, "DIR")
    if setting.kind == tuple[str, ...]:
        options["nargs"] = "+"
    parser.add_argument(f"--{name.replace('_', '-')}", dest=setting.name, default=None, **options)


def _help(setting: Setting, name: str) -> str:
    text = setting.help[:1].lower() + setting.help[1:].rstrip(".")
    if setting.names is not None:
        text += f": {', '.join(setting.names.choices)}"
    if setting.default not in ("", None, ()):
        text += f" ({SHOWN.get(setting.default, setting.default) if setting.kind is bool else setting.default})"
    return text if name == setting.name else f"{text}; the same as --{setting.name.replace('_', '-')}"


def config_from_arguments(arguments: argparse.Namespace) -> TrainConfig:
    """Make the settings that flags give over the `--preset` over the `--config` file over the defaults."""
    values: Table = read_table(arguments.config) if arguments.config else {}
    given = {name: getattr(arguments, name) for name in (TYPE.name, *_all_settings())}
    given = {name: value for name, value in given.items() if value is not None}
    if TYPE.name in given:
        values = _merged(values, {"model": {"type": given[TYPE.name]}})
    if arguments.preset is not None:
        if arguments.preset not in PRESETS:
            raise unknown_name("preset", arguments.preset, PRESETS)
        own = KINDS[_type_of(values)].presets.get(arguments.preset, {})
        values = _merged(_merged(values, PRESETS[arguments.preset]), own)
    for name, value in given.items():
        for key in reversed(name.split(".")):
            value = {key: value}
        values = _merged(values, value)
    return config_from_json(values)


def _merged(table: Any, over: Mapping[str, Any]) -> Table:
    """Copy a table and put the values of another over its own, in nested tables too."""
    if not isinstance(table, Mapping):
        return cast(Table, table)  # refused by `from_json` in its own words
    merged = dict(table)
    for key, value in over.items():
        merged[key] = _merged(merged.get(key, {}), value) if isinstance(value, Mapping) else value
    return merged
