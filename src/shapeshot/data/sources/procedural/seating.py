"""Armchairs, office chairs, stools, benches and loungers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.backs import add_back
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.primitives import (
    box,
    cushion,
    cylinder,
    ellipsoid,
    panel,
    prism,
    rounded_box,
    sheet,
    spline,
    strip,
    superellipse,
    tube,
)
from shapeshot.data.sources.procedural.parts.seat_parts import add_arms, add_block_arm, add_seat, bucket
from shapeshot.data.sources.procedural.parts.solids import Solid
from shapeshot.data.sources.procedural.parts.supports import (
    add_four_legs,
    add_pedestal,
    add_sled,
    add_star_base,
    add_trestle,
)


def armchair(rng: np.random.Generator) -> Assembly:
    """An easy chair: an upholstered block with arms and maybe wings, or a slung frame."""
    assembly = Assembly()
    width, depth = float(rng.uniform(0.6, 0.98)), float(rng.uniform(0.62, 0.95))
    seat, total = float(rng.uniform(0.36, 0.47)), float(rng.uniform(0.68, 1.15))
    soft, frame = materials.upholstery(rng), materials.frame(rng)
    if chance(rng, 0.2):
        assembly.add(soft, bucket(rng, width, depth * 0.85, seat, total))
        add = pick(rng, (add_four_legs, add_sled))
        add(rng, assembly, frame, width * 0.75, depth * 0.7, seat - 0.02)
        return assembly
    foot = float(rng.uniform(0.0, 0.22))
    arm, arm_top = float(rng.uniform(0.05, 0.2)), seat + float(rng.uniform(0.1, 0.26))
    back, lean = float(rng.uniform(0.1, 0.22)), float(rng.uniform(0, 14))
    if foot > 0.03:
        add = pick(rng, (add_four_legs, add_four_legs, add_four_legs, add_sled))
        add(rng, assembly, frame, width * 0.92, depth * 0.92, foot + 0.02)
    inner, thick = width - 2 * arm, float(rng.uniform(0.1, 0.2))
    assembly.add(
        soft,
        rounded_box(inner + 0.02, max(seat - thick - foot, 0.05), depth, 0.02, 2).at(y=min(foot, seat - thick - 0.05)),
    )
    assembly.add(
        soft, cushion(inner, thick, depth - back * 0.8, float(rng.uniform(0.15, 0.45))).at(y=seat - thick, z=back * 0.4)
    )
    radius = float(rng.uniform(0.01, 0.5)) * back
    support = rounded_box(width - (arm if chance(rng, 0.5) else 0), total - foot, back, radius, 3).turned("x", -lean)
    assembly.add(soft, support.at(y=foot, z=-depth / 2 + back / 2))
    if chance(rng, 0.75):
        add_block_arm(rng, assembly, soft, width / 2 - arm / 2, arm, (foot, arm_top), depth)
    else:
        add_arms(rng, assembly, frame, width - 0.06, depth, seat, arm_top)
    if chance(rng, 0.2):
        wing = [
            (0, arm_top - 0.03),
            (depth * 0.28, arm_top),
            (depth * float(rng.uniform(0.15, 0.4)), total * 0.95),
            (0, total),
        ]
        assembly.add_pair(
            soft, panel(wing, arm * 0.7).turned("y", -90).at(width / 2 - arm * 0.1, 0, -depth / 2 + back * 0.6)
        )
    return assembly


def office_chair(rng: np.random.Generator) -> Assembly:
    """A swivel chair: star base, seat, back on a spine, maybe arms and a headrest."""
    assembly = Assembly()
    width, depth = float(rng.uniform(0.44, 0.58)), float(rng.uniform(0.42, 0.54))
    seat, total = float(rng.uniform(0.42, 0.54)), float(rng.uniform(0.82, 1.28))
    frame, soft = (
        pick(rng, (materials.metal, materials.plastic))(rng),
        pick(rng, (materials.upholstery, materials.plastic))(rng),
    )
    thick = float(rng.uniform(0.04, 0.1))
    add_star_base(rng, assembly, frame, float(rng.uniform(0.26, 0.36)), seat - thick)
    assembly.add(soft, cushion(width, thick, depth, float(rng.uniform(0.15, 0.5))).at(y=seat - thick))
    lean, gap = float(rng.uniform(0.03, 0.14)), float(rng.uniform(0.0, 0.14))
    rows = []
    for up in np.linspace(0, 1, 8):
        half = width / 2 * (0.75 + 0.25 * np.sin(np.pi * (0.25 + 0.6 * up)))
        z = -depth / 2 - lean * up + float(rng.uniform(0.03, 0.04)) * np.sin(2.5 * np.pi * up) * 0.5
        rows.append(
            [(a * half, seat + gap + up * (total - seat - gap), z + 0.05 * a**2) for a in np.linspace(-1, 1, 9)]
        )
    assembly.add(soft, sheet(np.array(rows), float(rng.uniform(0.015, 0.08))))
    spine = spline(
        [
            (0, seat - thick, 0),
            (0, seat - thick, -depth * 0.55),
            (0, seat + 0.1, -depth / 2 - 0.07),
            (0, (seat + total) / 2, -depth / 2 - lean * 0.5 - 0.03),
        ],
        10,
    )
    assembly.add(frame, strip(spine, float(rng.uniform(0.04, 0.1)), 0.02))
    if chance(rng, 0.65):
        arm_top, x = seat + float(rng.uniform(0.16, 0.26)), width / 2 + float(rng.uniform(0.01, 0.05))
        loop = chance(rng, 0.4)
        path = [(x - 0.08, seat - thick, 0), (x, seat, 0.02), (x, arm_top, 0.04)] + (
            [(x, arm_top, -0.15), (x - 0.02, seat, -0.2)] if loop else []
        )
        assembly.add_pair(frame, tube(spline(path, 14), 0.014, 8))
        assembly.add_pair(soft, rounded_box(0.07, 0.03, float(rng.uniform(0.2, 0.3)), 0.012, 2).at(x, arm_top))
    if chance(rng, 0.2):
        assembly.add(soft, cushion(width * 0.6, 0.14, 0.07).at(0, total + 0.02, -depth / 2 - lean))
        assembly.add(frame, box(0.04, 0.1, 0.015).at(0, total - 0.04, -depth / 2 - lean - 0.01))
    return assembly


def stool(rng: np.random.Generator) -> Assembly:
    """A stool, low or bar height, sometimes with a low back; also poufs and ottomans."""
    assembly = Assembly()
    bar = chance(rng, 0.5)
    height, width = float(rng.uniform(0.6, 0.82) if bar else rng.uniform(0.28, 0.5)), float(rng.uniform(0.28, 0.46))
    depth = width if chance(rng, 0.6) else width * float(rng.uniform(0.7, 1.2))
    frame, soft = materials.frame(rng), materials.anything(rng)
    thick = float(rng.uniform(0.02, 0.1))
    if not bar and chance(rng, 0.25):
        makers: tuple[Callable[[], Solid], ...] = (
            lambda: cushion(width * 1.3, height, depth * 1.3, 0.35),
            lambda: cylinder(width * 0.6, height),
            lambda: rounded_box(width * 1.3, height, depth * 1.3, 0.03),
        )
        block = pick(rng, makers)()
        assembly.add(materials.upholstery(rng), block)
        return assembly
    if chance(rng, 0.55):
        assembly.add(soft, prism(superellipse(width, depth, float(rng.uniform(0.6, 1))), thick).at(y=height - thick))
    else:
        assembly.add(soft, cushion(width, thick, depth, float(rng.uniform(0.12, 0.6))).at(y=height - thick))
    base = pick(rng, ("legs", "pedestal", "star", "sled"), (6, 2, 1, 1))
    if base == "legs":
        add_four_legs(
            rng, assembly, frame, width * 0.9, depth * 0.9, height - thick, (0.018, 0.045), 0.8 if bar else 0.4
        )
    elif base == "sled":
        add_sled(rng, assembly, frame, width, depth, height - thick)
    else:
        (add_pedestal if base == "pedestal" else add_star_base)(rng, assembly, frame, width * 0.55, height - thick)
        if bar:
            ring = superellipse(width * 0.8, width * 0.8, 1.0, 20)
            level = height * float(rng.uniform(0.25, 0.4))
            assembly.add(frame, tube(np.stack([ring[:, 0], np.full(20, level), ring[:, 1]], 1), 0.01, 8, joined=True))
            assembly.add(frame, tube([(0, level, 0), (0, level, width * 0.4)], 0.008, 6))
    if bar and chance(rng, 0.4):
        add_back(rng, assembly, frame, soft, width, depth, height - thick, height + float(rng.uniform(0.12, 0.4)))
    return assembly


def bench(rng: np.random.Generator) -> Assembly:
    """A bench of boards, slats or stone, with or without a back and arms."""
    assembly = Assembly()
    width, depth = float(rng.uniform(0.9, 2.0)), float(rng.uniform(0.3, 0.6))
    seat, total = float(rng.uniform(0.38, 0.48)), float(rng.uniform(0.72, 1.0))
    main = pick(rng, (materials.wood, materials.wood, materials.stone, materials.paint))(rng)
    frame = main if chance(rng, 0.5) else materials.frame(rng)
    thick = float(rng.uniform(0.025, 0.1))
    add_seat(rng, assembly, main, width, depth, seat, thick)
    support = pick(rng, (add_four_legs, add_trestle, add_sled), (3, 2, 1.5))
    support(rng, assembly, frame, width * 0.95, depth * 0.95, seat - thick)
    if chance(rng, 0.5):
        add_back(rng, assembly, frame, main, width, depth, seat - thick, total)
        if chance(rng, 0.6):
            add_arms(rng, assembly, frame, width, depth, seat, seat + 0.22)
    return assembly


def deck_chair(rng: np.random.Generator) -> Assembly:
    """A lounger: a long reclined surface of slats or a sheet on a low frame."""
    assembly = Assembly()
    width, length, seat = float(rng.uniform(0.5, 0.75)), float(rng.uniform(1.1, 1.95)), float(rng.uniform(0.2, 0.4))
    rise, hinge = float(rng.uniform(0.25, 0.75)), length * float(rng.uniform(0.45, 0.65))
    frame, soft = materials.frame(rng), pick(rng, (materials.wood, materials.fabric, materials.wicker))(rng)
    sag = float(rng.uniform(0, 0.08))
    profile = spline(
        [
            (length / 2, seat + sag),
            (length / 2 - hinge * 0.5, seat),
            (length / 2 - hinge, seat),
            (-length / 2, seat + rise),
        ],
        26,
    )
    if chance(rng, 0.5):
        for (z, y), angle in zip(profile, np.degrees(np.arctan2(*np.gradient(profile, axis=0).T[::-1])), strict=True):
            assembly.add(soft, box(width, 0.02, length / 32).turned("x", -angle).at(0, y, z))
    else:
        rows = [[(a * width / 2, y, z) for a in np.linspace(-1, 1, 3)] for z, y in profile]
        assembly.add(soft, sheet(np.array(rows), float(rng.uniform(0.01, 0.09))))
    rail = np.stack([np.full(26, width / 2 + 0.015), profile[:, 1] - 0.02, profile[:, 0]], axis=1)
    assembly.add_pair(frame, tube(rail, 0.018, 6))
    for z in (length / 2 - 0.12, length / 2 - hinge * 0.95):
        assembly.add_pair(frame, box(0.04, seat - 0.01, 0.04).at(width / 2, 0, z))
    if chance(rng, 0.4):
        assembly.add(soft, ellipsoid(width * 0.7, 0.1, 0.2).at(0, seat + rise * 0.85, -length / 2 + 0.15))
    return assembly
