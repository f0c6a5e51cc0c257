"""What furniture stands on: legs, stretchers, sleds, pedestals, star bases, plinths, casters."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.primitives import (
    beam,
    box,
    cylinder,
    ellipsoid,
    lathe,
    leg,
    prism,
    spline,
    superellipse,
    tube,
)
from shapeshot.data.sources.procedural.parts.solids import Solid


def add_four_legs(
    rng: np.random.Generator,
    assembly: Assembly,
    material: Material,
    width: float,
    depth: float,
    height: float,
    thickness: tuple[float, float] = (0.022, 0.05),
    stretchers: float = 0.35,
) -> None:
    """Four legs under a `width` x `depth` rectangle: square, round, turned, tapered, splayed, or bent (sabre).

    stretchers: probability of bars between them.
    """
    size = min(float(rng.uniform(*thickness)), 0.3 * min(width, depth))
    style = pick(rng, ("square", "round", "turned", "sabre"), (5, 4, 1.2, 0.8))
    taper = float(rng.uniform(0.4, 1.0)) if chance(rng, 0.6) else 1.0
    splay = np.array([rng.uniform(0.0, 0.22), rng.uniform(0.0, 0.22)]) * height if chance(rng, 0.45) else np.zeros(2)
    inset = size / 2 + (rng.uniform(0.0, 0.15) * min(width, depth) if chance(rng, 0.4) else 0.0)
    tops = [(x * (width / 2 - inset), z * (depth / 2 - inset)) for x in (-1, 1) for z in (-1, 1)]
    feet = [(x + np.sign(x) * splay[0], z + np.sign(z) * splay[1]) for x, z in tops]
    profile = turned_profile(rng, size / 2, height) if style == "turned" else None
    for (top_x, top_z), (foot_x, foot_z) in zip(tops, feet, strict=True):
        if profile is not None:
            assembly.add(material, lathe(profile, 12).at(top_x, 0.0, top_z))
        elif style == "sabre":
            middle = (top_x * 0.9 + foot_x * 0.1, height * 0.5, top_z * 0.9 + foot_z * 0.1)
            path = spline([(foot_x, size * 0.3, foot_z), middle, (top_x, height, top_z)], 7)
            assembly.add(material, tube(path, np.linspace(size * taper, size, 7) / 2, 8))
        else:
            roundness = 0.0 if style == "square" else float(rng.uniform(0.6, 1.0))
            ends = (foot_x, 0.0, foot_z), (top_x, height, top_z)
            assembly.add(material, leg(*ends, (size * taper, size * taper), (size, size), roundness))
    if chance(rng, stretchers):
        _add_stretchers(
            rng, assembly, material, np.array(tops), np.array(tops if profile is not None else feet), height, size
        )


def _add_stretchers(
    rng: np.random.Generator,
    assembly: Assembly,
    material: Material,
    tops: Float[np.ndarray, "legs 2"],
    feet: Float[np.ndarray, "legs 2"],
    height: float,
    size: float,
) -> None:
    level = float(rng.uniform(0.15, 0.5))
    corners = {name: [*spot, level * height] for name, spot in zip("abcd", feet + (tops - feet) * level, strict=True)}
    points = {name: (x, y, z) for name, (x, z, y) in corners.items()}
    pairs = pick(rng, ("ab cd", "ab cd ac bd", "ac bd", "ad bc", "ab cd +"), (3, 3, 1, 1, 2))
    bar = size * float(rng.uniform(0.4, 0.8))
    for pair in pairs.replace(" +", "").split():
        assembly.add(material, beam(points[pair[0]], points[pair[1]], bar, bar * float(rng.uniform(0.5, 1.0))))
    if pairs.endswith("+"):
        left = (np.array(points["a"]) + points["b"]) / 2
        assembly.add(material, beam(left, left * [-1, 1, 1], bar, bar))


def turned_profile(rng: np.random.Generator, radius: float, height: float) -> Float64[np.ndarray, "points 2"]:
    """A woodturner's (radius, y) profile with beads, coves and a taper: legs, lamp bases, balusters."""
    knots = int(rng.integers(4, 9))
    radii = radius * rng.uniform(0.45, 1.0, knots)
    radii[-1] = radius
    heights = np.linspace(0.0, height, knots)
    heights[1:-1] += rng.uniform(-0.3, 0.3, knots - 2) * height / knots
    profile = spline(np.stack([radii, heights], axis=1), knots * 4)
    return np.stack([np.maximum(profile[:, 0], radius * 0.25), np.maximum.accumulate(profile[:, 1])], axis=1)


def add_star_base(
    rng: np.random.Generator, assembly: Assembly, material: Material, radius: float, height: float
) -> None:
    """A swivel column on four to six arms, with casters or glides."""
    arms, casters = int(pick(rng, (4, 5, 5, 5, 6))), chance(rng, 0.65)
    wheel = float(rng.uniform(0.02, 0.035)) if casters else 0.008
    hub, bar = float(rng.uniform(0.03, 0.05)), float(rng.uniform(0.025, 0.05))
    rise = float(rng.uniform(0.0, 0.08)) * height
    for angle in np.radians(360 * np.arange(arms) / arms + rng.uniform(0, 72)):
        x, z = radius * np.cos(angle), radius * np.sin(angle)
        start, end = (0.0, 2 * wheel + rise + bar, 0.0), (x, 2 * wheel + bar * 0.4, z)
        assembly.add(material, tube([start, end], np.array([bar * 0.7, bar * 0.4]), 8))
        foot = ellipsoid(wheel * 1.6, wheel * 2, wheel * 1.6) if casters else cylinder(0.02, bar, sides=8)
        assembly.add(material, foot.at(x * 0.96, 0.0, z * 0.96))
    split = float(rng.uniform(0.4, 0.8)) * height
    assembly.add(material, cylinder(hub, split - 2 * wheel, sides=14).at(y=2 * wheel))
    assembly.add(material, cylinder(hub * float(rng.uniform(0.5, 0.9)), height - split, sides=14).at(y=split))


def add_pedestal(
    rng: np.random.Generator, assembly: Assembly, material: Material, radius: float, height: float
) -> None:
    """One column: a trumpet, a turned post or a pole on a round, square or three- to five-toed foot."""
    style = pick(rng, ("trumpet", "turned", "plate", "toes"), (2, 2, 3, 2))
    post = float(rng.uniform(0.02, 0.06)) * (0.6 + height)
    if style == "trumpet":
        rise = np.linspace(0, 1, 12)
        flare = (
            post
            + (radius - post) * (1 - rise) ** float(rng.uniform(2.5, 6))
            + post * rise**6 * float(rng.uniform(0, 3))
        )
        assembly.add(material, lathe(np.stack([flare, rise * height], 1)))
        return
    if style == "turned":
        assembly.add(material, lathe(turned_profile(rng, post * float(rng.uniform(1.2, 2)), height), 18))
    else:
        assembly.add(material, cylinder(post, height, post * float(rng.uniform(0.6, 1.1)), sides=16))
    if style == "toes":
        toes = int(rng.integers(3, 6))
        for angle in 360 * np.arange(toes) / toes + rng.uniform(0, 90):
            path = spline(
                [(0, height * 0.3, 0), (radius * 0.5, height * rng.uniform(0.06, 0.25), 0), (radius, post * 0.6, 0)], 8
            )
            assembly.add(material, tube(path, np.linspace(post * 0.7, post * 0.4, 8), 8).turned("y", angle))
        return
    thick = float(rng.uniform(0.012, 0.05))
    exponent = pick(rng, (1.0, 1.0, 0.2, 0.1))
    assembly.add(material, prism(superellipse(2 * radius, 2 * radius, exponent), thick))


def add_sled(
    rng: np.random.Generator, assembly: Assembly, material: Material, width: float, depth: float, height: float
) -> None:
    """Two closed or U-shaped side frames of tube or flat bar."""
    bar = float(rng.uniform(0.008, 0.018)) * (1 + 0.5 * width)
    x, lean = width / 2 - bar, float(rng.uniform(0.0, 0.15)) * depth
    z = depth / 2 - bar
    if chance(rng, 0.5):
        corner = bar * float(rng.uniform(1.5, 4))
        path = [
            (x, height, z - lean),
            (x, bar + corner, z),
            (x, bar, z - corner),
            (x, bar, corner - z),
            (x, bar + corner, -z),
            (x, height, lean - z),
        ]
        assembly.add_pair(material, tube(path, bar, 8))
    else:
        for start, end in [((z - lean, height), (z, 0.0)), ((z, bar), (-z, bar)), ((-z, 0.0), (lean - z, height))]:
            assembly.add_pair(material, beam((x, start[1], start[0]), (x, end[1], end[0]), bar * 2, bar * 2))
    if chance(rng, 0.5):
        for side in (-1, 1):
            assembly.add(
                material, beam((-x, height - bar, side * (z - lean)), (x, height - bar, side * (z - lean)), bar, bar)
            )


def add_trestle(
    rng: np.random.Generator, assembly: Assembly, material: Material, width: float, depth: float, height: float
) -> None:
    """Two end frames (panels, A, X or T) and usually a bar between them."""
    x = width / 2 * float(rng.uniform(0.6, 0.92))
    size, z = float(rng.uniform(0.04, 0.08)), depth / 2 * float(rng.uniform(0.7, 0.95))
    style = pick(rng, ("panel", "A", "X", "T"))
    if style == "panel":
        assembly.add_pair(material, box(size * 0.7, height, 2 * z, taper=float(rng.uniform(0.8, 1.0))).at(x))
    elif style == "T":
        assembly.add_pair(
            material, box(size, height, size * float(rng.uniform(1, 4))).at(x), box(size, size, 2 * z, bevel=0.01).at(x)
        )
        assembly.add_pair(material, box(size, size, 1.6 * z).at(x, height - size))
    else:
        near = z * 0.25 if style == "A" else -z
        for side in (-1, 1):
            ends = (x, size * 0.4, side * z), (x, height - size * 0.2, side * near)
            assembly.add_pair(material, beam(*ends, size, size * 0.7))
    if chance(rng, 0.75):
        level = height * float(rng.uniform(0.15, 0.6))
        assembly.add(material, beam((-x, level, 0), (x, level, 0), size, size * 0.6))


def short_feet(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Solid]:
    """Four (or six) little feet under case furniture and sofas."""
    size = float(rng.uniform(0.025, 0.07))
    x, z = width / 2 - size * float(rng.uniform(0.5, 1.2)), depth / 2 - size * float(rng.uniform(0.5, 1.2))
    style = pick(rng, ("block", "cone", "bun", "splayed"))
    makers = {
        "block": lambda: box(size, height, size),
        "cone": lambda: cylinder(size * 0.3, height, size * 0.6, 10),
        "bun": lambda: ellipsoid(size * 1.2, height, size * 1.2),
        "splayed": lambda: leg((0, 0, 0), (0, height, 0), (size * 0.5, size * 0.5), (size, size), 1.0),
    }
    spots = [-x, x] if width < 1.8 else [-x, 0.0, x]
    return [makers[style]().at(spot_x, 0.0, spot_z) for spot_x in spots for spot_z in (-z, z)]
