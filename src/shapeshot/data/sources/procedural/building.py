"""Parts of houses and gardens: doors, windows, radiators, fences, clocks, bins, stairs, columns, pictures, rugs."""

from __future__ import annotations

import numpy as np

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
    prism,
    rounded_box,
    superellipse,
    tube,
    vessel,
)
from shapeshot.data.sources.procedural.parts.solids import Solid
from shapeshot.data.sources.procedural.parts.supports import turned_profile


def door(rng: np.random.Generator) -> Assembly:
    """A door in its frame, with panels or panes, single or double."""
    assembly, frame = Assembly(), materials.structure(rng)
    leaves = 2 if chance(rng, 0.25) else 1
    width, height, depth = (
        float(rng.uniform(0.7, 1.0)) * leaves,
        float(rng.uniform(1.95, 2.3)),
        float(rng.uniform(0.06, 0.2)),
    )
    jamb = float(rng.uniform(0.04, 0.1))
    _add_frame(assembly, frame, width, height, depth, jamb, sill=False)
    leaf = frame if chance(rng, 0.6) else materials.structure(rng)
    wide = (width - 2 * jamb) / leaves
    glazed = chance(rng, 0.35)
    rows, columns, knob = int(rng.integers(1, 5)), int(rng.integers(1, 3)), materials.metal(rng)
    for index in range(leaves):
        x = (index + 0.5) * wide - wide * leaves / 2
        _add_leaf(rng, assembly, leaf, x, 0.005, wide * 0.99, height - jamb, rows, columns, glazed)
        side = x + wide * (0.42 if index == 0 else -0.42)
        assembly.add(
            knob,
            ellipsoid(0.05, 0.05, 0.05).at(side, 1.0, 0.05),
            ellipsoid(0.05, 0.05, 0.05).at(side, 1.0, -0.05),
            box(0.04, 0.16, 0.06).at(side, 0.93),
        )
    return assembly


def window(rng: np.random.Generator) -> Assembly:
    """A window with one to three casements, glazing bars and maybe shutters."""
    assembly, frame = Assembly(), pick(rng, (materials.wood, materials.white_ceramic, materials.paint))(rng)
    leaves = int(pick(rng, (1, 2, 3), (3, 5, 1)))
    width, height, depth = (
        float(rng.uniform(0.45, 0.75)) * leaves,
        float(rng.uniform(0.6, 2.1)),
        float(rng.uniform(0.05, 0.16)),
    )
    jamb = float(rng.uniform(0.04, 0.08))
    _add_frame(assembly, frame, width, height, depth, jamb, sill=True)
    wide = (width - 2 * jamb) / leaves
    rows, columns = int(rng.integers(1, 5)), int(rng.integers(1, 3))
    for index in range(leaves):
        x = (index + 0.5) * wide - wide * leaves / 2
        _add_leaf(rng, assembly, frame, x, jamb, wide * 0.995, height - 2 * jamb, rows, columns, True)
    if chance(rng, 0.15):
        shutter = materials.structure(rng)
        assembly.add_pair(shutter, box(width / 2, height, 0.04).at(width * 0.76, 0, depth / 2 + 0.02))
        for level in np.linspace(0.08, 0.9, 8) * height:
            assembly.add_pair(shutter, box(width * 0.42, 0.03, 0.06).at(width * 0.76, level, depth / 2 + 0.02))
    return assembly


def _add_frame(
    assembly: Assembly, material: Material, width: float, height: float, depth: float, jamb: float, sill: bool
) -> None:
    assembly.add_pair(material, box(jamb, height, depth).at((width - jamb) / 2))
    assembly.add(material, box(width - jamb, jamb, depth * 0.99).at(y=height - jamb))
    if sill:
        assembly.add(material, box(width * 1.04, jamb, depth * 1.4).at(z=depth * 0.15))


def _add_leaf(
    rng: np.random.Generator,
    assembly: Assembly,
    material: Material,
    x: float,
    low: float,
    width: float,
    height: float,
    rows: int,
    columns: int,
    glazed: bool,
) -> None:
    rail, thick = float(rng.uniform(0.04, 0.1)), 0.04
    for side in (-1, 1):
        assembly.add(material, box(rail, height, thick).at(x + side * (width - rail) / 2, low))
    for y in (low, low + height - rail):
        assembly.add(material, box(width - rail, rail, thick * 0.98).at(x, y))
    for share in np.arange(1, rows) / rows:
        assembly.add(material, box(width - rail, rail * 0.5, thick * 0.9).at(x, low + height * share - rail * 0.25))
    for share in np.arange(1, columns) / columns:
        assembly.add(material, box(rail * 0.5, height - rail, thick * 0.88).at(x + (share - 0.5) * width, low))
    filling = materials.glass(rng) if glazed else material
    assembly.add(filling, box(width - rail, height - rail, 0.008 if glazed else thick * 0.4).at(x, low + rail / 2))


def radiator(rng: np.random.Generator) -> Assembly:
    """A radiator: ribbed columns, a grooved panel, or a towel ladder."""
    assembly, body = Assembly(), pick(rng, (materials.white_ceramic, materials.paint, materials.metal))(rng)
    width, height, depth = float(rng.uniform(0.4, 1.6)), float(rng.uniform(0.3, 0.9)), float(rng.uniform(0.06, 0.16))
    style = pick(rng, ("ribs", "panel", "ladder"))
    if style == "ladder":
        width, height = float(rng.uniform(0.4, 0.65)), float(rng.uniform(0.8, 1.8))
        assembly.add_pair(body, cylinder(0.02, height, sides=12).at(width / 2))
        levels = np.linspace(0.05, height - 0.05, int(rng.integers(8, 24)))
        bow = float(rng.uniform(0, 0.05))
        for level in levels[rng.random(len(levels)) < 0.9]:
            assembly.add(body, tube([(-width / 2, level, 0), (0, level, bow), (width / 2, level, 0)], 0.011, 8))
        return assembly
    if style == "ribs":
        count = max(4, int(width / float(rng.uniform(0.045, 0.08))))
        for x in np.linspace(-width / 2, width / 2, count):
            assembly.add(body, rounded_box(width / count * 0.75, height, depth, width / count * 0.3, 2).at(x, 0.08))
        assembly.add(body, *(box(width, 0.05, depth * 0.6).at(y=level) for level in (0.12, height)))
        assembly.add_pair(body, box(0.03, 0.1, depth).at(width * 0.42))
    else:
        assembly.add(body, rounded_box(width, height, depth, 0.01, 2).at(y=0.1))
        for x in np.linspace(-0.46, 0.46, max(5, int(width / 0.06))) * width:
            assembly.add(body, box(0.02, height * 0.9, depth * 1.1, bevel=0.005).at(x, 0.1 + height * 0.05))
        assembly.add_pair(body, box(0.03, 0.11, depth).at(width * 0.4))
    if chance(rng, 0.6):
        assembly.add(materials.metal(rng), cylinder(0.02, 0.08, sides=12).turned("z", 90).at(width / 2 + 0.1, 0.16))
        assembly.add(body, cylinder(0.01, 0.18, sides=8).at(width / 2 + 0.06))
    return assembly


def fence(rng: np.random.Generator) -> Assembly:
    """A fence, railing, balustrade or gate."""
    assembly, body = Assembly(), pick(rng, (materials.wood, materials.metal, materials.paint))(rng)
    width, height = float(rng.uniform(0.9, 2.2)), float(rng.uniform(0.6, 1.4))
    count, post = int(rng.integers(4, 16)), float(rng.uniform(0.04, 0.12))
    assembly.add_pair(body, box(post, height * float(rng.uniform(1.0, 1.15)), post, bevel=0.01).at(width / 2))
    top = float(rng.uniform(0.8, 0.99)) * height
    for level in (top, height * float(rng.uniform(0.08, 0.3))):
        assembly.add(body, box(width, 0.04, float(rng.uniform(0.025, 0.06))).at(y=level - 0.02))
    style = pick(rng, ("picket", "bars", "balusters", "planks", "cross"))
    spots = np.linspace(-0.5, 0.5, count + 2)[1:-1] * width
    if style == "planks":
        for level in np.linspace(0.1, 0.9, int(rng.integers(3, 8))) * top:
            assembly.add(body, box(width, top * 0.1, 0.02).at(0, level, 0.02))
    elif style == "cross":
        for side in (-1, 1):
            assembly.add(
                body,
                beam((-width / 2, height * 0.15, side * 0.004), (width / 2, top, side * 0.004), 0.05, 0.03)
                if side < 0
                else beam((width / 2, height * 0.15, 0.004), (-width / 2, top, 0.004), 0.05, 0.03),
            )
    elif style == "picket":
        wide = width / count * float(rng.uniform(0.4, 0.75))
        outline = [
            (-wide / 2, 0.05),
            (wide / 2, 0.05),
            (wide / 2, height - wide * 0.5),
            (0, height),
            (-wide / 2, height - wide * 0.5),
        ]
        assembly.add(body, *(panel(outline, 0.018).at(x, 0, 0.02) for x in spots))
    else:
        profile = (
            turned_profile(rng, width / count * 0.35, top) if style == "balusters" else [(0.009, 0.0), (0.009, top)]
        )
        assembly.add(body, *(lathe(profile, 8).at(x, 0.03) for x in spots))
    return assembly


def clock(rng: np.random.Generator) -> Assembly:
    """A wall, alarm or longcase clock."""
    assembly, body = Assembly(), pick(rng, (materials.structure, materials.metal, materials.plastic))(rng)
    radius, thick = float(rng.uniform(0.06, 0.25)), float(rng.uniform(0.02, 0.08))
    style = pick(rng, ("wall", "alarm", "longcase"), (3, 2, 2))
    middle, face = radius, materials.white_ceramic(rng)
    if style == "longcase":
        radius, height = 0.16, float(rng.uniform(1.7, 2.2))
        middle, thick = height - 0.28, 0.24
        assembly.add(
            body, box(0.3, height, 0.2), box(0.44, 0.45, 0.26, bevel=0.01), box(0.46, 0.5, 0.25).at(y=height - 0.5)
        )
        assembly.add(
            body,
            panel(superellipse(0.46, 0.2, 1.0), 0.2).at(0, height, -0.1),
            box(0.2, height * 0.35, 0.03).at(0, 0.6, 0.1),
        )
    else:
        outline = superellipse(2 * radius, 2 * radius, pick(rng, (1.0, 1.0, 0.2, 0.5)))
        assembly.add(body, panel(outline, thick).at(0, middle, -thick / 2))
    assembly.add(face, cylinder(radius * 0.88, 0.01, sides=32).turned("x", 90).at(0, middle, thick / 2 - 0.004))
    hands = materials.dark(rng)
    for length, angle in ((0.75, rng.uniform(0, 360)), (0.5, rng.uniform(0, 360))):
        hand = box(radius * 0.06, radius * length, 0.006).turned("z", float(angle))
        assembly.add(hands, hand.at(0, middle, thick / 2 + 0.008))
    assembly.add(
        hands,
        *(
            box(radius * 0.05, radius * 0.12, 0.005)
            .at(y=radius * 0.7)
            .turned("z", 30 * hour)
            .at(0, middle, thick / 2 + 0.006)
            for hour in range(12)
        ),
    )
    if style == "alarm":
        assembly.add_pair(body, tube([(radius * 0.5, -radius * 0.12, 0), (radius * 0.4, radius * 0.3, 0)], 0.01, 8))
        if chance(rng, 0.6):
            assembly.add_pair(
                materials.metal(rng),
                ellipsoid(radius * 0.7, radius * 0.45, radius * 0.5).turned("z", -30).at(radius * 0.65, radius * 1.7),
            )
    return assembly


def bin_(rng: np.random.Generator) -> Assembly:
    """A waste bin or basket: open, pedal, wheeled or slatted."""
    assembly, body = Assembly(), pick(rng, (materials.plastic, materials.metal, materials.wicker))(rng)
    radius, height = float(rng.uniform(0.1, 0.28)), float(rng.uniform(0.25, 0.85))
    taper, exponent = float(rng.uniform(0.7, 1.0)), pick(rng, (1.0, 1.0, 0.25))
    trim = materials.plastic(rng)
    rise = np.linspace(0, 1, 5)
    profile = np.stack([radius * (taper + (1 - taper) * rise), rise * height], 1)
    style = pick(rng, ("open", "lid", "swing", "wheeled", "slats"))
    if style == "open":
        assembly.add(body, vessel(profile, 0.01, 0.015, 4 if exponent < 1 else 28))
    elif style == "slats":
        count = int(rng.integers(10, 22))
        slats = (
            box(radius * 4.2 / count, height, 0.02).at(z=radius).turned("y", 360 * i / count) for i in range(count)
        )
        assembly.add(body, cylinder(radius * 0.95, 0.03), *slats)
        assembly.add(trim, vessel([(radius * 0.93, 0.03), (radius * 0.93, height * 0.97)], 0.01, 0.01))
    elif style == "wheeled":
        width = radius * 2.1
        assembly.add(body, box(width * 0.8, height, radius * 1.9, taper=1.25).at(y=0.02))
        assembly.add(trim, box(width * 1.05, 0.05, radius * 2.5, bevel=0.02).at(0, height + 0.015))
        assembly.add_pair(trim, cylinder(0.09, 0.05).turned("z", 90).at(width * 0.42, 0.09, -radius))
        assembly.add(
            trim,
            tube([(-width / 2, height * 0.97, -radius * 1.3), (width / 2, height * 0.97, -radius * 1.3)], 0.014, 8),
        )
    else:
        outline = superellipse(2 * radius, 2 * radius * float(rng.uniform(0.7, 1)), exponent)
        assembly.add(body, prism(outline, height))
        assembly.add(
            trim,
            ellipsoid(2.02 * radius, radius * float(rng.uniform(0.3, 1.2)), 2.02 * radius, 0.8, exponent).at(
                y=height - radius * 0.25
            ),
        )
        assembly.add(trim, box(radius * 0.5, 0.02, 0.08).at(0, 0.01, radius))
    return assembly


def stairs(rng: np.random.Generator) -> Assembly:
    """A step stool, straight stairs, a spiral staircase or a ladder."""
    assembly, body = Assembly(), pick(rng, (materials.wood, materials.metal, materials.stone))(rng)
    steps, rise = int(rng.integers(2, 14)), float(rng.uniform(0.17, 0.24))
    width, run = float(rng.uniform(0.4, 1.1)), float(rng.uniform(0.2, 0.3))
    style = pick(rng, ("solid", "open", "spiral", "ladder"), (2, 3, 2, 1.5))
    if style == "spiral":
        steps = max(steps, 8)
        assembly.add(materials.metal(rng), cylinder(0.05, steps * rise + 0.9))
        turn = float(rng.uniform(20, 34))
        for i in range(steps):
            tread = prism([(0, -0.06), (width, -0.2), (width, 0.2), (0, 0.06)], 0.04).turned("y", i * turn)
            post = cylinder(0.012, 0.9, sides=6).at(width * 0.95).turned("y", i * turn)
            assembly.add(body, tread.at(y=(i + 1) * rise - 0.04), post.at(y=(i + 1) * rise - 0.02))
        angles = np.radians(np.arange(steps) * turn)
        rail = np.stack(
            [width * 0.95 * np.cos(angles), (np.arange(steps) + 1) * rise + 0.88, -width * 0.95 * np.sin(angles)], 1
        )
        assembly.add(body, tube(rail, 0.02, 8))
        return assembly
    if style == "ladder":
        height, lean, x = steps * 0.28 + 0.3, float(rng.uniform(0.0, 0.6)), width * 0.3
        assembly.add_pair(body, beam((x * 1.15, 0, lean), (x, height, 0), 0.03, 0.06))
        if chance(rng, 0.5):
            assembly.add_pair(body, beam((x * 1.15, 0, -lean - 0.1), (x, height, -0.02), 0.03, 0.04))
        assembly.add(
            body,
            *(
                box(2 * x, 0.03, 0.07).at(0, level, lean * (1 - level / height))
                for level in np.arange(0.28, height, 0.28)
            ),
        )
        return assembly
    for i in range(steps):
        low = 0.0 if style == "solid" else (i + 1) * rise - 0.04
        assembly.add(body, box(width, (i + 1) * rise - low, run + 0.02).at(0, low, -i * run))
    if style == "open":
        assembly.add_pair(
            body, beam((width / 2, 0.0, run * 0.6), (width / 2, steps * rise, -(steps - 0.6) * run), 0.03, 0.2)
        )
    if steps > 3 and chance(rng, 0.6):
        assembly.add_pair(
            body, beam((width / 2, 0.9 + rise, 0), (width / 2, 0.9 + steps * rise, -(steps - 1) * run), 0.05, 0.05)
        )
        for i in range(0, steps, 2):
            assembly.add_pair(body, cylinder(0.014, 0.92, sides=8).at(width / 2, (i + 1) * rise - 0.02, -i * run))
    return assembly


def column(rng: np.random.Generator) -> Assembly:
    """A column, plinth, stone lantern, hydrant, birdbath or fountain: stacked turned pieces."""
    assembly = Assembly()
    body = pick(rng, (materials.stone, materials.paint, materials.wood, materials.metal), (4, 2, 1, 1))(rng)
    radius, level = float(rng.uniform(0.08, 0.35)), 0.0
    for _ in range(int(rng.integers(2, 7))):
        piece = _drum(rng, radius)
        assembly.add(body, piece.at(y=level))
        level += float(piece.bounds[1, 1]) - 0.003
    if chance(rng, 0.2):
        assembly.add(
            body,
            vessel([(radius * 0.4, 0), (radius * 1.4, radius * 0.3), (radius * 2, radius * 0.6)], 0.03, 0.03).at(
                y=level
            ),
        )
    return assembly


def _drum(rng: np.random.Generator, radius: float) -> Solid:
    """One piece of a column, of about `radius`."""
    size, high = radius * float(rng.uniform(0.5, 1.4)), radius * float(np.exp(rng.uniform(np.log(0.2), np.log(3.5))))
    style = pick(rng, ("cylinder", "box", "turned", "bulb", "roof"))
    if style == "cylinder":
        return cylinder(size, high, size * float(rng.uniform(0.6, 1.1)), pick(rng, (24, 6, 8)))
    if style == "box":
        return box(size * 1.8, high, size * 1.8, bevel=0.01)
    if style == "turned":
        return lathe(turned_profile(rng, size, high))
    return ellipsoid(2 * size, high, 2 * size) if style == "bulb" else cylinder(size * 1.5, high * 0.4, size * 0.3, 6)


def picture(rng: np.random.Generator) -> Assembly:
    """A framed picture or mirror, a notice board, a book, a folding screen."""
    assembly, frame = Assembly(), materials.structure(rng)
    width, height = float(rng.uniform(0.2, 1.2)), float(rng.uniform(0.25, 1.8))
    edge, depth = float(rng.uniform(0.02, 0.1)), float(rng.uniform(0.015, 0.05))
    canvas = pick(rng, (materials.fabric, materials.stone, materials.glass, materials.display))(rng)
    count = int(pick(rng, (1, 3), (4, 1)))
    for index in range(count):
        leaf = Assembly()
        leaf.add_pair(frame, box(edge, height, depth).at((width - edge) / 2))
        leaf.add(
            frame, box(width - edge, edge, depth * 0.98), box(width - edge, edge, depth * 0.98).at(y=height - edge)
        )
        leaf.add(canvas, box(width - edge, height - edge, depth * 0.5).at(y=edge / 2))
        angle = 0.0 if count == 1 else 25.0 * (-1) ** index
        for solid, material in leaf.pieces:
            assembly.add(
                material, solid.turned("y", angle).at((index - (count - 1) / 2) * width * np.cos(np.radians(angle)))
            )
    return assembly
