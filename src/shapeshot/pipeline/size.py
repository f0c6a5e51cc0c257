"""From the canonical cube to metres: one known dimension of the object fixes the scale."""

from __future__ import annotations

import math
import re

import numpy as np

from shapeshot.errors import MeshError, UserError, unknown_name

# The canonical axes as people name an object's dimensions; see docs/conventions.md.
AXES = {"width": 0, "height": 1, "depth": 2}

METRES_PER_UNIT = {"mm": 0.001, "cm": 0.01, "m": 1.0, "in": 0.0254, "ft": 0.3048}

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_SIZE = re.compile(rf"\s*(\w+)\s*=\s*({_NUMBER})\s*([a-z]*)\s*", re.IGNORECASE | re.ASCII)


def parse_size(text: str) -> tuple[str, float]:
    """One known dimension as people write it: "height=80cm" -> ("height", 0.8).

    The name is width (x), height (y) or depth (z); the unit mm, cm, m, in or ft, and metres where there is none.
    Raises UserError for anything else, and for a length that is not positive and finite.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise UserError(f"cannot read the size {text!r}; write one known dimension like height=80cm")
    name, unit = match[1].lower(), match[3].lower() or "m"
    if name not in AXES:
        raise unknown_name("dimension", name, AXES)
    if unit not in METRES_PER_UNIT:
        raise unknown_name("unit of length", unit, METRES_PER_UNIT)
    metres = float(match[2]) * METRES_PER_UNIT[unit]
    _require_length(name, metres, text)
    return name, metres


def metric_scale(
    bounds: np.ndarray, *, width: float | None = None, height: float | None = None, depth: float | None = None
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
        raise UserError(f"the {name} must be a positive length; got {given!r}, expected for example {name}=80cm")
