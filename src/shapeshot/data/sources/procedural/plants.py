"""Pots with plants: leaves, crowns, stems and flowers."""

from __future__ import annotations

import numpy as np

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.primitives import box, ellipsoid, sheet, spline, tube, vessel


def planter(rng: np.random.Generator) -> Assembly:
    """A pot or window box with a plant: grassy, leafy, bushy, a little tree, a cactus or a palm."""
    assembly, pot = (
        Assembly(),
        pick(rng, (materials.ceramic, materials.stone, materials.wicker, materials.plastic, materials.wood))(rng),
    )
    radius, high = float(rng.uniform(0.06, 0.28)), float(rng.uniform(0.7, 1.9))
    high *= radius
    boxy = chance(rng, 0.2)
    if boxy:
        long = radius * float(rng.uniform(1.6, 5))
        assembly.add(pot, box(long, high, radius * 1.6, taper=float(rng.uniform(0.95, 1.1))))
    else:
        rise = np.linspace(0, 1, 7)
        profile = np.stack(
            [
                radius
                * (
                    float(rng.uniform(0.55, 1.0)) * (1 - rise)
                    + rise
                    + float(rng.uniform(0, 0.2)) * np.sin(np.pi * rise)
                ),
                rise * high,
            ],
            1,
        )
        assembly.add(pot, vessel(profile, 0.06 * radius, high * 0.75, int(pick(rng, (28, 28, 4, 6)))))
        long = radius * 1.2
    assembly.add(materials.stone(rng), box(long * 0.9, high * 0.1, radius * 1.1).at(y=high * 0.85))
    plant = radius * float(rng.uniform(1.5, 6.0))
    style = pick(rng, ("grass", "leaves", "bush", "tree", "cactus", "flowers", "palm"), (2, 3, 2, 2, 1, 1.5, 1.5))
    for x in np.linspace(-0.35, 0.35, max(1, round(long / radius / 1.6))) * (long if boxy else 0.0):
        growth = Assembly()
        _add_plant(rng, growth, style, high * 0.9, plant, radius)
        for solid, material in growth.pieces:
            assembly.add(material, solid.at(x))
    return assembly


def _add_plant(
    rng: np.random.Generator, assembly: Assembly, style: str, low: float, height: float, radius: float
) -> None:
    green = materials.leaves(rng)
    if style == "flowers":
        add_stems(rng, assembly, low, height * 0.7, radius * 0.6, flowers=True)
    elif style == "grass":
        _add_leaves(
            rng,
            assembly,
            green,
            (0, low, 0),
            height,
            0.12 * radius + 0.01,
            int(rng.integers(9, 22)),
            float(rng.uniform(0.2, 0.9)),
        )
    elif style == "leaves":
        _add_leaves(
            rng,
            assembly,
            green,
            (0, low, 0),
            height * 0.7,
            height * float(rng.uniform(0.1, 0.22)),
            int(rng.integers(7, 16)),
            float(rng.uniform(0.5, 1.2)),
        )
    elif style == "cactus":
        thick = radius * float(rng.uniform(0.35, 0.7))
        assembly.add(green, ellipsoid(2 * thick, height * 0.7, 2 * thick, 0.5).at(y=low))
        for side in range(int(rng.integers(0, 4))):
            level = low + height * float(rng.uniform(0.15, 0.35))
            path = spline([(0, level, 0), (thick * 1.8, level + 0.02, 0), (thick * 2.0, level + height * 0.25, 0)], 9)
            assembly.add(green, tube(path, thick * 0.45, 9).turned("y", 360 * side / 3 + float(rng.uniform(0, 60))))
    elif style == "bush":
        _add_foliage(rng, assembly, green, (0.0, low, 0.0), height * 0.7, int(rng.integers(8, 18)))
    else:
        trunk, bark = height * float(rng.uniform(0.4, 0.75)), materials.wood(rng)
        lean = rng.uniform(-0.1, 0.1, 2) * height
        path = spline(
            [(0, low - 0.02, 0), (lean[0] * 0.2, low + trunk * 0.5, lean[1]), (lean[0], low + trunk, lean[1] * 0.5)], 8
        )
        assembly.add(bark, tube(path, np.linspace(0.1, 0.05, 8) * radius + 0.004, 8))
        top = (float(lean[0]), low + trunk * 0.95, float(lean[1] * 0.5))
        if style == "palm":
            _add_leaves(
                rng,
                assembly,
                green,
                top,
                height * 0.5,
                0.07 * height,
                int(rng.integers(7, 14)),
                float(rng.uniform(0.8, 1.4)),
            )
        else:
            _add_foliage(
                rng, assembly, green, (top[0], top[1] - height * 0.15, top[2]), height * 0.6, int(rng.integers(7, 16))
            )


def _add_foliage(
    rng: np.random.Generator,
    assembly: Assembly,
    green: Material,
    at: tuple[float, float, float],
    size: float,
    count: int,
) -> None:
    """A crown of overlapping blobs within an ellipsoid standing on `at`."""
    for _ in range(count):
        direction = rng.normal(size=3)
        x, y, z = direction / np.linalg.norm(direction) * size * 0.33 * rng.random() ** 0.33
        blob = size * float(rng.uniform(0.25, 0.45))
        assembly.add(
            green,
            ellipsoid(blob, blob * float(rng.uniform(0.6, 1)), blob).at(
                at[0] + x, at[1] + size * 0.4 + y - blob / 3, at[2] + z
            ),
        )


def _add_leaves(
    rng: np.random.Generator,
    assembly: Assembly,
    green: Material,
    at: tuple[float, float, float],
    length: float,
    width: float,
    count: int,
    droop: float,
) -> None:
    """Blades round a point, arching outwards: thin curved sheets, widest near the middle."""
    along = np.linspace(0, 1, 8)
    blade = np.maximum(np.sin(np.pi * (0.04 + 0.92 * along)) ** 0.8, 0.08) * width / 2
    for index in range(count):
        out, long = float(rng.uniform(0.3, 1.0)) * droop, length * float(rng.uniform(0.6, 1.0))
        angle = np.minimum(out * (0.25 + 1.2 * along), 2.6)
        path = np.cumsum(np.stack([np.sin(angle), np.cos(angle)], 1), axis=0) * long / 8
        rows = [
            [(r, h + abs(a) * w * 0.3, a * w) for a in (-1.0, 0.0, 1.0)]
            for (r, h), w in zip(path - path[0], blade, strict=True)
        ]
        leaf = sheet(np.array(rows), max(0.004, width * 0.06)).turned(
            "y", 360 * index / count + float(rng.uniform(-25, 25))
        )
        assembly.add(green, leaf.at(at[0], at[1] - 0.01, at[2]))


def add_stems(
    rng: np.random.Generator, assembly: Assembly, low: float, height: float, spread: float, flowers: bool
) -> None:
    """Stems that spread from the axis at y = `low` up to `height` above it, with blossoms where `flowers`."""
    green, bloom = materials.leaves(rng), materials.plastic(rng)
    for _ in range(int(rng.integers(3, 9))):
        x, z = rng.uniform(-1, 1, 2) * (spread + height * 0.25)
        top = low + height * float(rng.uniform(0.6, 1.0))
        path = spline([(0, low - height * 0.2, 0), (x * 0.3, (low + top) / 2, z * 0.3), (x, top, z)], 7)
        assembly.add(green, tube(path, 0.006 * height + 0.002, 6))
        if flowers:
            size = height * float(rng.uniform(0.1, 0.22))
            assembly.add(bloom, ellipsoid(size, size * float(rng.uniform(0.4, 1)), size).at(x, top - size * 0.3, z))
