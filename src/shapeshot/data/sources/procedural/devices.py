"""Electronics and white goods: screens, computers, speakers, ovens, fridges, washing machines, pianos."""

from __future__ import annotations

import numpy as np

from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.fronts import add_doors, add_drawers
from shapeshot.data.sources.procedural.parts.primitives import (
    beam,
    box,
    cylinder,
    ellipsoid,
    prism,
    rounded_box,
    superellipse,
    tube,
    vessel,
)


def screen(rng: np.random.Generator) -> Assembly:
    """A monitor or television: flat on a foot or two feet, or an old deep one."""
    assembly, body = Assembly(), pick(rng, (materials.plastic, materials.metal))(rng)
    width = float(np.exp(rng.uniform(np.log(0.4), np.log(1.5))))
    height = width * float(rng.uniform(0.5, 0.78))
    thick, edge = float(rng.uniform(0.02, 0.07)), float(rng.uniform(0.008, 0.04))
    lift = float(rng.uniform(0.02, 0.2)) * (0.4 + width)
    assembly.add(body, rounded_box(width, height, thick, thick * float(rng.uniform(0.1, 0.45)), 2).at(y=lift))
    assembly.add(materials.display(rng), box(width - 2 * edge, height - 2 * edge, 0.006).at(0, lift + edge, thick / 2))
    if chance(rng, 0.2):
        deep = width * float(rng.uniform(0.3, 0.8))
        tail = box(width * 0.98, deep, height * 0.95, taper=float(rng.uniform(0.4, 0.8))).turned("x", -90)
        assembly.add(body, tail.at(0, lift + height / 2, -thick * 0.3))
        assembly.add(body, box(width * 0.6, lift + 0.03, deep * 0.7).at(z=-deep * 0.4))
    elif chance(rng, 0.3):
        for side in (-1, 1):
            assembly.add(
                body, beam((side * width * 0.35, 0.01, 0.12), (side * width * 0.35, lift + 0.02, 0), 0.03, 0.015)
            )
            assembly.add(
                body, beam((side * width * 0.35, 0.01, -0.12), (side * width * 0.35, lift + 0.02, 0), 0.03, 0.015)
            )
    else:
        foot = width * float(rng.uniform(0.25, 0.6))
        assembly.add(
            body, prism(superellipse(foot, foot * float(rng.uniform(0.4, 0.7)), pick(rng, (1.0, 0.3, 0.15))), 0.015)
        )
        assembly.add(body, box(float(rng.uniform(0.04, 0.12)), lift + height * 0.3, 0.03).at(z=-thick / 2 - 0.01))
    return assembly


def laptop(rng: np.random.Generator) -> Assembly:
    """An open notebook computer."""
    assembly, body = Assembly(), pick(rng, (materials.metal, materials.plastic))(rng)
    width = float(rng.uniform(0.26, 0.42))
    depth, thick = width * float(rng.uniform(0.62, 0.78)), float(rng.uniform(0.008, 0.03))
    assembly.add(body, rounded_box(width, thick, depth, thick * 0.4, 2))
    lid, angle = float(rng.uniform(0.005, 0.014)), float(rng.uniform(-5, 50))
    panel = rounded_box(width, depth * 0.97, lid, lid * 0.4, 2).turned("x", -angle)
    picture = box(width * 0.93, depth * 0.85, 0.003).at(0, depth * 0.06, lid / 2).turned("x", -angle)
    hinge = (0.0, thick * 0.9, -depth / 2 + lid / 2)
    assembly.add(body, panel.at(*hinge))
    assembly.add(materials.display(rng), picture.at(*hinge))
    keys = materials.plastic(rng)
    for row in range(4):
        assembly.add(keys, box(width * 0.86, 0.004, depth * 0.1).at(0, thick - 0.001, depth * (-0.36 + 0.13 * row)))
    assembly.add(keys, box(width * 0.28, 0.002, depth * 0.22).at(0, thick - 0.001, depth * 0.3))
    return assembly


def speaker(rng: np.random.Generator) -> Assembly:
    """A loudspeaker, radio or subwoofer."""
    assembly, body = Assembly(), materials.structure(rng)
    width, height = float(rng.uniform(0.12, 0.35)), float(rng.uniform(0.2, 1.1))
    if chance(rng, 0.25):
        width, height = height, width
    depth = float(rng.uniform(0.12, 0.35))
    assembly.add(body, rounded_box(width, height, depth, float(rng.uniform(0.002, 0.03)), 2))
    cone, ring = materials.paint(rng), materials.metal(rng)
    count = int(rng.integers(1, 4))
    tall = height > width
    for index in range(count):
        radius = min(width, height / count if tall else height) * float(rng.uniform(0.25, 0.44))
        offset = ((index + 0.5) / count - 0.5) * (height if tall else width)
        x, y = (0.0, height / 2 + offset) if tall else (offset, height / 2)
        assembly.add(ring, cylinder(radius * 1.08, 0.012).turned("x", 90).at(x, y, depth / 2 - 0.002))
        assembly.add(cone, ellipsoid(2 * radius, 0.03, 2 * radius).turned("x", 90).at(x, y, depth / 2 - 0.008))
    if chance(rng, 0.4):
        assembly.add(ring, box(width * 0.5, 0.02, 0.02).at(0, height * 0.05, depth / 2 - 0.005))
    return assembly


def fridge(rng: np.random.Generator) -> Assembly:
    """A refrigerator with one, two or four doors."""
    assembly, body = Assembly(), pick(rng, (materials.paint, materials.metal))(rng)
    wide = chance(rng, 0.3)
    width, height, depth = (
        float(rng.uniform(0.8, 1.0) if wide else rng.uniform(0.48, 0.72)),
        float(rng.uniform(0.8, 2.0)),
        float(rng.uniform(0.5, 0.75)),
    )
    foot = float(rng.uniform(0.02, 0.08))
    radius = float(rng.uniform(0.003, 0.06))
    assembly.add(
        body,
        rounded_box(width, height - foot, depth, radius, 3).at(y=foot),
        box(width * 0.9, foot + 0.08, depth * 0.85),
    )
    split = float(rng.uniform(0.3, 0.75)) if chance(rng, 0.8) else 1.0
    inner, columns = height - foot - 0.02, 2 if wide else 1
    add_doors(rng, assembly, body, (0, foot + 0.01, depth / 2), width * 0.98, inner * split, columns)
    if split < 1.0:
        add_doors(
            rng, assembly, body, (0, foot + 0.01 + inner * split, depth / 2), width * 0.98, inner * (1 - split), columns
        )
    return assembly


def oven(rng: np.random.Generator) -> Assembly:
    """A cooker, oven or microwave: window, knobs, hob, perhaps a hood's worth of splashback."""
    assembly, body = Assembly(), pick(rng, (materials.paint, materials.metal))(rng)
    small = chance(rng, 0.35)
    width = float(rng.uniform(0.4, 0.6) if small else rng.uniform(0.5, 0.95))
    height, depth = float(rng.uniform(0.24, 0.36) if small else rng.uniform(0.6, 0.95)), float(rng.uniform(0.32, 0.65))
    assembly.add(body, box(width, height, depth, bevel=float(rng.uniform(0.0, 0.015))))
    knobs = materials.plastic(rng)
    band = height * float(rng.uniform(0.12, 0.22))
    side = width * (0.72 if small else 0.92)
    x = -(width - side) / 2 if small else 0.0
    door = height * 0.9 if small else height - band
    assembly.add(body, box(side, door * 0.94, 0.02).at(x, height * 0.03, depth / 2 + 0.008))
    assembly.add(materials.dark(rng), box(side * 0.75, door * 0.55, 0.01).at(x, height * 0.2, depth / 2 + 0.016))
    assembly.add(
        knobs,
        tube(
            [(x - side * 0.4, door * 0.9, depth / 2 + 0.05), (x + side * 0.4, door * 0.9, depth / 2 + 0.05)], 0.009, 8
        ),
    )
    assembly.add(
        knobs, *(box(0.012, 0.012, 0.04).at(x + a * side * 0.38, door * 0.9 - 0.006, depth / 2 + 0.03) for a in (-1, 1))
    )
    count = int(rng.integers(2, 7))
    for index in range(count):
        spot = (
            (0.42 * width, height * (0.25 + 0.55 * index / count))
            if small
            else ((index + 0.5) / count * width - width / 2, height - band / 2)
        )
        assembly.add(
            knobs,
            cylinder(min(0.022, band * 0.3), 0.025, sides=12).turned("x", 90).at(spot[0], spot[1], depth / 2 - 0.002),
        )
    if not small:
        for a in (-0.24, 0.24):
            for b in (-0.22, 0.22):
                assembly.add(
                    knobs,
                    cylinder(float(rng.uniform(0.06, 0.1)), 0.012, sides=20).at(a * width, height - 0.002, b * depth),
                )
        if chance(rng, 0.4):
            assembly.add(body, box(width, float(rng.uniform(0.05, 0.3)), 0.03).at(0, height - 0.01, -depth / 2 + 0.015))
    return assembly


def washing_machine(rng: np.random.Generator) -> Assembly:
    """A washing machine or dryer with a round window; sometimes a dishwasher's flat door."""
    assembly, body = Assembly(), pick(rng, (materials.white_ceramic, materials.metal, materials.paint))(rng)
    width, height, depth = (
        float(rng.uniform(0.45, 0.68)),
        float(rng.uniform(0.75, 0.95)),
        float(rng.uniform(0.45, 0.65)),
    )
    assembly.add(body, rounded_box(width, height, depth, float(rng.uniform(0.004, 0.03)), 2))
    trim, dark = materials.metal(rng), materials.dark(rng)
    band = height * float(rng.uniform(0.1, 0.2))
    if chance(rng, 0.2):
        add_drawers(rng, assembly, body, (0, height * 0.08, depth / 2), width * 0.97, height * 0.9 - band, 1, 1)
    else:
        radius, y = width * float(rng.uniform(0.24, 0.36)), (height - band) * float(rng.uniform(0.5, 0.58))
        assembly.add(trim, cylinder(radius, 0.035, radius * 0.95).turned("x", 90).at(0, y, depth / 2 - 0.005))
        assembly.add(dark, ellipsoid(radius * 1.5, 0.07, radius * 1.5).turned("x", 90).at(0, y, depth / 2))
    assembly.add(
        trim, cylinder(0.035, 0.03, sides=16).turned("x", 90).at(width * 0.1, height - band / 2, depth / 2 - 0.004)
    )
    assembly.add(dark, box(width * 0.2, band * 0.4, 0.01).at(width * 0.3, height - band * 0.7, depth / 2))
    assembly.add(body, box(width * 0.3, band * 0.7, 0.02).at(-width * 0.32, height - band * 0.85, depth / 2))
    return assembly


def piano(rng: np.random.Generator) -> Assembly:
    """An upright piano or a keyboard on a stand."""
    assembly, body = Assembly(), materials.structure(rng)
    width, height, depth = float(rng.uniform(1.2, 1.55)), float(rng.uniform(1.0, 1.35)), float(rng.uniform(0.35, 0.5))
    bed, reach = float(rng.uniform(0.58, 0.7)), float(rng.uniform(0.25, 0.36))
    keys, black = materials.white_ceramic(rng), materials.dark(rng)
    if chance(rng, 0.6):
        assembly.add(
            body, box(width, height, depth, bevel=0.01), box(width * 1.02, 0.04, depth * 1.1, bevel=0.008).at(y=height)
        )
        assembly.add(body, box(width, 0.1, reach).at(0, bed - 0.08, depth / 2 + reach / 2 - 0.02))
        assembly.add_pair(body, box(0.06, bed, 0.06).at(width / 2 - 0.06, 0, depth / 2 + reach - 0.08))
        assembly.add_pair(body, box(0.08, 0.12, reach).at(width / 2 - 0.04, bed, depth / 2 + reach / 2 - 0.02))
    else:
        depth, reach = 0.12, 0.2
        assembly.add(body, rounded_box(width, 0.12, depth + reach, 0.02, 2).at(0, bed - 0.09, reach / 2))
        for side in (-1, 1):
            assembly.add(black, beam((-side * 0.4, 0.02, 0.1), (side * 0.4, bed - 0.06, 0.1), 0.04, 0.03))
    z = depth / 2 + reach / 2
    assembly.add(keys, box(width * 0.86, 0.02, reach * 0.7).at(0, bed + 0.015, z))
    assembly.add(
        black,
        *(
            box(0.012, 0.012, reach * 0.4).at(x, bed + 0.033, z - reach * 0.14)
            for x in np.linspace(-0.41, 0.41, 36) * width
        ),
    )
    return assembly


def fan(rng: np.random.Generator) -> Assembly:
    """A table, pedestal or ceiling fan with a ring of blades."""
    assembly, body = Assembly(), pick(rng, (materials.plastic, materials.metal))(rng)
    height, radius = float(rng.uniform(0.25, 1.2)), float(rng.uniform(0.14, 0.26))
    ceiling = chance(rng, 0.3)
    blades, pitch = int(rng.integers(3, 6)), float(rng.uniform(15, 35))
    reach = radius * (2.4 if ceiling else 0.95)
    rotor = [
        box(reach * 0.85, 0.006, reach * 0.3, bevel=0.002).turned("x", pitch * (0.4 if ceiling else 1)).at(reach * 0.55)
    ]
    rotor = [rotor[0].turned("y", 360 * index / blades) for index in range(blades)]
    hub = cylinder(radius * 0.25, 0.1, radius * 0.2).at(y=-0.05)
    if ceiling:
        assembly.add(materials.structure(rng), *rotor)
        assembly.add(body, hub, cylinder(0.012, 0.35, sides=8), cylinder(0.06, 0.05, 0.04).at(y=0.33))
        assembly.add(
            materials.light(rng), ellipsoid(radius * 0.7, radius * 0.5, radius * 0.7).at(y=-0.05 - radius * 0.4)
        )
        return assembly
    assembly.add(materials.plastic(rng), *(blade.turned("x", 90).at(y=height) for blade in [*rotor, hub]))
    turn = 2 * np.pi * np.arange(24) / 24
    for share, z in ((1.0, -0.04), (1.0, 0.05), (0.6, 0.07), (0.3, 0.08)):
        ring = np.stack([radius * share * np.cos(turn), height + radius * share * np.sin(turn), np.full(24, z)], 1)
        assembly.add(body, tube(ring, 0.004, 5, joined=True))
    for angle in 2 * np.pi * np.arange(10) / 10:
        x, y = radius * np.cos(angle), radius * np.sin(angle)
        assembly.add(
            body, tube([(x, height + y, -0.04), (x, height + y, 0.05), (0.1 * x, height + 0.1 * y, 0.085)], 0.003, 5)
        )
    assembly.add(
        body, cylinder(0.02, height, sides=10).at(z=-0.05), cylinder(0.06, 0.12).turned("x", 90).at(0, height, -0.14)
    )
    assembly.add(body, cylinder(radius * float(rng.uniform(0.7, 1.0)), 0.03, radius * 0.6).at(z=-0.05))
    return assembly


def water_heater(rng: np.random.Generator) -> Assembly:
    """A tank, boiler, extinguisher, gas bottle or air conditioner."""
    assembly, body = Assembly(), pick(rng, (materials.white_ceramic, materials.metal, materials.paint))(rng)
    trim = materials.metal(rng)
    if chance(rng, 0.5):
        radius, height = float(rng.uniform(0.08, 0.3)), float(rng.uniform(0.4, 1.5))
        dome = radius * float(rng.uniform(0.2, 0.8))
        turn = np.linspace(0, np.pi / 2, 6)
        low, high = (
            np.stack([radius * np.sin(turn), dome * (1 - np.cos(turn))], 1),
            np.stack([radius * np.cos(turn), height - dome + dome * np.sin(turn)], 1),
        )
        assembly.add(body, vessel(np.concatenate([low, high]), radius * 0.9, height * 0.97))
        assembly.add(trim, cylinder(radius * 0.2, 0.08, radius * 0.15).at(y=height - 0.01))
        assembly.add_pair(trim, cylinder(0.012, 0.12, sides=8).at(radius * 0.4, -0.1))
        return assembly
    width, height, depth = float(rng.uniform(0.6, 1.0)), float(rng.uniform(0.25, 0.7)), float(rng.uniform(0.18, 0.35))
    assembly.add(body, rounded_box(width, height, depth, float(rng.uniform(0.01, 0.08)), 3))
    for level in np.linspace(0.1, 0.35, int(rng.integers(2, 6))):
        assembly.add(trim, box(width * 0.9, 0.012, 0.02).at(0, height * level, depth / 2 - 0.003))
    if height > 0.45:
        radius = height * 0.35
        assembly.add(
            trim, cylinder(radius, 0.02, radius * 0.95).turned("x", 90).at(-width * 0.12, height / 2, depth / 2 - 0.004)
        )
    return assembly
