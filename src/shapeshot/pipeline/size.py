"""From the canonical cube to metres: one known dimension of the object fixes the scale."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from shapeshot import limits
from shapeshot.errors import MeshError, UserError, shortened, unknown_name

if TYPE_CHECKING:
    from jaxtyping import Float

# The canonical axes as people name an object's dimensions; see docs/conventions.md.
AXES = {"width": 0, "height": 1, "depth": 2}

METRES_PER_UNIT = {"mm": 0.001, "cm": 0.01, "m": 1.0, "in": 0.0254, "ft": 0.3048}

AUTO_SIZE = "auto"  # in place of a known dimension: the model's own estimate
MIN_METRES, MAX_METRES = limits.METRES
BARE_METRES = 8.0  # a length without a unit from here on is told: few objects are as large, and many are 80 cm high

_SPACE = r"[ \t\n\v\f\r]*"
_UNSIGNED = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
NUMBER_PATTERN = rf"[+-]?{_UNSIGNED}"
_SIZE = re.compile(
    rf"{_SPACE}(\w+){_SPACE}={_SPACE}({NUMBER_PATTERN}){_SPACE}([a-z]*){_SPACE}", re.IGNORECASE | re.ASCII
)


def _any_case(words: Iterable[str]) -> str:
    """A regular expression of one of the words in capitals or not, for dialects that have no flag for it."""
    return "|".join("".join(f"[{letter.upper()}{letter}]" for letter in word) for word in words)


# All that `check_size` takes but for the range of the length: ECMA-262, as JSON Schema has it.
SIZE_PATTERN = (
    rf"^({AUTO_SIZE}|{_SPACE}({_any_case(AXES)}){_SPACE}={_SPACE}\+?{_UNSIGNED}"
    rf"{_SPACE}({_any_case(METRES_PER_UNIT)})?{_SPACE})$"
)


def check_size(text: str) -> None:
    """Raise UserError unless `text` is "auto" or one known dimension as `parse_size` reads it."""
    if text != AUTO_SIZE:
        parse_size(text)


def parse_size(text: str) -> tuple[str, float]:
    """One known dimension as people write it: "height=80cm" -> ("height", 0.8).

    The name is width (x), height (y) or depth (z); the unit mm, cm, m, in or ft, and metres where there is none.
    Raises UserError for anything else, and for a length outside of MIN_METRES..MAX_METRES.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise UserError(f"cannot read the size {shortened(text)!r}; write one known dimension like height=80cm")
    name, unit = match[1].lower(), match[3].lower() or "m"
    if name not in AXES:
        raise unknown_name("dimension", name, AXES)
    if unit not in METRES_PER_UNIT:
        raise unknown_name("unit of length", unit, METRES_PER_UNIT)
    metres = float(match[2]) * METRES_PER_UNIT[unit]
    _require_length(name, metres, text)
    return name, metres


def bare_number_remarks(text: str) -> tuple[str, ...]:
    """That a number without a unit was read as metres, where that makes an object larger than most."""
    if text == AUTO_SIZE or re.search(rf"[a-z]{_SPACE}$", text, re.IGNORECASE):
        return ()
    name, metres = parse_size(text)
    if metres < BARE_METRES:
        return ()
    return (
        f"{name}={metres:g} has no unit and was read as {metres:g} metres; write {name}={metres:g}cm if that is meant",
    )


def metric_scale(
    bounds: Float[np.ndarray, "2 3"],
    *,
    width: float | None = None,
    height: float | None = None,
    depth: float | None = None,
) -> float:
    """The factor that gives a shape its real size, for `scaled`: metres per unit of the shape.

    bounds: [[min x, y, z], [max x, y, z]] of the shape, as `Mesh.bounds`. Exactly one of width (extent along x),
    height (y) and depth (z) is given, in metres.
    Raises UserError unless exactly one positive, finite length is given; MeshError where the shape is flat along it.
    """
    given = {name: size for name, size in zip(AXES, (width, height, depth), strict=True) if size is not None}
    if len(given) != 1:
        raise UserError(f"give one known dimension out of width, height and depth; got {', '.join(given) or 'none'}")
    [(name, metres)] = given.items()
    _require_length(name, metres, f"{name}={metres}")
    low, high = np.asarray(bounds, np.float64)[:, AXES[name]]
    if not high > low:
        raise MeshError(f"the shape has no {name} to scale by; give another of width, height and depth")
    return float(metres / (high - low))


def _require_length(name: str, metres: float, given: str) -> None:
    if not (math.isfinite(metres) and metres > 0):
        raise UserError(
            f"the {name} must be a positive length; got {shortened(given)!r}, expected for example {name}=80cm"
        )
    if not MIN_METRES <= metres <= MAX_METRES:
        raise UserError(f"the {name} must lie in {MIN_METRES:g}..{MAX_METRES:g} metres; got {shortened(given)!r}")
