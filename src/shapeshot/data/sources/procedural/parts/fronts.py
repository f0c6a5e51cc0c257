"""Drawer and door fronts with their handles, for desks, cabinets and kitchen furniture."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from jaxtyping import Float

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.primitives import box, cylinder, ellipsoid, tube
from shapeshot.data.sources.procedural.parts.solids import Solid

Corner = tuple[float, float, float]


def add_drawers(
    rng: np.random.Generator,
    assembly: Assembly,
    material: Material,
    bottom: Corner,
    width: float,
    height: float,
    columns: int,
    rows: int,
) -> None:
    """A grid of drawer fronts over the area whose bottom edge is centred at `bottom`; fronts stand out towards +z."""
    edge = rng.uniform(0.6, 1.4, rows) if chance(rng, 0.4) else np.ones(rows)
    levels = np.concatenate([[0.0], np.cumsum(edge) / edge.sum()]) * height
    _add_fronts(rng, assembly, material, bottom, width, levels, columns, drawers=True)


def add_doors(
    rng: np.random.Generator,
    assembly: Assembly,
    material: Material,
    bottom: Corner,
    width: float,
    height: float,
    count: int,
) -> None:
    """Doors side by side over the area whose bottom edge is centred at `bottom`; they stand out towards +z."""
    _add_fronts(rng, assembly, material, bottom, width, np.array([0.0, height]), count, drawers=False)


def _add_fronts(
    rng: np.random.Generator,
    assembly: Assembly,
    material: Material,
    bottom: Corner,
    width: float,
    levels: Float[np.ndarray, " levels"],
    columns: int,
    drawers: bool,
) -> None:
    gap, thick = float(rng.uniform(0.004, 0.02)), float(rng.uniform(0.008, 0.025))
    style = pick(rng, ("flat", "bevelled", "framed", "glazed"), (5, 2, 3, 0 if drawers else 0.8))
    knobs, handle = materials.metal(rng), pick(rng, ("knob", "bar", "cup", "none"), (4, 4, 1, 2))
    x, y, z = bottom
    wide = width / columns
    for column in range(columns):
        middle = x - width / 2 + (column + 0.5) * wide
        for low, high in pairwise(levels):
            size = wide - gap, high - low - gap
            assembly.add(*_front(rng, material, style, size, thick, (middle, y + low + gap / 2, z)))
            for solid in _frame(style, size, thick):
                assembly.add(material, solid.at(middle, y + low + gap / 2, z))
            side = 0.0 if drawers else (wide * 0.42 if column % 2 == 0 and columns > 1 else -wide * 0.42)
            if handle != "none":
                level = (low + high) / 2 if drawers or chance(rng, 0.9) else high - 0.1
                assembly.add(knobs, _handle(handle, size, drawers).at(middle + side, y + level, z + thick))


def _front(
    rng: np.random.Generator, material: Material, style: str, size: tuple[float, float], thick: float, at: Corner
) -> tuple[Material, Solid]:
    depth = thick * (0.45 if style in ("framed", "glazed") else 1.0)
    surface = materials.glass(rng) if style == "glazed" else material
    bevel = thick * 0.4 if style == "bevelled" else 0.0
    # Sunk a little into the body, so that fronts and body overlap instead of sharing a face.
    return surface, box(size[0], size[1], depth + 0.004, bevel).at(at[0], at[1], at[2] + (depth - 0.004) / 2)


def _frame(style: str, size: tuple[float, float], thick: float) -> list[Solid]:
    if style not in ("framed", "glazed"):
        return []
    width, height = size
    rail = min(0.06, 0.2 * min(size))
    return [
        *(box(rail, height, thick).at(x, 0, thick / 2) for x in (-(width - rail) / 2, (width - rail) / 2)),
        *(box(width - rail, rail, thick * 0.98).at(0, y, thick / 2) for y in (0.0, height - rail)),
    ]


def _handle(style: str, size: tuple[float, float], drawers: bool) -> Solid:
    if style == "knob":
        return ellipsoid(0.03, 0.03, 0.03).at(y=-0.015, z=0.013)
    if style == "cup" and drawers:
        return cylinder(0.03, 0.018, 0.02, 12).turned("x", 90)
    long = 0.4 * size[0] if drawers else min(0.35 * size[1], 0.3)
    ends = [(-long / 2, 0, 0), (-long / 2, 0, 0.03), (long / 2, 0, 0.03), (long / 2, 0, 0)]
    handle = tube(ends, 0.006, 6)
    return handle if drawers else handle.turned("z", 90)
