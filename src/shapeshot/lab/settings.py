"""Settings as dataclasses: their bounds, their documentation, and the way to plain JSON values and back.

A setting is a field with a type, a default and a docstring below it. Its annotation may carry what it takes:
`Annotated[int, Bounds(low=1)]`, `Annotated[str, Names("optimizer", OPTIMIZERS)]`; the class calls `check(self)` when it
is made, so that no object with a wrong value exists. Data only: reading settings never executes code.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import inspect
import json
import math
import textwrap
import types
import typing
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, TypeVar, cast

from shapeshot.errors import UserError, unknown_name

T = TypeVar("T")


@dataclass(frozen=True)
class Bounds:
    """The numbers that a setting takes; all are finite.

    low, high: the least and the greatest, themselves allowed. above, below: limits that are not allowed themselves.
    multiple_of: what it must be a multiple of.
    """

    low: int | float | None = None
    high: int | float | None = None
    above: int | float | None = None
    below: int | float | None = None
    multiple_of: int | None = None

    def fault(self, value: int | float) -> str:
        """Say what `value` would have to be, or "" where it is that."""
        if not math.isfinite(value):
            return "must be a finite number"
        if self.low is not None and value < self.low:
            return f"must be at least {self.low:g}"
        if self.above is not None and value <= self.above:
            return f"must be greater than {self.above:g}"
        if self.high is not None and value > self.high:
            return f"must lie in {self.low or 0:g}..{self.high:g}"
        if self.below is not None and value >= self.below:
            return f"must be less than {self.below:g}"
        if self.multiple_of and value % self.multiple_of:
            return f"must be a multiple of {self.multiple_of}"
        return ""


FINITE = Bounds()


@dataclass(frozen=True)
class Names:
    """The names that a setting takes: a registry, and what it is a registry of."""

    what: str
    choices: Collection[str]


@dataclass(frozen=True)
class Setting:
    """One setting. name: with those of the tables around it, "model.width". kind: its type, `int` for `int | None`.

    help: its docstring. default: its value unless given. names: what it may be, where that is a list of names.
    """

    name: str
    kind: Any
    help: str
    default: Any
    names: Names | None = None


def settings_of(cls: type, prefix: str = "") -> Iterator[Setting]:
    """List every setting of a dataclass, those of nested dataclasses included."""
    docs = field_docs(cls)
    for item in dataclasses.fields(cls):
        kind, limits = _unwrapped(_hints(cls)[item.name])
        name = prefix + item.name
        if dataclasses.is_dataclass(kind):
            yield from settings_of(cast(type, kind), f"{name}.")
        elif item.init:
            names = next((limit for limit in limits if isinstance(limit, Names)), None)
            yield Setting(name, kind, docs.get(item.name, ""), item.default, names)


def field_docs(cls: type) -> dict[str, str]:
    """Read the docstrings that stand below a dataclass's fields, by name; a subclass may replace them."""
    docs: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if dataclasses.is_dataclass(base):
            docs |= _own_docs(base)
    return docs


def _own_docs(cls: type) -> dict[str, str]:
    # Python keeps no docstrings of attributes, so they are read from the source.
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(tree, ast.ClassDef)
    docs = {}
    for item, following in pairwise(tree.body):
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and isinstance(following, ast.Expr):
            docs[item.target.id] = " ".join(str(ast.literal_eval(following.value)).split())
    return docs


def check(config: Any, error: type[UserError] = UserError) -> None:
    """Raise `error` where a value of a dataclass is not what its annotation allows."""
    for name, hint in _hints(type(config)).items():
        value = getattr(config, name)
        kind, limits = _unwrapped(hint)
        if dataclasses.is_dataclass(kind):
            if not isinstance(value, cast(type, kind)):
                raise error(f"{name} must be a {cast(type, kind).__name__}; got a {type(value).__name__}")
            check(value, error)
        if value is None:
            continue
        if kind is float and not any(isinstance(limit, Bounds) for limit in limits):
            limits = (*limits, FINITE)
        for limit in limits:
            if isinstance(limit, Names) and value not in limit.choices:
                raise unknown_name(limit.what, value, limit.choices, error)
            if isinstance(limit, Bounds) and (fault := limit.fault(value)):
                raise error(f"{name} {fault}; got {value}")


def to_json(config: Any) -> dict[str, Any]:
    """Turn settings into plain JSON values."""
    return cast(dict[str, Any], json.loads(json.dumps(dataclasses.asdict(config))))


def from_json(cls: type[T], values: Any) -> T:
    """Make a dataclass of JSON values. Raises UserError for an unknown key, a wrong type and a value out of bounds."""
    if not isinstance(values, Mapping):
        raise UserError(f"{cls.__name__} must be a table of settings; got {type(values).__name__}")
    fields = {item.name: item for item in dataclasses.fields(cast(Any, cls))}
    for key in values:
        if key not in fields:
            raise unknown_name("setting", key, fields)
        if not fields[key].init and values[key] != fields[key].default:
            raise UserError(f"{key} must be {fields[key].default!r} here; got {values[key]!r}")
    hints = _hints(cls)
    return cls(**{key: _parsed(key, value, hints[key]) for key, value in values.items() if fields[key].init})


def from_arguments(cls: type[T], arguments: argparse.Namespace) -> T:
    """Make a dataclass of the flags that were given; the others have their defaults. Raises as `from_json` does."""
    given = {setting.name: getattr(arguments, setting.name) for setting in settings_of(cls)}
    return from_json(cls, {name: value for name, value in given.items() if value is not None})


def _hints(cls: type) -> dict[str, Any]:
    return {
        name: hint
        for name, hint in typing.get_type_hints(cls, include_extras=True).items()
        if name in cls.__dataclass_fields__  # type: ignore[attr-defined]
    }


def _unwrapped(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Split a hint into its own type, without `Annotated` and `| None`, and what `Annotated` carries."""
    limits: tuple[Any, ...] = ()
    if typing.get_origin(hint) is Annotated:
        hint, *rest = typing.get_args(hint)
        limits = tuple(rest)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(kind for kind in typing.get_args(hint) if kind is not type(None))
    return hint, limits


def _parsed(name: str, value: Any, hint: Any) -> Any:
    kind, _ = _unwrapped(hint)
    if dataclasses.is_dataclass(kind):
        return from_json(cast(type, kind), value)
    if value is None and type(None) in typing.get_args(hint):
        return None
    try:
        return _strings(value) if typing.get_origin(kind) is tuple else _scalar(value, kind)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"setting {name} must be a {getattr(kind, '__name__', kind)}; got {value!r:.80}") from error


def _scalar(value: Any, kind: type) -> Any:
    if isinstance(value, bool) != (kind is bool):
        raise ValueError("not true or false, or a number that is")
    if kind is int and float(value) != int(float(value)):
        raise ValueError("not a whole number")
    return int(float(value)) if kind is int else kind(value)


def _strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not all(isinstance(item, str) for item in value):
        raise ValueError("not a list of names")
    return tuple(value)
