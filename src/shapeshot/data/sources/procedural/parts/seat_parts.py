"""What chairs, stools, benches and armchairs share beside their backs: seats, arms, buckets."""

from __future__ import annotations

import numpy as np

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.primitives import (
    box,
    cushion,
    cylinder,
    panel,
    prism,
    rounded_box,
    sheet,
    spline,
    strip,
    superellipse,
    tube,
)
from shapeshot.data.sources.procedural.parts.solids import Solid


def add_seat(
    rng: np.random.Generator,
    assembly: Assembly,
    material: Material,
    width: float,
    depth: float,
    top: float,
    thick: float,
) -> None:
    """A seat whose upper side is at y = `top`: a board, a cushion, round, wider in front, or of slats."""
    style = pick(rng, ("board", "cushion", "round", "trapezoid", "slats"), (4, 3, 2, 2, 1))
    if style == "cushion":
        assembly.add(material, cushion(width, thick, depth, float(rng.uniform(0.15, 0.5))).at(y=top - thick))
    elif style == "round":
        assembly.add(
            material, prism(superellipse(width, depth, float(rng.uniform(0.35, 1.0))), thick).at(y=top - thick)
        )
    elif style == "trapezoid":
        back = width * float(rng.uniform(0.7, 0.95)) / 2
        outline = [(-width / 2, depth / 2), (width / 2, depth / 2), (back, -depth / 2), (-back, -depth / 2)]
        assembly.add(material, prism(outline, thick).at(y=top - thick))
    elif style == "slats":
        count = int(rng.integers(3, 8))
        pitch = depth / count
        for i in range(count):
            slat = box(width, min(thick, 0.025), pitch * 0.8)
            assembly.add(material, slat.at(y=top - min(thick, 0.025), z=-depth / 2 + (i + 0.5) * pitch))
        assembly.add_pair(material, box(0.03, thick, depth).at(width / 2 - 0.03, top - thick - 0.002))
    else:
        assembly.add(material, rounded_box(width, thick, depth, float(rng.uniform(0.003, 0.03)), 2).at(y=top - thick))


def add_arms(
    rng: np.random.Generator,
    assembly: Assembly,
    material: Material,
    width: float,
    depth: float,
    seat: float,
    top: float,
) -> None:
    """A pair of arm rests at height `top` from the back to a post in front that rises from the seat."""
    x, bar = width / 2 + float(rng.uniform(-0.01, 0.02)), float(rng.uniform(0.02, 0.05))
    front = depth / 2 * float(rng.uniform(0.4, 0.95))
    dip = float(rng.uniform(-0.03, 0.04))
    path = spline(
        [
            (x, top + dip, -depth / 2 - 0.03),
            (x + 0.01, top + 0.01, 0.0),
            (x + float(rng.uniform(-0.02, 0.04)), top, front),
        ],
        8,
    )
    assembly.add_pair(material, strip(path, bar, bar * 0.5) if chance(rng, 0.6) else tube(path, bar / 2, 8))
    assembly.add_pair(material, tube([(x - 0.01, seat - 0.03, front * 0.9), (x, top, front * 0.92)], bar * 0.35, 7))


def add_block_arm(
    rng: np.random.Generator,
    assembly: Assembly,
    material: Material,
    x: float,
    arm: float,
    heights: tuple[float, float],
    depth: float,
) -> None:
    """A pair of upholstered arms at +-x: square, rounded, flared, scrolled or sloping."""
    low, top = heights
    style = pick(rng, ("square", "round", "scroll", "slope"), (3, 3, 2, 1.5))
    if style == "slope":
        front = low + (top - low) * float(rng.uniform(0.55, 0.9))
        outline = [(-depth / 2, low), (depth / 2, low), (depth / 2, front), (-depth / 2, top)]
        side = panel(outline, arm).turned("y", -90).at(x + arm / 2)
    else:
        side = rounded_box(arm, top - low, depth, arm * (0.12 if style == "square" else 0.45), 3).at(x, low)
    assembly.add_pair(material, side)
    if style == "scroll":
        roll = arm * float(rng.uniform(0.55, 0.7))
        assembly.add_pair(
            material,
            cylinder(roll, depth * 1.01, sides=16).turned("x", 90).at(x + arm * 0.12, top - roll * 0.6, -depth / 2),
        )


def bucket(rng: np.random.Generator, width: float, depth: float, seat: float, top: float) -> Solid:
    """The sheet of a bucket seat: a side profile swept across, its edges raised into sides that may become arms."""
    recline, dish = float(rng.uniform(0.05, 0.2)), float(rng.uniform(0.0, 0.05))
    sides, armrest = float(rng.uniform(0.02, 0.1)), float(rng.uniform(0.0, 0.2)) if chance(rng, 0.4) else 0.0
    knots = [
        (depth / 2, seat - 0.03),
        (depth * 0.35, seat),
        (-depth * 0.2, seat - dish),
        (-depth * 0.42, seat + 0.06),
        (-depth / 2 - recline * 0.5, (seat + top) / 2),
        (-depth / 2 - recline, top),
    ]
    profile = spline(knots, 18)
    along = np.linspace(0, 1, 18)
    half = width / 2 * (1 - float(rng.uniform(0, 0.35)) * np.clip(along - 0.5, 0, 1) * 2) * np.sqrt(1 - 0.7 * along**8)
    rows = []
    for (z, y), reach, t in zip(profile, half, along, strict=True):
        across = np.linspace(-1, 1, 11)
        rise = np.abs(across) ** 2.5 * (sides + armrest * np.exp(-(((t - 0.45) / 0.18) ** 2)))
        backness = np.clip((t - 0.4) * 3, 0, 1)
        rows.append(np.stack([across * reach, y + rise * (1 - backness), z + rise * backness], axis=1))
    return sheet(np.array(rows), float(rng.uniform(0.01, 0.045)))
