"""Lamps: floor, table, desk, pendant, wall and street, and candles."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.primitives import (
    box,
    cylinder,
    ellipsoid,
    lathe,
    prism,
    spline,
    superellipse,
    tube,
    vessel,
)
from shapeshot.data.sources.procedural.parts.solids import Solid, loft
from shapeshot.data.sources.procedural.parts.supports import turned_profile


def table_lamp(rng: np.random.Generator) -> Assembly:
    """A shade over a turned, bulbous, boxy or thin base."""
    assembly, body = (
        Assembly(),
        pick(rng, (materials.ceramic, materials.wood, materials.metal, materials.glass, materials.stone))(rng),
    )
    height, radius = float(rng.uniform(0.12, 0.4)), float(rng.uniform(0.05, 0.12))
    base = pick(rng, ("turned", "bulb", "box", "stick"), (3, 2, 1, 2))
    if base == "turned":
        assembly.add(body, lathe(turned_profile(rng, radius, height), 24))
    elif base == "bulb":
        assembly.add(body, ellipsoid(2 * radius, height, 2 * radius, float(rng.uniform(0.4, 1.2)), 1.0))
    elif base == "box":
        assembly.add(body, box(radius * 1.6, height, radius * 1.6, bevel=0.01, taper=float(rng.uniform(0.4, 1.2))))
    else:
        assembly.add(body, cylinder(radius, 0.02), cylinder(0.008 + radius * 0.08, height, sides=12))
    shade = float(rng.uniform(0.13, 0.32))
    assembly.add(materials.metal(rng), cylinder(0.008, shade * 0.6 + 0.03, sides=8).at(y=height - 0.02))
    _add_shade(
        rng, assembly, float(rng.uniform(1.2, 2.6)) * radius + 0.03, shade, height + float(rng.uniform(-0.03, 0.04))
    )
    return assembly


def _add_shade(rng: np.random.Generator, assembly: Assembly, radius: float, height: float, low: float) -> None:
    """A lampshade from y = `low` up, open below and above, on its axis; a globe, a dome or a drum."""
    material = pick(rng, (materials.fabric, materials.paint, materials.light, materials.glass), (4, 2, 2, 1))(rng)
    style = pick(rng, ("cone", "bell", "dome", "globe", "square"), (5, 2, 2, 2, 1))
    rise = np.linspace(0, 1, 9)
    if style == "globe":
        assembly.add(material, ellipsoid(2 * radius, height, 2 * radius, float(rng.uniform(0.5, 1.1))).at(y=low))
        return
    if style == "square":
        assembly.add(material, box(2 * radius, height, 2 * radius, taper=float(rng.uniform(0.5, 1.0))).at(y=low))
        return
    top = float(rng.uniform(0.25, 1.0))
    profile = {
        "cone": 1 - (1 - top) * rise,
        "bell": top + (1 - top) * (1 - rise) ** 2.2,
        "dome": np.sqrt(1.02 - rise**2),
    }[style] * radius
    wall = 0.004 + 0.01 * radius
    outside = np.stack([profile, low + rise * height], 1)
    inside = (outside - [wall, 0])[::-1]
    assembly.add(material, _ring_solid(np.concatenate([outside, inside])))
    assembly.add(materials.light(rng), ellipsoid(radius * 0.5, radius * 0.6, radius * 0.5).at(y=low + height * 0.3))
    # The fitting that carries the shade: three spokes to the axis, just under its upper edge.
    for angle in (0, 120, 240):
        assembly.add(
            material,
            tube(
                [(0, low + height * 0.88, 0), (float(profile[-2]) - wall / 2, low + height * 0.88, 0)], 0.004, 6
            ).turned("y", angle),
        )


def _ring_solid(profile: Float[np.ndarray, "points 2"], sides: int = 28) -> Solid:
    """A closed (radius, y) outline turned about the axis: a tube with a wall."""
    turn = 2 * np.pi * np.arange(sides) / sides
    path = np.stack([np.cos(turn), np.zeros(sides), np.sin(turn)], 1)
    radii = np.maximum(profile[:, 0], 1e-4)
    return loft(path[:, None] * radii[None, :, None] + np.array([0, 1.0, 0]) * profile[None, :, 1:2], joined=True)


def floor_lamp(rng: np.random.Generator) -> Assembly:
    """A pole, tripod or arc with one shade, or a torchiere."""
    assembly, frame = Assembly(), materials.frame(rng)
    height, base = float(rng.uniform(1.2, 1.8)), float(rng.uniform(0.12, 0.2))
    pole = float(rng.uniform(0.008, 0.022))
    shade, radius = float(rng.uniform(0.18, 0.4)), float(rng.uniform(0.12, 0.28))
    style = pick(rng, ("pole", "tripod", "arc", "column"), (4, 2, 1.5, 1))
    if style == "column":
        outline = superellipse(radius * 1.4, radius * 1.4, float(rng.choice([1.0, 0.15])))
        assembly.add(materials.light(rng), prism(outline, height * 0.7).at(y=0.04))
        assembly.add(frame, prism(outline * 1.1, 0.05), prism(outline * 1.05, 0.02).at(y=height * 0.7 + 0.03))
        return assembly
    if style == "tripod":
        spread = float(rng.uniform(0.18, 0.32))
        for angle in (30, 150, 270):
            assembly.add(frame, tube([(spread, pole, 0), (0.01, height - 0.05, 0)], pole * 1.2, 8).turned("y", angle))
    else:
        assembly.add(frame, cylinder(base, float(rng.uniform(0.015, 0.06)), base * float(rng.uniform(0.7, 1.0))))
    if style == "pole":
        assembly.add(
            frame,
            lathe(turned_profile(rng, pole * 2, height), 12) if chance(rng, 0.15) else cylinder(pole, height, sides=10),
        )
    if style == "arc":
        reach = float(rng.uniform(0.5, 1.1))
        path = spline([(0, 0, 0), (0, height * 0.7, 0), (reach * 0.4, height, 0), (reach, height * 0.9, 0)], 18)
        assembly.add(frame, tube(path, pole, 8))
        shaded = Assembly()
        _add_shade(rng, shaded, radius * 0.8, shade * 0.7, height * 0.9 - shade * 0.6)
        for solid, material in shaded.pieces:
            assembly.add(material, solid.at(reach))
        return assembly
    if chance(rng, 0.2):
        bowl = vessel(
            np.stack([radius * np.sqrt(np.linspace(0.02, 1, 8)), height + np.linspace(0, 0.12, 8)], 1), 0.008, 0.01
        )
        assembly.add(materials.glass(rng) if chance(rng, 0.4) else frame, bowl.at(y=-0.01))
        return assembly
    assembly.add(frame, cylinder(0.008, shade, sides=8).at(y=height - 0.02))
    _add_shade(rng, assembly, radius, shade, height - float(rng.uniform(0, 0.05)))
    return assembly


def desk_lamp(rng: np.random.Generator) -> Assembly:
    """An arm with one or two joints or a gooseneck, and a small reflector."""
    assembly, frame = Assembly(), pick(rng, (materials.metal, materials.plastic))(rng)
    base, rod = float(rng.uniform(0.06, 0.11)), float(rng.uniform(0.005, 0.012))
    assembly.add(
        frame, prism(superellipse(2 * base, 2 * base, pick(rng, (1.0, 1.0, 0.2))), float(rng.uniform(0.015, 0.04)))
    )
    lower, upper = float(rng.uniform(0.15, 0.35)), float(rng.uniform(0.15, 0.35))
    lean, fold = float(rng.uniform(-30, 35)), float(rng.uniform(40, 95))
    elbow = np.array([-np.sin(np.radians(lean)) * lower, 0.02 + np.cos(np.radians(lean)) * lower, 0])
    head = elbow + upper * np.array([np.sin(np.radians(fold)), np.cos(np.radians(fold)), 0])
    if chance(rng, 0.35):
        assembly.add(frame, tube(spline([(0, 0.01, 0), elbow, head], 16), rod * 1.3, 8))
    else:
        for side in (-0.012, 0.012) if chance(rng, 0.4) else (0.0,):
            assembly.add(
                frame, tube([(0, 0.01, side), elbow + np.array([0, 0, side]), head + np.array([0, 0, side])], rod, 8)
            )
        assembly.add(frame, ellipsoid(0.035, 0.035, 0.04).at(elbow[0], elbow[1] - 0.0175))
    radius, deep = float(rng.uniform(0.05, 0.1)), float(rng.uniform(0.07, 0.15))
    rise = np.linspace(0, 1, 7)
    reach = radius * (0.35 + 0.65 * rise ** float(rng.uniform(0.4, 1.5)))
    reflector = vessel(np.stack([reach, rise * deep], 1), 0.004, 0.006, 20).turned("z", 180 + float(rng.uniform(0, 45)))
    shade = frame if chance(rng, 0.6) else materials.paint(rng)
    assembly.add(shade, reflector.at(head[0], head[1] + 0.01))
    assembly.add(materials.light(rng), ellipsoid(0.04, 0.05, 0.04).at(head[0], head[1] - deep * 0.75))
    return assembly


def pendant(rng: np.random.Generator) -> Assembly:
    """A hanging lamp: one shade on a cord, or a chandelier of several arms."""
    assembly, frame = Assembly(), materials.metal(rng)
    drop, radius = float(rng.uniform(0.2, 0.9)), float(rng.uniform(0.12, 0.32))
    shade = radius * float(rng.uniform(0.6, 1.8))
    assembly.add(
        frame,
        cylinder(0.006, drop + shade * 0.2, sides=8).at(y=shade * 0.8),
        cylinder(0.05, 0.03).at(y=shade + drop - 0.01),
    )
    arms = int(rng.integers(3, 9))
    if not chance(rng, 0.35):
        _add_shade(rng, assembly, radius, shade, 0.0)
        return assembly
    assembly.add(frame, lathe(turned_profile(rng, 0.04, shade + 0.04), 14).at(y=-0.02))
    lamp = Assembly()
    _add_shade(rng, lamp, radius * 0.3, radius * 0.4, 0.0)
    bend = [
        (0, shade * 0.4, 0),
        (radius * 0.6, shade * float(rng.uniform(-0.1, 0.3)), 0),
        (radius * 1.2, shade * 0.5, 0),
    ]
    for angle in 360 * np.arange(arms) / arms:
        assembly.add(frame, tube(spline(bend, 10), 0.009, 7).turned("y", angle))
        for solid, material in lamp.pieces[:1]:
            assembly.add(material, solid.at(radius * 1.2, shade * 0.48).turned("y", angle))
    return assembly


def street_lamp(rng: np.random.Generator) -> Assembly:
    """A garden or street lamp: a post with a lantern, a globe or curved arms."""
    assembly, frame = Assembly(), pick(rng, (materials.metal, materials.stone, materials.wood), (5, 1, 1))(rng)
    height, radius = float(rng.uniform(0.6, 3.5)), float(rng.uniform(0.03, 0.07))
    post = (
        lathe(turned_profile(rng, radius * 1.6, height), 14)
        if chance(rng, 0.4)
        else cylinder(radius, height, radius * 0.6, 12)
    )
    assembly.add(frame, post, cylinder(radius * 2.5, height * 0.06, radius * 1.5, 12))
    arms = int(pick(rng, (0, 1, 2, 3), (4, 2, 2, 1)))
    tops = [(0.0, height, 0.0)]
    if arms:
        reach = float(rng.uniform(0.25, 0.8))
        tops = [(reach * np.cos(t), height * 0.97, reach * np.sin(t)) for t in 2 * np.pi * np.arange(arms) / arms]
        for x, y, z in tops:
            path = spline([(0, height * 0.8, 0), (x * 0.4, y + 0.15, z * 0.4), (x, y + 0.02, z)], 10)
            assembly.add(frame, tube(path, radius * 0.4, 8))
    size, globe, glow = float(rng.uniform(0.12, 0.25)), chance(rng, 0.5), materials.light(rng)
    for x, y, z in tops:
        lamp = (
            ellipsoid(size, size, size)
            if globe
            else box(size * 0.7, size, size * 0.7, taper=float(rng.uniform(1.0, 1.5)))
        )
        assembly.add(glow, lamp.at(x, y - 0.01, z))
        assembly.add(frame, cylinder(size * 0.65, size * 0.35, 0.01, 4 if not globe else 16).at(x, y + size * 0.9, z))
    return assembly


def candle(rng: np.random.Generator) -> Assembly:
    """Candles, alone or on a candlestick."""
    assembly, wax = Assembly(), materials.paint(rng)
    arms = int(pick(rng, (1, 3, 5), (3, 1, 1)))
    radius, high, stand = float(rng.uniform(0.01, 0.04)), float(rng.uniform(0.08, 0.25)), float(rng.uniform(0.02, 0.3))
    holder = materials.metal(rng) if chance(rng, 0.6) else materials.wood(rng)
    assembly.add(holder, lathe(turned_profile(rng, radius * 2.2, stand), 20))
    reach = float(rng.uniform(0.06, 0.1))
    for x in (np.arange(arms) - arms // 2) * reach:
        if x:
            assembly.add(
                holder, tube(spline([(0, stand * 0.6, 0), (x * 0.9, stand * 0.55, 0), (x, stand, 0)], 9), 0.006, 7)
            )
        _add_candle(assembly, wax, holder, x, stand, radius, high)
    return assembly


def _add_candle(
    assembly: Assembly, wax: Material, holder: Material, x: float, y: float, radius: float, high: float
) -> None:
    assembly.add(holder, cylinder(radius * 1.2, 0.02, radius * 1.6).at(x, y - 0.01))
    assembly.add(wax, cylinder(radius, high, radius * 0.95).at(x, y), cylinder(0.002, 0.012, sides=6).at(x, y + high))
