"""People and animals as mannequins and toys: ellipsoids and tapered limbs in natural poses."""

from __future__ import annotations

import numpy as np

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.primitives import (
    Point,
    cylinder,
    ellipsoid,
    lathe,
    rounded_box,
    spline,
    tube,
)

SKINS = ((0.93, 0.78, 0.68), (0.82, 0.62, 0.48), (0.6, 0.42, 0.3), (0.36, 0.24, 0.18), (0.9, 0.9, 0.88))


def person(rng: np.random.Generator) -> Assembly:
    """A standing, walking or sitting figure, adult or child, in trousers or a skirt."""
    assembly = Assembly()
    height, wide = float(rng.uniform(0.9, 1.9)), float(rng.uniform(0.85, 1.25))
    unit = height / 7.5
    skin = Material(pick(rng, SKINS), roughness=0.8)
    top, bottom, shoe = materials.fabric(rng), materials.fabric(rng), materials.leather(rng)
    sitting = chance(rng, 0.25)
    hip = unit * (2.1 if sitting else 3.7)
    _add_legs(rng, assembly, bottom if chance(rng, 0.8) else skin, shoe, hip, unit, wide, sitting)
    rise = np.linspace(0, 1, 9)
    trunk = unit * wide * (0.75 + 0.25 * np.cos(2.2 * np.pi * rise)) * np.where(rise > 0.9, 0.75, 1.0)
    assembly.add(
        top,
        lathe(np.stack([trunk, hip - 0.15 * unit + rise * 2.5 * unit], 1), 20).stretched(
            z=float(rng.uniform(0.5, 0.75))
        ),
    )
    shoulder = hip + 2.15 * unit
    _add_arms(rng, assembly, top if chance(rng, 0.6) else skin, skin, shoulder, unit, wide)
    assembly.add(skin, cylinder(unit * 0.27, unit * 0.6).at(y=hip + 2.2 * unit))
    assembly.add(skin, ellipsoid(unit * 0.8, unit * 1.05, unit * 0.9).at(y=hip + 2.65 * unit))
    hair = ellipsoid(unit * 0.9, unit * float(rng.uniform(0.6, 1.1)), unit * 0.95)
    assembly.add(materials.leather(rng), hair.at(0, hip + 3.8 * unit - float(hair.bounds[1, 1]), -unit * 0.1))
    if not sitting and chance(rng, 0.3):
        flare = float(rng.uniform(1.0, 1.9))
        long = unit * float(rng.uniform(1.2, 2.8))
        assembly.add(
            bottom,
            cylinder(unit * wide * flare, long, unit * wide * 0.8).stretched(z=0.75).at(y=hip - long + 0.2 * unit),
        )
    return assembly


def _add_legs(
    rng: np.random.Generator,
    assembly: Assembly,
    cloth: Material,
    shoe: Material,
    hip: float,
    unit: float,
    wide: float,
    sitting: bool,
) -> None:
    stride = float(rng.uniform(0, 0.9)) * unit
    for side in (-1, 1):
        x = side * unit * 0.45 * wide
        ahead = side * stride if not sitting else unit * 1.9
        knee = (x * 1.1, hip if sitting else hip * 0.52, unit * 1.7 if sitting else ahead * 0.5 + 0.1 * unit)
        ankle = (x * 1.1, unit * 0.25, ahead)
        path = np.array([(x, hip, 0), knee, ankle])
        assembly.add(cloth, tube(spline(path, 9), np.linspace(0.42, 0.24, 9) * unit * wide, 10))
        foot = rounded_box(unit * 0.42, unit * 0.35, unit * 1.1, unit * 0.15, 2)
        assembly.add(shoe, foot.at(x * 1.1, 0.0, ahead + unit * 0.25))


def _add_arms(
    rng: np.random.Generator,
    assembly: Assembly,
    sleeve: Material,
    skin: Material,
    shoulder: float,
    unit: float,
    wide: float,
) -> None:
    for side in (-1, 1):
        lift, reach = float(rng.uniform(-80, 30 if chance(rng, 0.8) else 80)), float(rng.uniform(-0.3, 1.2)) * unit
        out, up = np.cos(np.radians(lift)), np.sin(np.radians(lift))
        start = np.array([side * unit * 0.85 * wide, shoulder, 0])
        elbow = start + np.array([side * out, up, 0.1]) * 1.35 * unit
        hand = elbow + np.array([side * out * 0.5, -0.4 + up * 0.6, reach / unit]) * unit
        assembly.add(sleeve, tube(spline([start, elbow, hand], 9), np.linspace(0.3, 0.18, 9) * unit * wide, 9))
        assembly.add(skin, ellipsoid(unit * 0.36, unit * 0.36, unit * 0.4).at(hand[0], hand[1] - unit * 0.18, hand[2]))


def animal(rng: np.random.Generator) -> Assembly:
    """A four-legged animal (dog, cat, horse, lamb) facing +z, or a sitting teddy bear."""
    assembly = Assembly()
    fur = Material(_fur(rng), roughness=0.95) if chance(rng, 0.5) else materials.fabric(rng)
    return _teddy(rng, assembly, fur) if chance(rng, 0.25) else _quadruped(rng, assembly, fur)


def _fur(rng: np.random.Generator) -> tuple[float, float, float]:
    return pick(rng, (*materials.WOODS, (0.1, 0.1, 0.1), (0.9, 0.9, 0.88), (0.5, 0.5, 0.5)))


def _quadruped(rng: np.random.Generator, assembly: Assembly, fur: Material) -> Assembly:
    long = float(np.exp(rng.uniform(np.log(0.25), np.log(1.7))))
    girth, legs = long * float(rng.uniform(0.3, 0.5)), long * float(rng.uniform(0.25, 0.85))
    assembly.add(fur, ellipsoid(girth, girth * 1.1, long, 0.8, 0.8).at(y=legs))
    thick, stride = girth * float(rng.uniform(0.1, 0.2)), float(rng.uniform(0, 0.15)) * long
    for index, (x, z) in enumerate([(-1, 1), (1, 1), (-1, -1), (1, -1)]):
        swing = stride * (1 if index in (0, 3) else -1)
        top: Point = (x * girth * 0.28, legs + girth * 0.4, z * long * 0.33)
        foot = (x * girth * 0.3, thick * 0.8, z * long * 0.36 + swing)
        knee = (x * girth * 0.3, legs * 0.5, z * long * 0.33 + swing * 0.4)
        assembly.add(fur, tube(spline([top, knee, foot], 8), np.linspace(1.6, 0.9, 8) * thick, 9))
        assembly.add(fur, ellipsoid(thick * 2.4, thick * 1.5, thick * 3).at(foot[0], 0.0, foot[2] + thick * 0.5))
    neck, lean = long * float(rng.uniform(0.12, 0.5)), float(rng.uniform(0.1, 0.4)) * long
    base, head = (
        np.array([0, legs + girth * 0.75, long * 0.36]),
        np.array([0, legs + girth * 0.95 + neck, long * 0.4 + lean]),
    )
    assembly.add(fur, tube([base, (base + head) / 2, head], np.array([0.32, 0.26, 0.2]) * girth, 10))
    skull, snout = girth * float(rng.uniform(0.45, 0.75)), girth * float(rng.uniform(0.35, 0.9))
    assembly.add(fur, ellipsoid(skull, skull, skull * 1.1).at(0, head[1] - skull * 0.4, head[2]))
    assembly.add(fur, ellipsoid(skull * 0.55, skull * 0.5, snout).at(0, head[1] - skull * 0.35, head[2] + skull * 0.4))
    ear = cylinder(skull * 0.2, skull * float(rng.uniform(0.35, 1.0)), 0.01, 8).turned("z", -float(rng.uniform(0, 130)))
    assembly.add_pair(fur, ear.at(skull * 0.3, head[1] + skull * 0.4, head[2]))
    tail = [
        (0, legs + girth * 0.8, -long * 0.46),
        (0, legs + girth * float(rng.uniform(0.2, 1.2)), -long * 0.6),
        (0, legs + girth * float(rng.uniform(0, 1.6)), -long * 0.75),
    ]
    assembly.add(fur, tube(spline(tail, 9), np.linspace(0.12, 0.05, 9) * girth, 8))
    return assembly


def _teddy(rng: np.random.Generator, assembly: Assembly, fur: Material) -> Assembly:
    size, light = float(rng.uniform(0.15, 0.5)), materials.fabric(rng)
    belly, skull = size * float(rng.uniform(0.45, 0.6)), size * float(rng.uniform(0.38, 0.5))
    assembly.add(
        fur, ellipsoid(belly, size * 0.6, belly * 0.9), ellipsoid(skull, skull * 0.9, skull * 0.9).at(y=size * 0.52)
    )
    assembly.add_pair(
        fur, ellipsoid(skull * 0.35, skull * 0.35, skull * 0.18).at(skull * 0.38, size * 0.52 + skull * 0.65)
    )
    assembly.add_pair(fur, ellipsoid(size * 0.2, size * 0.2, size * 0.5).at(belly * 0.4, 0.0, size * 0.28))
    arm = tube(
        [(belly * 0.3, size * 0.48, 0), (belly * 0.75, size * float(rng.uniform(0.2, 0.6)), size * 0.15)],
        size * 0.085,
        10,
    )
    assembly.add_pair(fur, arm)
    assembly.add(
        light, ellipsoid(skull * 0.45, skull * 0.35, skull * 0.35).at(0, size * 0.52 + skull * 0.2, skull * 0.38)
    )
    assembly.add_pair(
        materials.dark(rng),
        ellipsoid(skull * 0.1, skull * 0.1, skull * 0.06).at(skull * 0.18, size * 0.52 + skull * 0.52, skull * 0.4),
    )
    return assembly
