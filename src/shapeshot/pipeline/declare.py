"""What one option is: all that is needed to read, check, describe and show it, in one place.

A field of `pipeline.options.Options` is declared with `option(...)`. The flags of the command line (`cli/flags.py`),
the fields of the HTTP form, OpenAPI and the page's controls (`service/form.py`) are made of the rows that `declared`
returns.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from shapeshot.errors import UserError, shortened, unknown_name

Stage = Literal["find", "shape", "finish"]


@dataclass(frozen=True)
class Control:
    """How the studio's page shows an option. Whatever is left out follows from the option's type and bounds.

    kind: "slider", "switch", "choice", "text", or "size" for the control of real sizes. label: stands above it.
    low, high: the ends of a slider, where they lie within the option's bounds. step: between two positions of a slider.
    is_log2: the slider moves in powers of two; `step` is one of the exponent. said: the readout, {} is the value.
    zero: said in its place for 0. unset: said for None. unset_is_high: the slider's high end stands for None.
    """

    kind: str = ""
    label: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    is_log2: bool = False
    said: str = "{}"
    zero: str = ""
    unset: str = ""
    unset_is_high: bool = False


@dataclass(frozen=True)
class Option:
    """One option.

    keyword: its name in Python. name: its name as a flag and in the form. type: int, float, bool, str, or tuple for
    several numbers. is_optional: None is a value. doc: what it is, in words that a flag's help shows as they are.
    stage: where it acts: "find" while the object is looked for, "shape" on the field, "finish" on the mesh.
    called: what errors call it. low, high: the bounds of a number, both included. unit: of a number. choices: the texts
    that there are. placeholder: stands for the value in a flag's help. bare: the value of a flag that is given without
    one. unset: what None stands for. pattern: a regular expression (ECMA-262) of all texts that can be read. example: a
    text. read: turns text into a value, where the type alone does not say how. check: raises UserError for a value that
    bounds and choices cannot judge.
    repeats: the flag may be given several times, and what each of them reads is joined.
    control: how the page shows it; None where another part of the page does.
    """

    default: Any
    doc: str
    stage: Stage
    keyword: str = ""
    name: str = ""
    type: type = str
    is_optional: bool = False
    called: str = ""
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    placeholder: str = ""
    bare: Any = None
    unset: str = ""
    pattern: str = ""
    example: str = ""
    read: Callable[[str], Any] | None = None
    check: Callable[[Any], object] | None = None
    repeats: bool = False
    control: Control | None = dataclasses.field(default_factory=Control)

    def parse(self, text: str, said: str) -> Any:
        """The value that `text` stands for. `said` is what the user calls the option. Raises UserError."""
        if self.read is not None:
            return self.read(text)
        if self.type is bool:
            return _switch(text, said)
        if self.type in (int, float):
            return _number(self.type, text, said)
        return text

    def require(self, value: Any) -> None:
        """Raise UserError unless `value` is within the bounds, among the choices, and passes `check`."""
        if value is None and self.is_optional:
            return
        if self.type in (int, float):
            self._require_bounds(value)
        if self.choices and value not in self.choices:
            raise unknown_name(self.called, value, self.choices)
        if self.check is not None:
            self.check(value)

    def limited(self, most: float | None) -> Option:
        """The option with `most` as its upper bound, where that is lower than its own; the default keeps within it."""
        if most is None or (self.high is not None and most >= self.high):
            return self
        default = self.default if self.default is None else min(self.default, most)
        return dataclasses.replace(self, high=most, default=default)

    def _require_bounds(self, value: float) -> None:
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if low <= value <= high and -math.inf < value < math.inf:  # not isfinite, which takes no integer of 400 digits
            return
        if self.low is not None and self.high is not None:
            expected = f"lie in {self.low}..{self.high}"
        elif self.low is not None or self.high is not None:
            bound = f"at least {self.low}" if self.low is not None else f"at most {self.high}"
            expected = f"be {bound} {self.unit}".rstrip()
        else:
            expected = "be a finite number"
        raise UserError(f"{self.called} must {expected}; got {shortened(str(value))}")


def option(default: Any, doc: str, *, stage: Stage, **more: Any) -> Any:
    """Declare a field of a frozen dataclass as an option; see `Option` for what `more` may say."""
    return dataclasses.field(default=default, metadata={"option": Option(default, doc, stage, **more)})


def declared(options: type) -> tuple[Option, ...]:
    """The options that a dataclass declares, in their order."""
    hints = get_type_hints(options)
    fields = [field for field in dataclasses.fields(options) if "option" in field.metadata]
    return tuple(_completed(field, hints[field.name]) for field in fields)


def _completed(field: dataclasses.Field[Any], hint: Any) -> Option:
    """The option with what its field says: keyword, name, type."""
    row: Option = field.metadata["option"]
    choices = [kind for kind in get_args(hint) if kind is not NoneType] if NoneType in get_args(hint) else [hint]
    [kind] = [get_origin(choice) or choice for choice in choices]
    name = row.name or field.name
    return dataclasses.replace(
        row,
        keyword=field.name,
        name=name,
        type=kind,
        is_optional=NoneType in get_args(hint),
        called=row.called or name,
    )


def _switch(text: str, said: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise UserError(f"{said} must be true or false; got {shortened(text)!r}")
    return text.lower() == "true"


def _number(kind: type, text: str, said: str) -> Any:
    what = "a whole number" if kind is int else "a number"
    try:
        return kind(text)
    except ValueError:
        raise UserError(f"{said} must be {what}; got {shortened(text)!r}") from None
