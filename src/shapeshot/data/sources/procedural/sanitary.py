"""Bathroom ceramics: toilets, bathtubs, washbasins."""

from __future__ import annotations

import numpy as np

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.fronts import add_doors
from shapeshot.data.sources.procedural.parts.primitives import (
    box,
    cylinder,
    ellipsoid,
    lathe,
    prism,
    rounded_box,
    spline,
    superellipse,
    tube,
)
from shapeshot.data.sources.procedural.parts.solids import Solid, loft


def basin_solid(width: float, depth: float, height: float, exponent: float, rim: float, foot: float) -> Solid:
    """An open basin: a superellipse in plan whose outside narrows to `foot` of the rim at the bottom."""
    outline = superellipse(1.0, 1.0, exponent, 36)
    rise = np.linspace(0, 1, 7)
    outside = [(foot + (1 - foot) * t**0.5, t * height, 0.0) for t in rise]
    inside = [((foot + (1 - foot) * t**0.5) * 0.98, t * height, rim) for t in rise[::-1] if t > 0.25]
    rings = []
    for share, y, inset in outside + inside:
        size = np.maximum(np.array([width, depth]) * share - 2 * inset, 0.01)
        plan = outline * size
        rings.append(np.stack([plan[:, 0], np.full(36, y), plan[:, 1]], 1))
    return loft(np.array(rings))


def toilet(rng: np.random.Generator) -> Assembly:
    """A toilet with cistern and lid, or a bidet without."""
    assembly, body = Assembly(), materials.white_ceramic(rng)
    width, depth, height = (
        float(rng.uniform(0.34, 0.42)),
        float(rng.uniform(0.42, 0.54)),
        float(rng.uniform(0.36, 0.44)),
    )
    exponent = float(rng.uniform(0.4, 1.0))
    assembly.add(
        body,
        basin_solid(width, depth, height * 0.55, exponent, 0.04, float(rng.uniform(0.45, 0.85))).at(y=height * 0.45),
    )
    foot = superellipse(width * float(rng.uniform(0.5, 0.8)), depth * float(rng.uniform(0.6, 0.9)), exponent)
    assembly.add(body, prism(foot, height * 0.5).at(z=-depth * 0.08))
    if chance(rng, 0.2):
        tap = spline(
            [(0, height - 0.02, -depth * 0.42), (0, height + 0.1, -depth * 0.42), (0, height + 0.09, -depth * 0.2)], 9
        )
        assembly.add(materials.metal(rng), tube(tap, 0.014, 8))
        return assembly
    seat = body if chance(rng, 0.7) else materials.structure(rng)
    lid = prism(superellipse(width * 1.03, depth * 1.0, exponent), 0.022)
    opened = chance(rng, 0.35)
    if opened:
        assembly.add(
            seat, lid.at(z=depth / 2).turned("x", -float(rng.uniform(80, 100))).at(0, height + 0.01, -depth * 0.46)
        )
    else:
        assembly.add(seat, lid.at(y=height - 0.002))
    tall = float(rng.uniform(0.28, 0.42))
    tank = rounded_box(width * float(rng.uniform(0.9, 1.15)), tall, 0.18, 0.02, 2)
    assembly.add(
        body, tank.at(0, height - 0.06, -depth / 2 - 0.06), box(width * 0.6, height - 0.03, 0.2).at(z=-depth / 2 - 0.02)
    )
    assembly.add(materials.metal(rng), cylinder(0.022, 0.012, sides=12).at(0, height - 0.062 + tall, -depth / 2 - 0.06))
    return assembly


def bathtub(rng: np.random.Generator) -> Assembly:
    """A bathtub: built in, freestanding or on claw feet."""
    assembly, body = Assembly(), materials.white_ceramic(rng)
    width, depth, height = float(rng.uniform(1.3, 1.85)), float(rng.uniform(0.65, 0.95)), float(rng.uniform(0.42, 0.62))
    boxy = chance(rng, 0.4)
    lift = 0.0 if boxy or chance(rng, 0.5) else float(rng.uniform(0.08, 0.15))
    tub = basin_solid(
        width,
        depth,
        height,
        0.12 if boxy else float(rng.uniform(0.35, 0.9)),
        float(rng.uniform(0.03, 0.1)),
        1.0 if boxy else float(rng.uniform(0.6, 0.9)),
    )
    assembly.add(body, tub.at(y=lift))
    trim = materials.metal(rng)
    if lift:
        for x in (-0.3, 0.3):
            for z in (-0.25, 0.25):
                assembly.add(
                    trim,
                    tube(
                        spline(
                            [
                                (x * width * 1.1, 0.02, z * depth * 1.3),
                                (x * width, lift * 0.6, z * depth),
                                (x * width, lift + 0.06, z * depth),
                            ],
                            7,
                        ),
                        0.022,
                        8,
                    ),
                )
    _add_tap(rng, assembly, trim, -width * 0.4, height + lift)
    return assembly


def _add_tap(rng: np.random.Generator, assembly: Assembly, metal: Material, x: float, y: float) -> None:
    rise, reach = float(rng.uniform(0.06, 0.25)), float(rng.uniform(0.08, 0.16))
    path = spline(
        [(x, y - 0.02, 0), (x, y + rise * 0.8, 0), (x + reach * 0.6, y + rise, 0), (x + reach, y + rise * 0.75, 0)], 12
    )
    assembly.add(metal, tube(path, 0.012, 8))
    if chance(rng, 0.6):
        assembly.add(metal, *(ellipsoid(0.04, 0.045, 0.04).at(x, y - 0.01, z) for z in (-0.07, 0.07)))


def washbasin(rng: np.random.Generator) -> Assembly:
    """A washbasin on a pedestal, a cabinet, legs or the wall."""
    assembly, body = Assembly(), materials.white_ceramic(rng)
    width, depth, bowl = float(rng.uniform(0.4, 0.75)), float(rng.uniform(0.34, 0.52)), float(rng.uniform(0.12, 0.22))
    rim = float(rng.uniform(0.72, 0.9))
    assembly.add(
        body,
        basin_solid(width, depth, bowl, float(rng.uniform(0.12, 1.0)), 0.025, float(rng.uniform(0.4, 0.95))).at(
            y=rim - bowl
        ),
    )
    stand = pick(rng, ("pedestal", "cabinet", "wall", "legs"))
    under = rim - bowl + 0.01
    if stand == "pedestal":
        post = float(rng.uniform(0.07, 0.1))
        assembly.add(
            body,
            lathe([(post * 1.4, 0), (post * 1.2, 0.06), (post, under * 0.5), (post * 1.3, under)]).at(z=-depth * 0.1),
        )
    elif stand == "cabinet":
        case = materials.structure(rng)
        wide, deep = width * float(rng.uniform(1.0, 1.8)), depth * 1.05
        base = float(rng.choice([0.0, 0.1, 0.3]))
        assembly.add(
            case, box(wide, under - base, deep).at(y=base), box(wide * 1.03, 0.03, deep * 1.03).at(y=under - 0.03)
        )
        add_doors(rng, assembly, case, (0, base + 0.01, deep / 2), wide * 0.98, under - base - 0.05, 2)
        if base:
            assembly.add(
                case,
                *(
                    box(0.04, base + 0.01, 0.04).at(a * wide * 0.45, 0, b * deep * 0.42)
                    for a in (-1, 1)
                    for b in (-1, 1)
                ),
            )
    elif stand == "legs":
        legs = materials.metal(rng)
        assembly.add(
            legs,
            *(
                cylinder(0.014, rim - 0.03, sides=8).at(a * width * 0.36, 0, b * depth * 0.36)
                for a in (-1, 1)
                for b in (-1, 1)
            ),
        )
        assembly.add(legs, tube([(-width * 0.36, 0.3, depth * 0.36), (width * 0.36, 0.3, depth * 0.36)], 0.01, 8))
    tap = Assembly()
    _add_tap(rng, tap, materials.metal(rng), -depth * 0.4, rim)
    for solid, material in tap.pieces:
        assembly.add(material, solid.turned("y", -90))
    if chance(rng, 0.15):
        assembly.add(
            materials.glass(rng),
            box(width, 0.7, 0.015).at(0, rim + 0.25, -depth / 2),
            box(0.1, 0.3, 0.01).at(0, rim - 0.02, -depth / 2),
        )
    return assembly
