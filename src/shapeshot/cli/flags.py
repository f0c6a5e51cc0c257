"""Flags made of declared options (`pipeline/declare.py`), and bounded numbers for the flags that are not options."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from shapeshot import limits
from shapeshot.cli.parser import Parser
from shapeshot.errors import shortened

if TYPE_CHECKING:
    from shapeshot.pipeline.declare import Option
    from shapeshot.pipeline.options import Options

    T = TypeVar("T", bound=Options)

_ARGUMENT = re.compile(r"\b([a-z_]+)='([\w.-]*)'")


def add_options(command: Parser, options: type[Options]) -> None:
    """Add a flag for each option that the class declares."""
    for row in options.declared():
        flag = f"--{row.name.replace('_', '-')}"
        said = {"dest": row.keyword, "default": row.default, "help": _help(row)}
        if row.type is bool:
            command.add_argument(flag, action="store_true", **said)
            continue
        more: dict[str, Any] = {} if row.bare is None else {"nargs": "?", "const": row.bare}
        metavar = row.placeholder or row.name.upper()
        more |= {"action": "extend"} if row.repeats else {}
        command.add_argument(flag, type=_reader(row, flag), metavar=metavar, **said, **more)


def options_from(args: argparse.Namespace, options: type[T]) -> T:
    """The options that the flags gave, not checked yet."""
    given: dict[str, Any] = {row.keyword: getattr(args, row.keyword) for row in options.declared()}
    # argparse joins what a repeated flag reads in a list.
    lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    return options(**(given | lists))


def whole_number(low: int, high: int = limits.COUNT) -> Callable[[str], int]:
    """The `type` of a flag that takes a whole number between two bounds, both included."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected a whole number; got {shortened(text)!r}") from None
        if not low <= number <= high:
            bound = f"at least {low}" if number < low else f"at most {high}"
            raise argparse.ArgumentTypeError(f"must be {bound}; got {shortened(text)}")
        return number

    return read


def finite_number(text: str) -> float:
    """The `type` of a flag that takes a number, and neither infinity nor NaN."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"expected a finite number; got {shortened(text)!r}")
    return number


def in_flags(text: str) -> str:
    """A message as the command line says it: background='keep' of the library's words is --background keep here."""
    if not _ARGUMENT.search(text):
        return text
    from shapeshot.pipeline.options import Options

    flags = {row.keyword: f"--{row.name.replace('_', '-')}" for row in Options.declared()}
    return _ARGUMENT.sub(lambda said: f"{flags[said[1]]} {said[2]}" if said[1] in flags else said[0], text)


def _reader(row: Option, flag: str) -> Callable[[str], Any]:
    return lambda text: row.parse(text, flag)


def _help(row: Option) -> str:
    """The option's words, and in brackets what holds where the flag is not given."""
    absent = row.unset if row.default is None else str(row.default)
    if row.bare is not None:
        absent = f"{row.bare} if no number follows"
    text = row.doc if row.type is bool or not absent else f"{row.doc} ({absent})"
    return text.replace("%", "%%")
