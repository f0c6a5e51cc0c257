"""Things that are flat or long, as hands hold them: guitars, rackets, tools, aeroplanes, fish, flat signs.

Seen from the broad side they look like anything else; that they are thin is what has to be learnt.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.primitives import (
    beam,
    box,
    cylinder,
    ellipsoid,
    lathe,
    panel,
    spline,
    superellipse,
    tube,
)
from shapeshot.data.sources.procedural.parts.solids import Solid


def leaned(rng: np.random.Generator, assembly: Assembly) -> Assembly:
    """The upright thing as people show it: upright, on its side, aslant, leaning back, or turned away."""
    roll = float(pick(rng, (0.0, 90.0, -90.0, rng.uniform(-60, 60)), (4, 1, 1, 3)))
    back, turn = float(pick(rng, (0.0, rng.uniform(-25, 25)), (2, 1))), float(rng.normal(0, 25))
    moved = Assembly()
    for solid, material in assembly.pieces:
        moved.add(material, solid.turned("z", roll).turned("x", back).turned("y", turn))
    return moved


def stringed(rng: np.random.Generator) -> Assembly:
    """A guitar, violin, cello or banjo: a flat body with a waist, a neck and a head."""
    assembly = Assembly()
    size = float(np.exp(rng.uniform(np.log(0.35), np.log(1.1))))
    body = pick(rng, (materials.wood, materials.plastic))(rng)
    thick = size * float(rng.uniform(0.045, 0.13))
    long, wide = size * float(rng.uniform(0.42, 0.55)), size * float(rng.uniform(0.3, 0.42))
    outline = superellipse(wide, wide) + np.array([0.0, wide / 2]) if chance(rng, 0.15) else _waisted(rng, wide, long)
    top = float(outline[:, 1].max())
    assembly.add(body, panel(outline, thick).at(z=-thick / 2))
    dark = materials.dark(rng)
    neck = size * float(rng.uniform(0.035, 0.06))
    assembly.add(dark, box(neck, size - top * 0.75, thick * 0.35).at(0, top * 0.7, thick * 0.4))
    head = size * float(rng.uniform(0.06, 0.1))
    assembly.add(body, box(head, head * float(rng.uniform(1.2, 2.2)), thick * 0.3).at(0, size * 0.97, thick * 0.35))
    assembly.add(dark, box(wide * 0.4, long * 0.05, thick * 0.2).at(0, top * 0.25, thick * 0.5))
    if chance(rng, 0.6):
        assembly.add(dark, cylinder(wide * 0.14, thick * 0.04).turned("x", 90).at(0, top * 0.55, thick * 0.5))
    return leaned(rng, assembly)


def _waisted(rng: np.random.Generator, wide: float, long: float) -> Float64[np.ndarray, "points 2"]:
    """A body's outline [points, 2] standing on y = 0, with a lower bout, a waist and an upper bout."""
    waist, upper = float(rng.uniform(0.55, 0.8)), float(rng.uniform(0.68, 0.95))
    half = [(0.0, 0.0), (0.32, 0.03), (0.5, 0.25), (0.5 * waist, 0.58), (0.5 * upper, 0.82), (0.22, 0.99), (0.0, 1.0)]
    right = spline(np.array(half) * [wide, long], 30)
    cutaway = np.array([float(rng.uniform(0.6, 1.0)), 1.0]) if chance(rng, 0.3) else np.ones(2)
    left = right[-2:0:-1] * [-1.0, 1.0] * cutaway
    return np.concatenate([right, left])


def racket(rng: np.random.Generator) -> Assembly:
    """A racket, paddle, pan-flat bat, hand mirror or magnifying glass: a round or oval head on a handle."""
    assembly, frame = Assembly(), pick(rng, (materials.plastic, materials.wood, materials.metal))(rng)
    head, ratio = float(rng.uniform(0.1, 0.3)), float(rng.uniform(1.0, 1.45))
    rim, handle = head * float(rng.uniform(0.04, 0.1)), head * float(rng.uniform(0.5, 2.2))
    ring = superellipse(head, head * ratio, count=36) + np.array([0.0, handle + head * ratio / 2])
    if chance(rng, 0.45):  # a solid blade
        assembly.add(frame, panel(ring, rim * float(rng.uniform(0.6, 1.5))).at(z=-rim / 2))
    else:
        assembly.add(frame, tube(np.column_stack([ring, np.zeros(len(ring))]), rim, 8, joined=True))
        if chance(rng, 0.75):
            _add_strings(rng, assembly, head, head * ratio, handle)
        else:
            assembly.add(materials.glass(rng), panel(ring, rim * 0.3).at(z=-rim * 0.15))
    grip = rim * float(rng.uniform(1.0, 1.8))
    assembly.add(materials.leather(rng), cylinder(grip, handle * 0.7, sides=12))
    assembly.add(frame, cylinder(rim, handle * 0.5, sides=10).at(y=handle * 0.55))
    return leaned(rng, assembly)


def _add_strings(rng: np.random.Generator, assembly: Assembly, width: float, height: float, low: float) -> None:
    strings, thick = materials.white_ceramic(rng), width * 0.006
    for share in np.linspace(-0.42, 0.42, int(rng.integers(5, 12))):
        reach = float(np.sqrt(1 - (2 * share) ** 2)) / 2
        middle = low + height / 2
        assembly.add(
            strings,
            beam(
                (share * width, middle - reach * height, 0), (share * width, middle + reach * height, 0), thick, thick
            ),
            beam(
                (-reach * width, middle + share * height, 0), (reach * width, middle + share * height, 0), thick, thick
            ),
        )


def tool(rng: np.random.Generator) -> Assembly:
    """A hammer, axe, spanner, screwdriver, brush, spatula, spoon or knife: a handle and what is at its end."""
    assembly = Assembly()
    size = float(rng.uniform(0.2, 0.6))
    thick = size * float(rng.uniform(0.025, 0.06))
    grip, steel = pick(rng, (materials.wood, materials.plastic, materials.metal))(rng), materials.metal(rng)
    share = float(rng.uniform(0.45, 0.85))
    profile = spline(
        np.array([(thick * k, size * share * y) for k, y in ((0.9, 0), (1.1, 0.3), (0.7, 0.8), (0.8, 1))]), 9
    )
    flat = float(rng.uniform(0.6, 1.0))
    assembly.add(grip, lathe(profile, 14).stretched(z=flat))
    end, high = size * share * 0.97, size * (1 - share)
    _add_end(rng, assembly, steel, end, high, thick)
    return leaned(rng, assembly)


def _add_end(
    rng: np.random.Generator, assembly: Assembly, steel: Material, low: float, high: float, thick: float
) -> None:
    """What a tool works with, from `low` up, about `high` long."""
    style = pick(rng, ("hammer", "axe", "blade", "rod", "spanner", "spoon", "brush"))
    wide = high * float(rng.uniform(0.3, 0.7))
    if style == "hammer":
        across, radius = wide * 1.6, thick * float(rng.uniform(1.3, 2.6))
        assembly.add(
            steel, cylinder(radius, across, radius * float(rng.uniform(0.3, 1.0))).turned("z", 90).at(across / 2, low)
        )
    elif style == "axe":
        outline = [
            (-thick, -high * 0.2),
            (wide, -high * 0.5),
            (wide * 1.1, 0.0),
            (wide, high * 0.5),
            (-thick, high * 0.2),
        ]
        assembly.add(steel, panel(outline, thick * 0.7).at(0, low - high * 0.2, -thick * 0.35))
    elif style == "blade":
        outline = [
            (-wide / 3, 0.0),
            (wide / 3, 0.0),
            (wide / 2, high * 0.7),
            (wide * float(rng.uniform(-0.4, 0.4)), high),
        ]
        outline.append((-wide / 2.5, high * 0.6))
        assembly.add(steel, panel(outline, thick * 0.2).at(0, low, -thick * 0.1))
    elif style == "rod":
        assembly.add(steel, cylinder(thick * 0.35, high, thick * float(rng.uniform(0.1, 0.5)), 10).at(y=low))
    elif style == "spanner":
        assembly.add(steel, box(thick * 1.6, high, thick * 0.7).at(0, low))
        jaw = superellipse(wide, wide, count=26)[3:-3] + np.array([0.0, low + high])
        assembly.add(steel, tube(np.column_stack([jaw, np.zeros(len(jaw))]), thick * 0.55, 8))
    elif style == "spoon":
        assembly.add(steel, box(thick * 0.6, high * 0.6, thick * 0.4).at(0, low))
        assembly.add(steel, ellipsoid(wide, high * 0.7, thick * 0.8).at(0, low + high * 0.5))
    else:
        assembly.add(steel, box(wide, high * 0.35, thick * 0.9, bevel=thick * 0.1).at(0, low))
        assembly.add(materials.fabric(rng), box(wide * 0.95, high * 0.65, thick * 0.7).at(0, low + high * 0.33))


def aeroplane(rng: np.random.Generator) -> Assembly:
    """An aeroplane heading for +z: a slender hull, flat wings, a tail, engines or a propeller."""
    assembly, body = Assembly(), pick(rng, (materials.paint, materials.plastic, materials.metal))(rng)
    long = float(np.exp(rng.uniform(np.log(0.3), np.log(9))))
    radius, span = long * float(rng.uniform(0.05, 0.085)), long * float(rng.uniform(0.75, 1.25))
    share = ((0.02, 0), (0.6, 0.06), (1, 0.2), (1, 0.6), (0.55, 0.85), (0.12, 1))
    hull = lathe(spline(np.array([(radius * k, long * y) for k, y in share]), 16), 18)
    assembly.add(body, hull.turned("x", -90).at(z=long * 0.5))
    level = radius * float(rng.uniform(-0.8, 0.9))
    sweep, root, tip = (
        long * float(rng.uniform(0, 0.22)),
        long * float(rng.uniform(0.14, 0.26)),
        float(rng.uniform(0.3, 0.9)),
    )
    thick, rise = radius * float(rng.uniform(0.1, 0.25)), float(rng.uniform(-3, 8))
    ahead = long * float(rng.uniform(0.02, 0.16))
    wing = _wing(span / 2, root, tip, sweep, thick).turned("z", rise)
    assembly.add_pair(body, wing.at(0, level, ahead))
    assembly.add_pair(
        body, _wing(span * 0.19, root * 0.55, tip, sweep * 0.35, thick * 0.7).at(0, radius * 0.2, -long * 0.38)
    )
    fin = _wing(radius * float(rng.uniform(2, 3.2)), root * 0.65, tip, sweep * 0.5 + root * 0.2, thick * 0.7).turned(
        "z", 90
    )
    assembly.add(body, fin.at(0, 0, -long * 0.36))
    if chance(rng, 0.5):
        for out in np.linspace(0.3, 0.55, int(rng.integers(1, 3))):
            engine = cylinder(radius * 0.42, root * 0.8, radius * 0.36, 14).turned("x", 90)
            assembly.add_pair(
                materials.metal(rng), engine.at(span / 2 * out, level - radius * 0.5, ahead - sweep * out)
            )
    else:
        assembly.add(materials.dark(rng), box(radius * 2.6, radius * 0.2, thick * 0.5).at(0, 0, long * 0.5))
    return assembly


def _wing(half: float, root: float, tip: float, sweep: float, thick: float) -> Solid:
    """A wing from x = 0 to `half`: `root` deep at the hull, `tip` times that at the end, which lies `sweep` behind."""
    outline = [(0.0, root / 2), (0.0, -root / 2), (half, -root * tip / 2 - sweep), (half, root * tip / 2 - sweep)]
    return panel(outline, thick).turned("x", 90).at(y=thick / 2)


def fish(rng: np.random.Generator) -> Assembly:
    """A fish, dolphin or whale heading for +z: a body flat or round, a tail and fins."""
    assembly, skin = Assembly(), materials.plastic(rng) if chance(rng, 0.5) else materials.fabric(rng)
    long = float(rng.uniform(0.1, 1.5))
    high, wide = long * float(rng.uniform(0.18, 0.6)), long * float(rng.uniform(0.08, 0.25))
    body = ellipsoid(long * 0.8, high, wide, float(rng.uniform(0.8, 1.1)), 1.0)
    assembly.add(skin, body)
    middle, thin = high / 2, max(wide * 0.12, long * 0.008)
    fork = high * float(rng.uniform(0.3, 0.6))
    tail = [(0.0, -0.06 * high), (0.0, 0.06 * high), (-0.25 * long, fork), (-0.16 * long, 0.0), (-0.25 * long, -fork)]
    assembly.add(skin, panel(tail, thin).at(-long * 0.36, middle, -thin / 2))
    crest = [(-0.2 * long, 0.0), (0.18 * long, 0.0), (-0.02 * long, high * float(rng.uniform(0.15, 0.5)))]
    assembly.add(skin, panel(crest, thin).at(0, high * 0.9, -thin / 2))
    for side in (-1, 1):
        fin = ellipsoid(long * 0.2, high * 0.16, thin).turned("z", 30).turned("y", side * 35)
        assembly.add(skin, fin.at(long * 0.12, middle * 0.7, side * wide * 0.45))
        assembly.add(
            materials.dark(rng), ellipsoid(long * 0.04, long * 0.04, thin).at(long * 0.3, middle, side * wide * 0.3)
        )
    return _ahead(leaned(rng, assembly) if chance(rng, 0.3) else assembly)


def _ahead(assembly: Assembly) -> Assembly:
    """The thing that was made heading for +x, turned to +z."""
    turned = Assembly()
    for solid, material in assembly.pieces:
        turned.add(material, solid.turned("y", -90))
    return turned


def cut_out(rng: np.random.Generator) -> Assembly:
    """A flat thing of any outline: a sign, badge, key, biscuit, plate of a puzzle, with raised or lowered parts."""
    assembly, body = Assembly(), materials.anything(rng)
    size = float(rng.uniform(0.05, 0.8))
    thick = max(size * float(np.exp(rng.uniform(np.log(0.02), np.log(0.2)))), 0.006)
    count = int(rng.integers(5, 13))
    radii = size / 2 * rng.uniform(0.35, 1.0, count)
    turn = 2 * np.pi * np.arange(count) / count
    corners = np.column_stack([radii * np.cos(turn), radii * np.sin(turn)])
    outline = corners if chance(rng, 0.3) else spline(np.concatenate([corners, corners[:1]]), 6 * count)[:-1]
    assembly.add(body, panel(outline, thick).at(z=-thick / 2))
    for _ in range(int(rng.integers(0, 4))):
        x, y = rng.uniform(-0.12, 0.12, 2) * size
        across = size * float(rng.uniform(0.08, 0.3))
        assembly.add(
            materials.anything(rng),
            panel(superellipse(across, across * 0.7, count=20), thick * 1.5).at(x, y, -thick * 0.75),
        )
    if chance(rng, 0.4):
        foot = [(-size * 0.04, -size * 0.9), (size * 0.04, -size * 0.9), (size * 0.03, 0.0), (-size * 0.03, 0.0)]
        assembly.add(materials.metal(rng), panel(foot, thick * 0.6).at(z=-thick * 0.3))
    return leaned(rng, assembly)
