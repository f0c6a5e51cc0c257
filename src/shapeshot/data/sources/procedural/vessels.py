"""Things turned or thrown: mugs, cups, glasses, bottles, vases, bowls, pans."""

from __future__ import annotations

import numpy as np

from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.primitives import (
    cylinder,
    ellipsoid,
    lathe,
    rounded_box,
    spline,
    tube,
    vessel,
)
from shapeshot.data.sources.procedural.plants import add_stems


def mug(rng: np.random.Generator) -> Assembly:
    """A mug or cup with a handle, sometimes on a saucer."""
    assembly, body = (
        Assembly(),
        pick(rng, (materials.ceramic, materials.ceramic, materials.metal, materials.glass))(rng),
    )
    radius, height = float(rng.uniform(0.03, 0.05)), float(rng.uniform(0.05, 0.12))
    rise = np.linspace(0, 1, 10)
    foot = float(rng.uniform(0.5, 1.05))
    profile = radius * (
        foot
        + (1 - foot) * rise ** float(rng.uniform(0.3, 2.0))
        + float(rng.uniform(-0.08, 0.15)) * np.sin(np.pi * rise)
    )
    assembly.add(body, vessel(np.stack([profile, rise * height], 1), 0.0035, 0.006))
    low, high = float(rng.uniform(0.12, 0.3)) * height, float(rng.uniform(0.7, 0.92)) * height
    wide = float(rng.uniform(0.018, 0.035))
    at_low, at_high = np.interp([low, high], rise * height, profile) - 0.002
    style = pick(rng, ("loop", "square", "none"), (6, 2, 1))
    if style != "none":
        ends = [(at_high, high, 0), (at_high + wide, high * 0.98, 0), (at_low + wide, low * 1.05, 0), (at_low, low, 0)]
        path = spline(ends, 12) if style == "loop" else np.array(ends)
        assembly.add(body, tube(path, float(rng.uniform(0.003, 0.006)), 8))
    if chance(rng, 0.2):
        plate = vessel([(radius * 1.1, -0.012), (radius * 1.5, -0.008), (radius * 2.1, 0.006)], 0.004, 0.003)
        assembly.add(body, plate)
    if chance(rng, 0.4):
        assembly.add(
            materials.paint(rng), cylinder(float(np.interp(0.8, rise, profile)) - 0.002, 0.002).at(y=height * 0.8)
        )
    return assembly


def glass(rng: np.random.Generator) -> Assembly:
    """A tumbler, wine glass, goblet or beer glass, of clear or opaque material."""
    assembly, body = Assembly(), pick(rng, (materials.glass, materials.glass, materials.metal, materials.plastic))(rng)
    radius, bowl = float(rng.uniform(0.025, 0.05)), float(rng.uniform(0.06, 0.15))
    rise = np.linspace(0, 1, 12)
    stem = float(rng.uniform(0.04, 0.12)) if chance(rng, 0.5) else 0.0
    if stem:
        cup = radius * np.sin(np.pi * (0.06 + float(rng.uniform(0.45, 0.75)) * rise))
        assembly.add(
            body, lathe([(radius * 0.9, 0), (radius * 0.85, 0.003), (0.006, 0.012), (0.004, stem * 0.6), (0.007, stem)])
        )
    else:
        cup = radius * (
            float(rng.uniform(0.6, 1.0)) * (1 - rise) + rise + float(rng.uniform(-0.1, 0.15)) * np.sin(np.pi * rise)
        )
    assembly.add(body, vessel(np.stack([cup, stem - 0.002 * (stem > 0) + rise * bowl], 1), 0.002, 0.004))
    return assembly


def bottle(rng: np.random.Generator) -> Assembly:
    """A bottle, jar, flask or pump dispenser with label and cap."""
    assembly, body = Assembly(), pick(rng, (materials.glass, materials.plastic, materials.ceramic), (3, 4, 1))(rng)
    radius, height = float(rng.uniform(0.025, 0.055)), float(rng.uniform(0.1, 0.34))
    neck, shoulder = radius * float(rng.uniform(0.25, 0.85)), float(rng.uniform(0.45, 0.85))
    waist = float(rng.uniform(0.75, 1.1)) if chance(rng, 0.4) else 1.0
    knots = [
        (radius * 0.92, 0),
        (radius, 0.06),
        (radius * waist, shoulder * 0.5),
        (radius, shoulder),
        (neck, min(shoulder + float(rng.uniform(0.05, 0.2)), 0.93)),
        (neck, 1.0),
    ]
    profile = spline(knots, 26) * [1.0, height]
    flat = float(rng.uniform(0.45, 0.8)) if chance(rng, 0.25) else 1.0
    sides = int(pick(rng, (28, 28, 28, 4, 6, 8)))
    assembly.add(body, lathe(profile, sides).stretched(z=flat))
    cap = float(rng.uniform(0.01, 0.04))
    trim = materials.plastic(rng)
    if chance(rng, 0.75):
        assembly.add(
            trim,
            cylinder(neck * 1.08, cap, neck * float(rng.uniform(0.7, 1.08))).stretched(z=flat).at(y=height - cap * 0.3),
        )
        if chance(rng, 0.2):
            top = height + cap * 0.6
            assembly.add(
                trim,
                cylinder(0.004, 0.03, sides=8).at(y=top),
                rounded_box(0.045, 0.012, 0.015, 0.004, 2).at(0.012, top + 0.028),
            )
    if chance(rng, 0.6) and flat == 1.0 and sides == 28 and waist == 1.0:
        low, high = np.sort(rng.uniform(0.12, shoulder * 0.95, 2)) * height
        assembly.add(materials.ceramic(rng), cylinder(radius * 1.015, max(float(high - low), 0.02)).at(y=float(low)))
    if chance(rng, 0.12):
        assembly.add(
            body,
            tube(
                spline(
                    [(neck, height * 0.95, 0), (radius * 1.6, height * 0.85, 0), (radius * 0.9, height * 0.45, 0)], 12
                ),
                0.006,
                8,
            ),
        )
    return assembly


def vase(rng: np.random.Generator) -> Assembly:
    """A vase or jug of a random silhouette, possibly ribbed, with or without flowers."""
    assembly, body = (
        Assembly(),
        pick(rng, (materials.ceramic, materials.glass, materials.stone, materials.metal), (4, 1, 1, 1))(rng),
    )
    height, radius = float(rng.uniform(0.12, 0.7)), float(rng.uniform(0.3, 1.0))
    knots = int(rng.integers(4, 7))
    radii = rng.uniform(0.12, 0.5, knots) * radius
    profile = spline(np.stack([radii, np.linspace(0, 1, knots)], 1), 24) * height
    profile[:, 0] = np.maximum(profile[:, 0], 0.06 * height)
    profile[:, 1] = np.maximum.accumulate(profile[:, 1])
    sides = int(pick(rng, (32, 32, 6, 8)))
    assembly.add(body, vessel(profile, 0.02 * height, 0.03 * height, sides))
    if chance(rng, 0.25):
        middle = profile[12]
        handle = spline(
            [
                (profile[20, 0], profile[20, 1], 0),
                (middle[0] + 0.16 * height, (profile[20, 1] + middle[1]) / 2 + 0.1 * height, 0),
                (middle[0], middle[1], 0),
            ],
            12,
        )
        assembly.add_pair(body, tube(handle, 0.02 * height, 8))
    if chance(rng, 0.35):
        add_stems(
            rng, assembly, height * 0.8, height * float(rng.uniform(0.5, 1.3)), profile[-1, 0] * 0.7, flowers=True
        )
    return assembly


def bowl(rng: np.random.Generator) -> Assembly:
    """A bowl, plate, basin or dish, sometimes with fruit."""
    assembly, body = (
        Assembly(),
        pick(rng, (materials.ceramic, materials.wood, materials.glass, materials.metal), (4, 2, 1, 1))(rng),
    )
    radius, height = float(rng.uniform(0.07, 0.2)), float(rng.uniform(0.1, 0.7))
    rise = np.linspace(0, 1, 10)
    curve = float(rng.uniform(0.3, 0.9))
    foot = float(rng.uniform(0.25, 0.6))
    profile = np.stack([radius * (foot + (1 - foot) * rise**curve), rise * radius * height], 1)
    assembly.add(body, vessel(profile, 0.03 * radius + 0.002, 0.05 * radius))
    if chance(rng, 0.3):
        assembly.add(body, cylinder(radius * foot * 0.8, 0.02).at(y=-0.015))
    if chance(rng, 0.3) and height > 0.3:
        fruit = [materials.plastic(rng) for _ in range(2)]
        for angle in rng.uniform(0, 360, int(rng.integers(3, 8))):
            size = radius * float(rng.uniform(0.35, 0.5))
            spot = (
                ellipsoid(size, size * float(rng.uniform(0.85, 1.1)), size)
                .at(radius * 0.45, radius * height * 0.6)
                .turned("y", float(angle))
            )
            assembly.add(pick(rng, fruit), spot)
        assembly.add(fruit[0], ellipsoid(radius * 0.45, radius * 0.45, radius * 0.45).at(y=radius * height * 0.8))
    return assembly


def pan(rng: np.random.Generator) -> Assembly:
    """A pot, pan, kettle or teapot."""
    assembly, body = Assembly(), pick(rng, (materials.metal, materials.ceramic))(rng)
    radius, height = float(rng.uniform(0.08, 0.16)), float(rng.uniform(0.05, 0.2))
    grip = materials.plastic(rng) if chance(rng, 0.5) else body
    rise = np.linspace(0, 1, 9)
    belly = float(rng.uniform(0, 0.3)) * radius
    profile = np.stack([radius * (0.9 + 0.1 * rise) + belly * np.sin(np.pi * rise), rise * height], 1)
    lidded = chance(rng, 0.6)
    assembly.add(body, lathe(profile) if lidded else vessel(profile, 0.004, 0.006))
    if lidded:
        lid = height * float(rng.uniform(0.1, 0.35))
        assembly.add(body, lathe(np.stack([radius * np.sqrt(1.001 - rise**2) * 1.01, height - 0.004 + rise * lid], 1)))
        assembly.add(grip, ellipsoid(0.035, 0.03, 0.035).at(y=height + lid - 0.008))
    style = pick(rng, ("long", "pair", "spout"))
    if style == "long":
        assembly.add(
            grip,
            tube(
                [(radius * 0.95, height * 0.85, 0), (radius + float(rng.uniform(0.12, 0.25)), height * 0.95 + 0.02, 0)],
                0.01,
                8,
            ),
        )
    elif style == "pair":
        loop = spline(
            [
                (radius * 0.95, height * 0.8, -0.04),
                (radius + 0.05, height * 0.85, 0),
                (radius * 0.95, height * 0.8, 0.04),
            ],
            9,
        )
        assembly.add_pair(grip, tube(loop, 0.007, 8))
    else:
        spout = spline(
            [(radius * 0.9, height * 0.3, 0), (radius * 1.5, height * 0.6, 0), (radius * 1.7, height * 1.05, 0)], 10
        )
        assembly.add(body, tube(spout, np.linspace(0.024, 0.01, 10), 9))
        back = spline(
            [(-radius * 0.95, height * 0.85, 0), (-radius * 1.7, height * 0.8, 0), (-radius * 0.95, height * 0.2, 0)],
            12,
        )
        assembly.add(grip, tube(back, 0.009, 8))
    return assembly
