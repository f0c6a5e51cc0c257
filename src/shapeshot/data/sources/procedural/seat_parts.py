"""What chairs, stools, benches and armchairs share: seats, backs, arms, buckets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.assembly import Assembly
from shapeshot.data.sources.procedural.choices import chance, pick
from shapeshot.data.sources.procedural.primitives import (
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
from shapeshot.data.sources.procedural.solids import Solid


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


def add_back(
    rng: np.random.Generator,
    assembly: Assembly,
    frame: Material,
    soft: Material,
    width: float,
    depth: float,
    low: float,
    high: float,
) -> None:
    """A back leaning backwards: two posts with something between them, or one panel without posts."""
    lean, post = float(rng.uniform(0.02, 0.16)), float(rng.uniform(0.02, 0.045))
    bow, hollow = float(rng.uniform(-0.01, 0.05)), float(rng.uniform(0.0, 0.06))
    foot = -depth / 2 + post / 2
    span = (width - post) * float(rng.uniform(0.85, 1.08))

    def point(across: float, up: float) -> tuple[float, float, float]:
        """across runs from -1 to 1, up from 0 at the seat to 1 at the top."""
        x = across * ((width - post) * (1 - up) + span * up) / 2
        return x, low + up * (high - low), foot - lean * up - bow * np.sin(np.pi * up) - hollow * (1 - across**2)

    def bent(up: float, across: float = 1.0) -> np.ndarray:
        return np.array([point(a, up) for a in np.linspace(-across, across, 7)])

    style = pick(
        rng,
        ("ladder", "spindles", "panel", "cushion", "splat", "hoop", "cross", "plain"),
        (3, 3, 3, 2.5, 1.5, 1.5, 0.8, 2),
    )
    if style in ("panel", "plain") and chance(rng, 0.5):
        _add_panel_back(rng, assembly, soft if chance(rng, 0.6) else frame, point)
        return
    if style == "hoop":
        arch = spline(
            [
                point(-1, 0),
                point(-1, 0.55),
                point(-0.6, 0.95),
                point(0, 1),
                point(0.6, 0.95),
                point(1, 0.55),
                point(1, 0),
            ],
            20,
        )
        assembly.add(frame, tube(arch, post / 2, 8))
    else:
        path = np.array([point(1, up) for up in np.linspace(-0.05, 1, 6)])
        assembly.add_pair(frame, tube(path, post / 2, 8) if chance(rng, 0.5) else strip(path, post, post * 0.8))
    reach = 0.93 if style == "hoop" else 1.0
    if style != "hoop":
        rail = float(rng.uniform(0.03, 0.12))
        assembly.add(frame, strip(bent(1 - rail / (high - low) / 2), rail, float(rng.uniform(0.012, 0.03))))
    if style == "ladder":
        for up in np.linspace(float(rng.uniform(0.15, 0.5)), 0.8, int(rng.integers(1, 5))):
            assembly.add(frame, strip(bent(up), float(rng.uniform(0.02, 0.07)), 0.015))
    elif style in ("spindles", "hoop"):
        for across in np.linspace(-0.8, 0.8, int(rng.integers(3, 9))):
            top = reach * (np.sqrt(1 - 0.75 * across**2) if style == "hoop" else 0.97)
            assembly.add(
                frame, tube([point(across, 0.0), point(across, top * 0.5), point(across, top)], post * 0.25, 6)
            )
    elif style == "splat":
        wide = float(rng.uniform(0.06, 0.16))
        path = np.array([point(0, up) for up in np.linspace(0, 0.97, 9)])
        waist = wide * (1 + float(rng.uniform(0, 0.6)) * np.sin(np.linspace(0, float(rng.uniform(3, 10)), 9)))
        assembly.add(frame, strip(path, waist, 0.014))
    elif style == "cross":
        for side in (-1, 1):
            assembly.add(frame, tube([point(-side, 0.1), point(0, 0.5), point(side, 0.9)], post * 0.35, 6))
    elif style in ("panel", "cushion"):
        below, above = float(rng.uniform(0.05, 0.4)), float(rng.uniform(0.85, 0.97))
        grid = np.array([bent(up, 0.97) for up in np.linspace(below, above, 6)])
        assembly.add(
            soft, sheet(grid, float(rng.uniform(0.012, 0.025) if style == "panel" else rng.uniform(0.04, 0.08)))
        )


def _add_panel_back(
    rng: np.random.Generator,
    assembly: Assembly,
    material: Material,
    point: Callable[[float, float], tuple[float, float, float]],
) -> None:
    low, thick, round_top = (
        float(rng.choice([0.0, 0.0, 0.3])),
        float(rng.uniform(0.012, 0.06)),
        float(rng.uniform(0, 0.9)),
    )
    rows = []
    for up in np.linspace(0, 1, 9):
        half = 1 - round_top * up**3 * 0.6
        rows.append([point(across * half, low + up * (1 - low)) for across in np.linspace(-1, 1, 9)])
    assembly.add(material, sheet(np.array(rows), thick))
    if low:
        assembly.add_pair(material, tube([point(0.4, -0.03), point(0.4, low + 0.1)], 0.012, 6))


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
