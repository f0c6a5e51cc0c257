"""Sofas and beds: upholstered bodies, cushions, mattresses, headboards."""

from __future__ import annotations

import numpy as np

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.primitives import (
    box,
    cushion,
    cylinder,
    ellipsoid,
    panel,
    rounded_box,
    spline,
    strip,
    tube,
)
from shapeshot.data.sources.procedural.parts.seat_parts import add_block_arm
from shapeshot.data.sources.procedural.parts.supports import add_four_legs, add_sled, short_feet


def sofa(rng: np.random.Generator) -> Assembly:
    """A sofa of one to four seats, straight or with a chaise or corner, on feet, legs, a skirt or the floor."""
    assembly = Assembly()
    seats = int(pick(rng, (2, 3, 4), (4, 4, 1)))
    each, depth = float(rng.uniform(0.5, 0.75)), float(rng.uniform(0.72, 1.05))
    seat, total = float(rng.uniform(0.36, 0.47)), float(rng.uniform(0.62, 1.0))
    soft = materials.upholstery(rng)
    foot = float(rng.uniform(0.0, 0.18)) if chance(rng, 0.8) else 0.0
    arm = float(rng.uniform(0.06, 0.26)) if chance(rng, 0.9) else 0.0
    inner, back = seats * each, float(rng.uniform(0.1, 0.26))
    width = inner + 2 * arm
    _add_sofa_feet(rng, assembly, width, depth, foot)
    _add_body(rng, assembly, soft, (width, inner, depth), (foot, seat, total), back, seats)
    if arm:
        top = seat + float(rng.uniform(0.05, min(0.3, total - seat)))
        add_block_arm(rng, assembly, soft, (width - arm) / 2, arm, (foot, top), depth)
    if chance(rng, 0.28):
        _add_chaise(rng, assembly, soft, (width, depth, each), (foot, seat, total), back, arm)
    if chance(rng, 0.35):
        _add_pillows(rng, assembly, inner, seat, -depth / 2 + back)
    return assembly


def _add_sofa_feet(rng: np.random.Generator, assembly: Assembly, width: float, depth: float, foot: float) -> None:
    if foot < 0.02:
        return
    material = materials.frame(rng)
    if foot > 0.1 and chance(rng, 0.5):
        add = pick(rng, (add_four_legs, add_sled))
        add(rng, assembly, material, width * 0.95, depth * 0.92, foot + 0.01)
    else:
        assembly.add(material, *short_feet(rng, width, depth, foot + 0.01))


def _add_body(
    rng: np.random.Generator,
    assembly: Assembly,
    soft: Material,
    size: tuple[float, float, float],
    heights: tuple[float, float, float],
    back: float,
    seats: int,
) -> None:
    (width, inner, depth), (foot, seat, total) = size, heights
    thick, lean = min(float(rng.uniform(0.08, 0.22)), seat - foot - 0.06), float(rng.uniform(0, 12))
    assembly.add(soft, rounded_box(inner + 0.02, seat - thick - foot, depth, 0.02, 2).at(y=foot))
    rest = rounded_box(
        width if chance(rng, 0.4) else inner, total - foot, back, back * float(rng.uniform(0.1, 0.48)), 3
    )
    assembly.add(soft, rest.turned("x", -lean).at(y=foot, z=-depth / 2 + back / 2))
    loose = chance(rng, 0.55)
    count = seats if chance(rng, 0.75) else 1
    softness = float(rng.uniform(0.12, 0.5))
    for index in range(count):
        x = (index + 0.5) / count * inner - inner / 2
        deep = depth - back * 0.8
        assembly.add(soft, cushion(inner / count, thick * 1.05, deep, softness).at(x, seat - thick, back * 0.4))
        if loose:
            high, fat = (total - seat) * float(rng.uniform(0.85, 1.1)), float(rng.uniform(0.12, 0.24))
            pillow = cushion(inner / count, high, fat, softness).turned("x", -lean - float(rng.uniform(2, 10)))
            assembly.add(soft, pillow.at(x, seat - 0.02, -depth / 2 + back + fat * 0.4))


def _add_chaise(
    rng: np.random.Generator,
    assembly: Assembly,
    soft: Material,
    size: tuple[float, float, float],
    heights: tuple[float, float, float],
    back: float,
    arm: float,
) -> None:
    """A long seat at the right, or a whole second wing with its own back (a corner sofa)."""
    (width, depth, each), (foot, seat, total) = size, heights
    long, x = float(rng.uniform(0.4, 1.5)), (width - each) / 2 - arm
    middle = depth / 2 + long / 2 - 0.02
    assembly.add(soft, rounded_box(each + arm, seat - foot - 0.06, long, 0.02, 2).at(x + arm / 2, foot, middle))
    assembly.add(soft, cushion(each + arm * 0.5, 0.14, long + 0.1, 0.15).at(x + arm / 4, seat - 0.13, middle))
    if chance(rng, 0.55):
        assembly.add(
            soft, rounded_box(back, total - foot, long + 0.05, back * 0.3, 3).at(width / 2 - back / 2, foot, middle)
        )


def _add_pillows(rng: np.random.Generator, assembly: Assembly, inner: float, seat: float, back: float) -> None:
    material = materials.fabric(rng)
    for _ in range(int(rng.integers(1, 4))):
        side = float(rng.uniform(0.3, 0.48))
        pillow = ellipsoid(side, side, 0.15, 0.5, 0.7).turned("z", float(rng.uniform(-12, 12))).turned("x", -22)
        assembly.add(material, pillow.at(float(rng.uniform(-0.45, 0.45)) * inner, seat - 0.01, back + 0.2))


def bed(rng: np.random.Generator) -> Assembly:
    """A single or double bed; bunk beds and cribs are kinds of their own."""
    assembly = Assembly()
    width, length = float(rng.uniform(0.85, 2.0)), float(rng.uniform(1.85, 2.2))
    frame = pick(rng, (materials.structure, materials.structure, materials.metal, materials.upholstery))(rng)
    rail, side = float(rng.uniform(0.22, 0.45)), float(rng.uniform(0.08, 0.3))
    low = max(rail - side, 0.0)
    if low > 0.04:
        assembly.add(frame if chance(rng, 0.6) else materials.frame(rng), *short_feet(rng, width, length, low + 0.01))
    assembly.add(frame, rounded_box(width, side, length, float(rng.uniform(0.005, 0.04)), 2).at(y=low))
    top = _add_bedding(rng, assembly, width - 0.06, length - 0.06, rail)
    _add_board(rng, assembly, frame, width, (low * 0.3, top + float(rng.uniform(0.15, 0.8))), -length / 2)
    if chance(rng, 0.4):
        _add_board(rng, assembly, frame, width, (0.0, top + float(rng.uniform(0.0, 0.3))), length / 2)
    if chance(rng, 0.06):
        height = float(rng.uniform(1.8, 2.3))
        for x in (-width / 2, width / 2):
            for z in (-length / 2, length / 2):
                assembly.add(frame, box(0.06, height, 0.06).at(x, 0, z))
            assembly.add(frame, box(0.04, 0.04, length).at(x, height - 0.04))
        assembly.add(frame, *(box(width, 0.04, 0.04).at(0, height - 0.04, z) for z in (-length / 2, length / 2)))
    return assembly


def _add_bedding(rng: np.random.Generator, assembly: Assembly, width: float, length: float, level: float) -> float:
    """Mattress, duvet and pillows from height `level` up; returns the height of the mattress's top."""
    thick = float(rng.uniform(0.12, 0.3))
    assembly.add(materials.fabric(rng), rounded_box(width, thick, length, 0.05, 3).at(y=level - 0.04))
    top = level - 0.04 + thick
    if chance(rng, 0.75):
        share, drop = float(rng.uniform(0.5, 0.85)), float(rng.uniform(0.02, 0.25))
        duvet = cushion(width + 0.08, drop + 0.06, length * share + 0.04, 0.15)
        assembly.add(materials.fabric(rng), duvet.at(0, top - drop, length * (1 - share) / 2))
    count = 2 if width > 1.2 else 1
    pillows = materials.fabric(rng)
    for index in range(count):
        x = (index + 0.5) / count * width - width / 2
        pillow = cushion(width / count * float(rng.uniform(0.75, 0.9)), float(rng.uniform(0.1, 0.18)), 0.42, 0.5)
        assembly.add(pillows, pillow.turned("x", float(rng.uniform(0, 25))).at(x, top - 0.01, -length / 2 + 0.26))
    return top


def _add_board(
    rng: np.random.Generator, assembly: Assembly, frame: Material, width: float, heights: tuple[float, float], z: float
) -> None:
    """A head- or footboard: a panel, padded, slats, bars, or with a curved crest."""
    low, high = heights
    thick = float(rng.uniform(0.025, 0.1))
    style = pick(rng, ("panel", "padded", "slats", "bars", "crest"), (3, 2, 2, 2, 1.5))
    if style == "panel":
        assembly.add(frame, box(width * float(rng.uniform(1, 1.1)), high - low, thick, bevel=0.005).at(0, low, z))
    elif style == "padded":
        soft, columns = materials.upholstery(rng), int(rng.integers(1, 6))
        assembly.add(
            soft,
            *(
                rounded_box(width / columns, high - low, thick + 0.04, 0.03, 3).at(
                    ((i + 0.5) / columns - 0.5) * width, low, z
                )
                for i in range(columns)
            ),
        )
    elif style == "crest":
        rise = float(rng.uniform(0.05, 0.3)) * (high - low)
        arch = spline(
            [
                (width / 2, high - rise),
                (width * 0.25, high - rise * 0.2),
                (0, high),
                (-width * 0.25, high - rise * 0.2),
                (-width / 2, high - rise),
            ],
            17,
        )
        assembly.add(frame, panel([(-width / 2, low), (width / 2, low), *arch], thick).at(z=z - thick / 2))
    else:
        assembly.add_pair(frame, box(0.06, high, 0.06, bevel=0.01).at(width / 2 - 0.03, 0, z))
        for level in (high - 0.08, low + (high - low) * 0.3):
            assembly.add(frame, box(width, 0.06, 0.035).at(0, level, z))
        count = int(rng.integers(4, 14))
        for x in np.linspace(-0.45, 0.45, count) * width:
            bar = (
                cylinder(0.012, (high - low) * 0.7, sides=8)
                if style == "bars"
                else box(width / count * 0.5, (high - low) * 0.7, 0.018)
            )
            assembly.add(frame, bar.at(x, low + (high - low) * 0.3, z))


def bunk_bed(rng: np.random.Generator) -> Assembly:
    """Two beds one above the other, or a high bed over free floor, with rails and a ladder."""
    assembly, frame = Assembly(), materials.frame(rng)
    width, length, height = float(rng.uniform(0.85, 1.1)), float(rng.uniform(1.9, 2.1)), float(rng.uniform(1.5, 2.0))
    post = float(rng.uniform(0.04, 0.09))
    for x in (-length / 2, length / 2):
        for z in (-width / 2, width / 2):
            assembly.add(frame, box(post, height, post).at(x, 0, z))
    levels = [height - float(rng.uniform(0.35, 0.5))] + ([float(rng.uniform(0.25, 0.4))] if chance(rng, 0.7) else [])
    for level in levels:
        assembly.add(frame, box(length, 0.12, width).at(y=level - 0.1))
        bedding = Assembly()
        _add_bedding(rng, bedding, width - 0.05, length - 0.06, level)
        for solid, material in bedding.pieces:
            assembly.add(material, solid.turned("y", 90))
    for z in (-width / 2, width / 2):
        for level in (height - 0.06, height - 0.2):
            assembly.add(
                frame, box(length * (1.0 if z < 0 else 0.72), 0.05, 0.03).at(0 if z < 0 else length * 0.14, level, z)
            )
    for x in (-length * 0.45, -length * 0.25):
        assembly.add(frame, box(0.035, height, 0.04).at(x, 0, width / 2 + 0.04))
    for level in np.linspace(0.25, height - 0.3, int(rng.integers(3, 6))):
        assembly.add(frame, box(length * 0.2, 0.03, 0.03).at(-length * 0.35, level, width / 2 + 0.04))
    for x in (-length / 2, length / 2):
        for level in np.linspace(0.3, height - 0.06, 5):
            assembly.add(frame, box(0.03, 0.06, width).at(x, level))
    return assembly


def crib(rng: np.random.Generator) -> Assembly:
    """A baby's bed: barred sides round a small mattress, on legs, rockers or casters."""
    assembly, frame = Assembly(), materials.structure(rng)
    width, length, height = float(rng.uniform(0.55, 0.75)), float(rng.uniform(1.0, 1.4)), float(rng.uniform(0.8, 1.05))
    low = float(rng.uniform(0.15, 0.45))
    for x in (-length / 2, length / 2):
        for z in (-width / 2, width / 2):
            assembly.add(frame, box(0.045, height, 0.045, bevel=0.01).at(x, 0, z))
        assembly.add(frame, box(0.03, 0.05, width).at(x, height - 0.05), box(0.03, 0.05, width).at(x, low))
        if chance(rng, 0.5):
            assembly.add(frame, box(0.018, height - low - 0.04, width * 0.98).at(x, low))
        else:
            assembly.add(
                frame,
                *(
                    cylinder(0.01, height - low - 0.05, sides=8).at(x, low, z)
                    for z in np.linspace(-0.4, 0.4, 6) * width
                ),
            )
    for z in (-width / 2, width / 2):
        assembly.add(frame, box(length, 0.05, 0.03).at(0, height - 0.06, z), box(length, 0.05, 0.03).at(0, low, z))
        count = int(rng.integers(7, 15))
        assembly.add(
            frame,
            *(
                cylinder(0.009, height - low - 0.05, sides=8).at(x, low, z)
                for x in np.linspace(-0.46, 0.46, count) * length
            ),
        )
    assembly.add(materials.fabric(rng), rounded_box(length * 0.97, 0.12, width * 0.93, 0.03, 2).at(y=low))
    if chance(rng, 0.3):
        arc = [
            (a * length * 0.1 + x, 0.05 * abs(a) ** 2 - 0.02, a * width * 0.7)
            for x in (0,)
            for a in np.linspace(-1, 1, 9)
        ]
        rocker = strip(np.array(arc) * [0, 1, 1], 0.04, 0.03)
        assembly.add_pair(frame, rocker.at(length / 2))
    if chance(rng, 0.3):
        arm = spline(
            [
                (-length / 2, height, -width / 2),
                (-length / 2, height + 0.5, -width / 2),
                (-length * 0.2, height + 0.65, 0),
            ],
            10,
        )
        assembly.add(frame, tube(arm, 0.012, 7))
    return assembly
