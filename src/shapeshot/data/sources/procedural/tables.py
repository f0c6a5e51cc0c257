"""Tables, coffee tables, desks."""

from __future__ import annotations

import numpy as np

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.fronts import add_drawers
from shapeshot.data.sources.procedural.parts.primitives import box, cylinder, lathe, prism, spline, superellipse, tube
from shapeshot.data.sources.procedural.parts.supports import (
    add_four_legs,
    add_pedestal,
    add_sled,
    add_trestle,
    turned_profile,
)


def table(rng: np.random.Generator) -> Assembly:
    """A dining, café or console table."""
    width = float(rng.uniform(0.6, 2.3))
    depth = width if chance(rng, 0.3) else float(rng.uniform(0.4, 1.1))
    return _table(
        rng,
        max(width, depth),
        min(width, depth),
        float(rng.uniform(0.68, 0.82) if chance(rng, 0.9) else rng.uniform(0.95, 1.12)),
    )


def coffee_table(rng: np.random.Generator) -> Assembly:
    """A low table for a sofa, or a small one beside it."""
    if chance(rng, 0.35):
        side = float(rng.uniform(0.32, 0.6))
        return _table(rng, side, side * float(rng.uniform(0.8, 1.0)), float(rng.uniform(0.4, 0.65)))
    return _table(rng, float(rng.uniform(0.6, 1.4)), float(rng.uniform(0.45, 0.8)), float(rng.uniform(0.28, 0.5)))


def _table(rng: np.random.Generator, width: float, depth: float, height: float) -> Assembly:
    assembly = Assembly()
    top, frame = _top_material(rng), materials.frame(rng)
    frame = top if chance(rng, 0.45) and top.opacity == 1.0 else frame
    thick = float(rng.uniform(0.012, 0.06))
    square = width / depth < 1.25
    outline = _add_top(rng, assembly, top, width, depth, height, thick)
    base = pick(
        rng, ("legs", "pedestal", "trestle", "sled", "drum"), (7, 4 if square else 0.5, 0.3 if square else 2, 1, 0.5)
    )
    inset = 0.7 if outline == "round" else float(rng.uniform(0.75, 0.99))
    if base == "legs":
        add_four_legs(rng, assembly, frame, width * inset, depth * inset, height - thick, (0.025, 0.09), 0.2)
        if outline != "round" and chance(rng, 0.6):
            _add_apron(rng, assembly, frame, width * inset * 0.97, depth * inset * 0.97, height - thick)
    elif base == "pedestal":
        column = Assembly()
        add_pedestal(rng, column, frame, depth * 0.36, height - thick)
        for x in [0.0] if square else [-width * 0.27, width * 0.27]:
            assembly.add(frame, *(solid.at(x) for solid, _ in column.pieces))
    elif base == "drum":
        assembly.add(frame, lathe(turned_profile(rng, depth * 0.35, height - thick), 24))
    else:
        (add_trestle if base == "trestle" else add_sled)(
            rng, assembly, frame, width * 0.9, depth * 0.85, height - thick
        )
    if base == "legs" and chance(rng, 0.22):
        shelf = box(width * inset * 0.9, 0.018, depth * inset * 0.9)
        assembly.add(frame if chance(rng, 0.5) else top, shelf.at(y=height * float(rng.uniform(0.12, 0.45))))
    return assembly


def _top_material(rng: np.random.Generator) -> Material:
    return pick(rng, (materials.wood, materials.paint, materials.glass, materials.stone), (6, 2, 1, 1))(rng)


def _add_top(
    rng: np.random.Generator,
    assembly: Assembly,
    material: Material,
    width: float,
    depth: float,
    height: float,
    thick: float,
) -> str:
    outline = pick(rng, ("rectangle", "round", "rounded", "planks", "clipped", "blob"), (6, 3, 2, 1, 0.7, 0.5))
    under = height - thick
    if outline in ("round", "rounded"):
        exponent = 1.0 if outline == "round" else float(rng.uniform(0.15, 0.6))
        assembly.add(material, prism(superellipse(width, depth, exponent, 36), thick).at(y=under))
    elif outline == "planks":
        count = int(rng.integers(3, 8))
        for i in range(count):
            assembly.add(
                material, box(width, thick, depth / count * 0.93).at(0, under, (i + 0.5) / count * depth - depth / 2)
            )
        assembly.add_pair(material, box(0.06, 0.02, depth * 0.95).at(width * 0.3, under - 0.019))
    elif outline == "clipped":
        cut = min(width, depth) * float(rng.uniform(0.08, 0.3))
        x, z = width / 2, depth / 2
        corners = [
            (x, z - cut),
            (x - cut, z),
            (cut - x, z),
            (-x, z - cut),
            (-x, cut - z),
            (cut - x, -z),
            (x - cut, -z),
            (x, cut - z),
        ]
        assembly.add(material, prism(corners, thick).at(y=under))
    elif outline == "blob":
        turn = 2 * np.pi * np.arange(7) / 7
        ring = np.stack([np.cos(turn) * width / 2, np.sin(turn) * depth / 2], 1) * rng.uniform(0.75, 1.05, (7, 1))
        assembly.add(material, prism(spline(ring, 30, joined=True), thick).at(y=under))
    else:
        assembly.add(material, box(width, thick, depth, bevel=float(rng.uniform(0, 0.4)) * thick).at(y=under))
    return "round" if outline in ("round", "blob", "clipped") else outline


def _add_apron(
    rng: np.random.Generator, assembly: Assembly, material: Material, width: float, depth: float, top: float
) -> None:
    high = min(float(rng.uniform(0.04, 0.14)), top * 0.4)
    for side in (-1, 1):
        assembly.add(material, box(width, high, 0.02).at(0, top - high, side * (depth / 2 - 0.015)))
        assembly.add(material, box(0.02, high, depth).at(side * (width / 2 - 0.015), top - high))
    if chance(rng, 0.3):
        knobs = materials.metal(rng)
        count = 1 + int(width > 0.9)
        for i in range(count):
            x = ((i + 0.5) / count - 0.5) * width
            assembly.add(
                material, box(width / count * 0.8, high * 0.8, 0.02).at(x, top - high * 0.9, depth / 2 - 0.004)
            )
            assembly.add(
                knobs, cylinder(0.012, 0.025, 0.015, 10).turned("x", 90).at(x, top - high / 2, depth / 2 + 0.005)
            )


def desk(rng: np.random.Generator) -> Assembly:
    """A desk: a top on drawers, panels or legs, with perhaps a modesty panel, a hutch or a return."""
    assembly = Assembly()
    width, depth, height = float(rng.uniform(0.9, 1.9)), float(rng.uniform(0.48, 0.85)), float(rng.uniform(0.7, 0.8))
    body, thick = materials.structure(rng), float(rng.uniform(0.018, 0.05))
    frame = body if chance(rng, 0.6) else materials.frame(rng)
    top = body if chance(rng, 0.7) else _top_material(rng)
    assembly.add(top, box(width, thick, depth, bevel=0.003).at(y=height - thick))
    under = height - thick
    sides = pick(rng, ("left", "right", "both", "none"), (2, 2, 2, 2))
    chest = min(float(rng.uniform(0.3, 0.48)), width * 0.36)
    if sides == "none":
        (add_four_legs if chance(rng, 0.6) else add_sled)(rng, assembly, frame, width * 0.97, depth * 0.94, under)
        _add_apron(rng, assembly, body, width * 0.9, depth * 0.85, under)
    for sign, name in ((-1, "left"), (1, "right")):
        x = sign * (width - chest) / 2
        if sides in (name, "both"):
            floor = float(rng.choice([0.0, 0.05, 0.12]))
            assembly.add(body, box(chest * 0.98, under - floor, depth * 0.94).at(x, floor))
            add_drawers(
                rng, assembly, body, (x, floor, depth * 0.47), chest * 0.98, under - floor, 1, int(rng.integers(1, 5))
            )
            if floor:
                assembly.add(
                    frame,
                    *(
                        box(0.04, floor, 0.04).at(x + a * chest * 0.42, 0, b * depth * 0.4)
                        for a in (-1, 1)
                        for b in (-1, 1)
                    ),
                )
        elif sides != "none":
            support = box(0.03, under, depth * 0.92) if chance(rng, 0.6) else box(0.05, under, 0.05).at(z=depth * 0.42)
            assembly.add(frame, support.at(sign * (width / 2 - 0.03)))
            assembly.add(frame, box(0.05, under, 0.05).at(sign * (width / 2 - 0.03), 0, -depth * 0.42))
    if sides != "none" and chance(rng, 0.7):
        panel_height = under * float(rng.uniform(0.3, 0.95))
        assembly.add(
            body,
            box(width * 0.94, panel_height, 0.018).at(0, under - panel_height, -depth * float(rng.uniform(0.3, 0.46))),
        )
    if chance(rng, 0.25):
        _add_hutch(rng, assembly, body, width, depth, height)
    elif chance(rng, 0.2):
        long, sign = float(rng.uniform(0.5, 1.1)), pick(rng, (-1, 1))
        assembly.add(
            top, box(depth * 0.8, thick, long).at(sign * (width / 2 - depth * 0.4), under, depth / 2 + long / 2 - 0.001)
        )
        assembly.add(
            frame, box(depth * 0.7, under, 0.03).at(sign * (width / 2 - depth * 0.4), 0, depth / 2 + long - 0.05)
        )
    return assembly


def _add_hutch(
    rng: np.random.Generator, assembly: Assembly, body: Material, width: float, depth: float, height: float
) -> None:
    deep, high = depth * float(rng.uniform(0.25, 0.5)), float(rng.uniform(0.2, 0.75))
    z = -depth / 2 + deep / 2
    for x in np.linspace(-1, 1, int(rng.integers(2, 5))) * (width / 2 - 0.01):
        assembly.add(body, box(0.02, high, deep).at(x, height, z))
    for level in np.linspace(high, high * 0.5, int(rng.integers(1, 3))):
        assembly.add(body, box(width, 0.02, deep).at(0, height + level - 0.02, z))
    if chance(rng, 0.6):
        assembly.add(body, box(width, high, 0.012).at(0, height, -depth / 2 + 0.006))


def picnic_table(rng: np.random.Generator) -> Assembly:
    """A table and two benches on shared A-frames."""
    assembly, body = Assembly(), pick(rng, (materials.wood, materials.wood, materials.paint))(rng)
    width, depth, height = float(rng.uniform(1.2, 2.0)), float(rng.uniform(0.6, 0.9)), float(rng.uniform(0.68, 0.78))
    reach, seat, planks = (
        depth / 2 + float(rng.uniform(0.2, 0.35)),
        float(rng.uniform(0.4, 0.46)),
        int(rng.integers(3, 7)),
    )
    for i in range(planks):
        assembly.add(
            body, box(width, 0.035, depth / planks * 0.94).at(0, height - 0.035, (i + 0.5) / planks * depth - depth / 2)
        )
    for side in (-1, 1):
        assembly.add(body, box(width, 0.035, float(rng.uniform(0.2, 0.3))).at(0, seat, side * reach))
        for x in (-width * 0.35, width * 0.35):
            assembly.add(
                body, tube([(x, 0.03, side * reach * 0.95), (x, height - 0.05, side * depth * 0.25)], 0.035, 4)
            )
    for x in (-width * 0.35, width * 0.35):
        assembly.add(
            body,
            box(0.04, 0.07, 2 * reach + 0.2).at(x + 0.04, seat - 0.07),
            box(0.04, 0.07, depth * 0.9).at(x + 0.04, height - 0.1),
        )
    return assembly
