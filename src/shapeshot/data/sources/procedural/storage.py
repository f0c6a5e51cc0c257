"""Case furniture: cabinets, wardrobes, dressers, nightstands, shelves, sideboards, boxes and crates."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from jaxtyping import Float

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.fronts import add_doors, add_drawers
from shapeshot.data.sources.procedural.parts.primitives import box, cylinder, ellipsoid, lathe, panel, rounded_box, tube
from shapeshot.data.sources.procedural.parts.supports import add_four_legs, add_sled, short_feet, turned_profile


def cabinet(rng: np.random.Generator) -> Assembly:
    """A cupboard or kitchen unit with doors, drawers and open compartments in random bays."""
    return _case(rng, float(rng.uniform(0.35, 1.3)), float(rng.uniform(0.6, 1.6)), float(rng.uniform(0.28, 0.62)))


def wardrobe(rng: np.random.Generator) -> Assembly:
    """A tall case, mostly doors."""
    return _case(
        rng, float(rng.uniform(0.6, 2.4)), float(rng.uniform(1.7, 2.4)), float(rng.uniform(0.45, 0.65)), doors=0.8
    )


def dresser(rng: np.random.Generator) -> Assembly:
    """A chest of drawers, sometimes with a mirror on top."""
    width, height, depth = float(rng.uniform(0.5, 1.6)), float(rng.uniform(0.65, 1.3)), float(rng.uniform(0.36, 0.58))
    assembly = _case(rng, width, height, depth, doors=0.1)
    if chance(rng, 0.2):
        wide, high = width * float(rng.uniform(0.5, 0.95)), float(rng.uniform(0.4, 0.9))
        assembly.add(assembly.pieces[0][1], box(wide, high, 0.03).at(0, height - 0.01, -depth * 0.4))
        assembly.add(
            materials.glass(rng), box(wide * 0.9, high * 0.9, 0.01).at(0, height + high * 0.04, -depth * 0.4 + 0.018)
        )
    return assembly


def nightstand(rng: np.random.Generator) -> Assembly:
    """A small case beside a bed."""
    return _case(
        rng, float(rng.uniform(0.32, 0.6)), float(rng.uniform(0.4, 0.72)), float(rng.uniform(0.3, 0.5)), doors=0.3
    )


def sideboard(rng: np.random.Generator) -> Assembly:
    """A long low case: sideboard or television stand."""
    return _case(
        rng, float(rng.uniform(1.0, 2.3)), float(rng.uniform(0.35, 0.95)), float(rng.uniform(0.34, 0.55)), doors=0.5
    )


def _case(rng: np.random.Generator, width: float, height: float, depth: float, doors: float = 0.5) -> Assembly:
    """A body on feet, plinth, legs or sled, divided into bays side by side and each bay into stacked cells."""
    assembly = Assembly()
    body, thick = materials.structure(rng), float(rng.uniform(0.014, 0.04))
    face = body if chance(rng, 0.7) else materials.structure(rng)
    base = _add_base(rng, assembly, body, width, depth, height)
    crown = float(rng.uniform(0.0, 0.035)) if chance(rng, 0.5) else 0.0
    top = body if chance(rng, 0.75) else pick(rng, (materials.stone, materials.wood, materials.paint))(rng)
    assembly.add(
        top,
        box(width + 2 * crown, thick * 1.3, depth + crown, bevel=thick * 0.2).at(0, height - thick * 1.3, crown / 2),
    )
    inside = height - thick * 1.3 - base
    open_frame = chance(rng, 0.35)
    bays = max(1, round(width / float(rng.uniform(0.35, 0.9))))
    if open_frame:
        _add_carcass(assembly, body, width, depth, base, inside, thick, bays)
    else:
        assembly.add(body, box(width, inside + 0.002, depth).at(y=base))
    for bay in range(bays):
        x = (bay + 0.5) / bays * width - width / 2
        _fill_bay(
            rng, assembly, body, face, (x, base, depth / 2), width / bays, inside, depth, doors, open_frame, thick
        )
    if chance(rng, 0.12):
        _add_crest(rng, assembly, body, width, height, depth)
    return assembly


def _add_base(
    rng: np.random.Generator, assembly: Assembly, body: Material, width: float, depth: float, height: float
) -> float:
    style = pick(
        rng,
        ("plinth", "feet", "legs", "sled", "floor"),
        (3, 3, 2 if height < 1.4 else 0.2, 0.6 if height < 1.2 else 0.05, 2),
    )
    if style == "floor":
        return 0.0
    material = body if chance(rng, 0.5) else materials.frame(rng)
    if style == "plinth":
        base = float(rng.uniform(0.03, 0.12))
        assembly.add(material, box(width * 0.96, base + 0.001, depth * 0.9).at(z=-depth * 0.02))
    elif style == "feet":
        base = float(rng.uniform(0.03, 0.14))
        assembly.add(material, *short_feet(rng, width, depth, base + 0.001))
    else:
        base = min(float(rng.uniform(0.1, 0.45)), height * 0.5)
        add = add_four_legs if style == "legs" else add_sled
        add(rng, assembly, material, width * 0.96, depth * 0.92, base + 0.001)
    return base


def _add_carcass(
    assembly: Assembly, body: Material, width: float, depth: float, base: float, inside: float, thick: float, bays: int
) -> None:
    for x in np.linspace(-(width - thick) / 2, (width - thick) / 2, bays + 1):
        assembly.add(body, box(thick, inside + 0.002, depth).at(x, base))
    assembly.add(
        body,
        box(width, thick, depth * 0.99).at(y=base),
        box(width * 0.99, inside, 0.008).at(0, base, -depth / 2 + 0.005),
    )


def _fill_bay(
    rng: np.random.Generator,
    assembly: Assembly,
    body: Material,
    face: Material,
    bottom: tuple[float, float, float],
    width: float,
    height: float,
    depth: float,
    doors: float,
    open_frame: bool,
    thick: float,
) -> None:
    x, y, z = bottom
    cells = 1 if height < 0.5 or chance(rng, 0.5) else 2
    split = [height] if cells == 1 else [(share := float(rng.uniform(0.3, 0.7))) * height, (1 - share) * height]
    for index, high in enumerate(split):
        kind = pick(rng, ("doors", "drawers", "open"), (doors, 1 - doors, 0.35 if open_frame else 0.0))
        where = (x, y + sum(split[:index]), z)
        if open_frame:
            assembly.add(body, box(width * 0.99, thick, depth * 0.97).at(x, where[1] + high - thick, 0))
        if kind == "drawers":
            rows = int(np.clip(round(high / float(rng.uniform(0.14, 0.35))), 1, 6))
            add_drawers(
                rng, assembly, face, where, width * 0.98, high, 2 if width > 0.9 and chance(rng, 0.5) else 1, rows
            )
        elif kind == "doors":
            add_doors(rng, assembly, face, where, width * 0.98, high, 2 if width > 0.55 else 1)
        else:
            for level in np.linspace(0, high, int(rng.integers(2, 5)))[1:-1]:
                assembly.add(body, box(width * 0.99, thick * 0.8, depth * 0.95).at(x, where[1] + level, -0.01))
        if open_frame and kind != "open":
            assembly.add(face, box(width * 0.97, high * 0.98, depth * 0.9).at(x, where[1], depth * 0.04))


def _add_crest(
    rng: np.random.Generator, assembly: Assembly, body: Material, width: float, height: float, depth: float
) -> None:
    rise = float(rng.uniform(0.05, 0.2))
    turn = np.linspace(0, np.pi, 13)
    arch = [(np.cos(t) * width * 0.48, rise * np.sin(t) ** float(rng.uniform(0.9, 1.1)) + 0.001) for t in turn]
    assembly.add(
        body, panel([(width * 0.48, -0.01), *arch[1:-1], (-width * 0.48, -0.01)], 0.03).at(0, height, depth / 2 - 0.03)
    )


def shelves(rng: np.random.Generator) -> Assembly:
    """Open shelves: a bookcase with or without books, a ladder shelf on posts, a grid, or a tower."""
    assembly = Assembly()
    width, height, depth = float(rng.uniform(0.35, 1.8)), float(rng.uniform(0.5, 2.2)), float(rng.uniform(0.2, 0.45))
    body, thick = materials.structure(rng), float(rng.uniform(0.012, 0.045))
    levels = np.linspace(
        float(rng.uniform(0.0, 0.12)), height - thick, max(2, round(height / float(rng.uniform(0.25, 0.48))) + 1)
    )
    if len(levels) > 3 and chance(rng, 0.3):
        levels[1:-1] += rng.uniform(-0.3, 0.3, len(levels) - 2) * (levels[1] - levels[0])
    posts = chance(rng, 0.35)
    if posts:
        frame = materials.frame(rng)
        radius = float(rng.uniform(0.01, 0.025))
        post = box(radius * 2, height, radius * 2) if chance(rng, 0.5) else cylinder(radius, height, sides=10)
        for x in (-width / 2 + radius, width / 2 - radius):
            for z in (-depth / 2 + radius, depth / 2 - radius):
                assembly.add(frame, post.at(x, 0, z))
    else:
        assembly.add_pair(body, box(thick, height, depth).at((width - thick) / 2))
        if chance(rng, 0.6):
            assembly.add(body, box(width * 0.99, height * 0.99, 0.008).at(z=-depth / 2 + 0.006))
    for level in levels:
        assembly.add(body, box(width * 0.995, thick, depth * 0.98).at(y=level))
    bays = int(rng.integers(1, 1 + max(1, round(width / 0.4)))) if chance(rng, 0.5) else 1
    for x in (np.arange(1, bays) / bays - 0.5) * width:
        assembly.add(body, box(thick, levels[-1] - levels[0], depth * 0.97).at(x, levels[0]))
    if chance(rng, 0.5):
        _add_books(
            rng, assembly, levels, thick, width * 0.94 / bays, depth, (np.arange(bays) + 0.5) / bays * width - width / 2
        )
    return assembly


def _add_books(
    rng: np.random.Generator,
    assembly: Assembly,
    levels: Float[np.ndarray, " levels"],
    thick: float,
    width: float,
    depth: float,
    bays: Float[np.ndarray, " bays"],
) -> None:
    covers = [materials.paint(rng) if chance(rng, 0.4) else materials.plastic(rng) for _ in range(5)]
    fill = float(rng.uniform(0.2, 1.0))
    for level, above in pairwise(levels):
        room = above - level - thick
        for middle in bays:
            if not chance(rng, fill) or room < 0.1:
                continue
            x, end = middle - width / 2 + 0.01, middle + width / 2 * float(rng.uniform(-0.3, 1.0))
            while x < end:
                book = float(rng.uniform(0.02, 0.07))
                high = room * float(rng.uniform(0.6, 0.93))
                deep = depth * float(rng.uniform(0.55, 0.85))
                if x + book < middle + width / 2:
                    assembly.add(
                        pick(rng, covers),
                        box(book * 0.95, high, deep).at(x + book / 2, level + thick, (depth - deep) * 0.2),
                    )
                x += book


def crate(rng: np.random.Generator) -> Assembly:
    """A box, crate, chest or barrel."""
    assembly = Assembly()
    width, height, depth = float(rng.uniform(0.3, 1.2)), float(rng.uniform(0.2, 0.7)), float(rng.uniform(0.25, 0.7))
    body, wall = (
        pick(rng, (materials.wood, materials.plastic, materials.paint, materials.wicker))(rng),
        float(rng.uniform(0.008, 0.03)),
    )
    style = pick(rng, ("slats", "open", "lidded", "carton", "barrel"), (3, 2, 3, 2, 1))
    if style == "barrel":
        bulge, rise = float(rng.uniform(0.03, 0.09)), np.linspace(0, 1, 9)
        assembly.add(body, lathe(np.stack([0.22 + bulge * np.sin(np.pi * rise), rise * 0.75], 1)))
        iron = materials.metal(rng)
        for level in (0.12, 0.33, 0.67, 0.88):
            assembly.add(iron, cylinder(0.223 + bulge * np.sin(np.pi * level), 0.03).at(y=level * 0.75 - 0.015))
        return assembly
    if style in ("lidded", "carton"):
        assembly.add(body, rounded_box(width, height, depth, float(rng.uniform(0.002, 0.03)), 2))
        accent = materials.metal(rng)
        if style == "lidded":
            lid = float(rng.uniform(0.03, 0.12))
            assembly.add(
                body,
                box(width * 1.03, lid, depth * 1.03, bevel=0.01, taper=float(rng.uniform(0.85, 1))).at(y=height - 0.01),
            )
            assembly.add(accent, box(0.06, 0.08, 0.02).at(0, height - 0.06, depth * 0.515))
            assembly.add_pair(accent, box(0.03, height * 1.01, depth * 1.02).at(width * 0.35))
        return assembly
    assembly.add(body, box(width, wall, depth))
    rows = int(rng.integers(2, 6)) if style == "slats" else 1
    for row in range(rows):
        slat = height / rows * (0.85 if style == "slats" else 1.0)
        for side in (-1, 1):
            assembly.add(body, box(width, slat, wall).at(0, row * height / rows, side * (depth - wall) / 2))
            assembly.add(body, box(wall, slat, depth).at(side * (width - wall) / 2, row * height / rows))
    for x in (-1, 1):
        for z in (-1, 1):
            assembly.add(
                body,
                box(wall * 2.2, height, wall * 2.2).at(x * (width / 2 - wall * 1.6), 0, z * (depth / 2 - wall * 1.6)),
            )
    return assembly


def suitcase(rng: np.random.Generator) -> Assembly:
    """A suitcase, trolley or backpack: a soft or hard shell, handle, wheels, straps."""
    assembly = Assembly()
    width, height, depth = float(rng.uniform(0.32, 0.55)), float(rng.uniform(0.4, 0.78)), float(rng.uniform(0.15, 0.32))
    shell, trim = (
        pick(rng, (materials.plastic, materials.leather, materials.fabric))(rng),
        pick(rng, (materials.metal, materials.plastic))(rng),
    )
    wheel = 0.035 if chance(rng, 0.6) else 0.008
    soft = chance(rng, 0.3)
    body = (
        ellipsoid(width, height, depth, 0.4, 0.4)
        if soft
        else rounded_box(width, height, depth, depth * float(rng.uniform(0.1, 0.45)), 4)
    )
    assembly.add(shell, body.at(y=wheel))
    for x in (-1, 1):
        for z in (-1, 1):
            assembly.add(trim, ellipsoid(0.03, wheel * 1.8, 0.045).at(x * width * 0.38, 0, z * depth * 0.3))
    rise = float(rng.uniform(0.2, 0.45)) if chance(rng, 0.4) else float(rng.uniform(0.03, 0.06))
    grip = width * float(rng.uniform(0.15, 0.28))
    top = wheel + height
    assembly.add(
        trim,
        tube([(-grip, top - 0.03, 0), (-grip, top + rise, 0), (grip, top + rise, 0), (grip, top - 0.03, 0)], 0.012, 6),
    )
    if chance(rng, 0.6):
        for share in np.linspace(-0.35, 0.35, int(rng.integers(2, 6))):
            assembly.add(
                trim if soft else shell,
                rounded_box(0.03, height * 0.85, depth * 1.04, 0.008, 2).at(share * width, wheel + height * 0.07),
            )
    if soft:
        assembly.add(
            shell, ellipsoid(width * 0.7, height * 0.4, depth * 0.5, 0.4, 0.4).at(0, wheel + height * 0.08, depth * 0.4)
        )
    return assembly


def coat_rack(rng: np.random.Generator) -> Assembly:
    """A post with hooks."""
    assembly, body = Assembly(), materials.frame(rng)
    height, radius = float(rng.uniform(1.5, 1.95)), float(rng.uniform(0.018, 0.035))
    post = (
        lathe(turned_profile(rng, radius * 1.4, height), 14)
        if chance(rng, 0.4)
        else cylinder(radius, height, radius * 0.8, 14)
    )
    assembly.add(body, post)
    toes, hooks = int(rng.integers(3, 6)), int(rng.integers(3, 8))
    reach = float(rng.uniform(0.2, 0.34))
    for angle in 360 * np.arange(toes) / toes:
        assembly.add(
            body,
            tube(
                [(0, reach * 0.8, 0), (reach * 0.6, reach * 0.3, 0), (reach, radius * 0.6, 0)], radius * 0.6, 8
            ).turned("y", angle),
        )
    for index, angle in enumerate(360 * np.arange(hooks) / hooks):
        level = height * (0.97 if index % 2 == 0 else float(rng.uniform(0.85, 0.92)))
        hook = tube([(0, level - 0.12, 0), (0.1, level - 0.1, 0), (0.16, level, 0)], 0.01, 6)
        assembly.add(body, hook.turned("y", angle))
    return assembly
