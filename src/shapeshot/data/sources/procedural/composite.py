"""The catch-all kind: primitives stacked, joined, mirrored, arrayed and turned, like nothing in particular."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.primitives import (
    box,
    cylinder,
    ellipsoid,
    lathe,
    panel,
    prism,
    rounded_box,
    sheet,
    spline,
    superellipse,
    tube,
    vessel,
)
from shapeshot.data.sources.procedural.parts.solids import Solid
from shapeshot.data.sources.procedural.parts.supports import turned_profile


def composite(rng: np.random.Generator) -> Assembly:
    """Two to nine random primitives grown onto each other, with a random symmetry."""
    assembly = Assembly()
    palette = [materials.anything(rng) for _ in range(int(rng.integers(1, 5)))]
    whole = float(np.exp(rng.uniform(np.log(0.15), np.log(2.0))))
    symmetry = pick(rng, ("mirror", "turn", "row", "none"), (4, 2, 1.5, 2))
    copies, pitch = int(rng.integers(3, 7)), whole * float(rng.uniform(0.3, 0.8))
    size = whole * rng.uniform(0.4, 1.0, 3)
    anchor = primitive(rng, *size)
    # Rows repeat their first piece too, or the copies of what grows on it would float.
    _add_copies(assembly, pick(rng, palette), anchor, symmetry if symmetry == "row" else "none", copies, pitch)
    for _ in range(int(rng.integers(1, 9))):
        part = primitive(rng, *(whole * np.exp(rng.uniform(np.log(0.06), np.log(0.8), 3))))
        if chance(rng, 0.3):
            part = part.turned(pick(rng, "xyz"), float(rng.choice([90, 45, 30, rng.uniform(0, 180)])))
        part = _attached(rng, part, anchor)
        _add_copies(assembly, pick(rng, palette), part, symmetry, copies, pitch)
        if chance(rng, 0.5):
            anchor = part
    return assembly


def _attached(rng: np.random.Generator, part: Solid, anchor: Solid) -> Solid:
    """`part` moved so that it sits on a random side of `anchor`'s bounding box, sunk in a little."""
    low, high = anchor.bounds
    own_low, own_high = part.bounds
    target = low + (high - low) * rng.choice([0.5, 0.5, 0.5, 0.35, 0.65], 3)
    offset = target - (own_low + own_high) / 2
    axis = int(pick(rng, (0, 1, 1, 2)))
    sunk = 0.15 * min(float(own_high[axis] - own_low[axis]), float(high[axis] - low[axis]))
    offset[axis] = high[axis] - own_low[axis] - sunk if chance(rng, 0.65) else low[axis] - own_high[axis] + sunk
    return part.at(*offset)


def _add_copies(assembly: Assembly, material: Material, part: Solid, symmetry: str, copies: int, pitch: float) -> None:
    if symmetry == "mirror":
        assembly.add_pair(material, part)
    elif symmetry == "turn":
        assembly.add(material, *(part.turned("y", 360 * index / copies) for index in range(copies)))
    elif symmetry == "row":
        assembly.add(material, *(part.at((index - 1) * pitch) for index in range(3)))
    else:
        assembly.add(material, part)


def primitive(rng: np.random.Generator, width: float, height: float, depth: float) -> Solid:
    """Any primitive with roughly this bounding box."""
    side, small = (width + depth) / 4, min(width, height, depth)
    makers = {
        "box": lambda: box(
            width, height, depth, bevel=small * float(rng.choice([0.0, 0.0, 0.2])), taper=float(rng.uniform(0.3, 1.3))
        ),
        "rounded": lambda: rounded_box(width, height, depth, small * float(rng.uniform(0.1, 0.49)), 3),
        "cylinder": lambda: cylinder(
            side, height, side * float(rng.uniform(0.05, 1.2)), int(pick(rng, (24, 24, 3, 5, 6, 8)))
        ).stretched(z=depth / width),
        "ellipsoid": lambda: ellipsoid(
            width, height, depth, float(rng.uniform(0.3, 1.6)), float(rng.uniform(0.3, 1.6))
        ),
        "lathe": lambda: lathe(turned_profile(rng, side, height), 24),
        "vessel": lambda: vessel(_silhouette(rng, side, height), side * 0.12, height * 0.1, 24),
        "blade": lambda: prism(_blob(rng, width, depth), min(height, small * 2)),
        "panel": lambda: panel(
            _blob(rng, width, height) + np.array([0, height / 2]), depth * float(rng.uniform(0.1, 1.0))
        ),
        "extruded": lambda: prism(superellipse(width, depth, float(rng.uniform(0.1, 2.0))), height),
        "tube": lambda: tube(
            spline(rng.uniform(-0.5, 0.5, (4, 3)) * [width, height, depth], 16),
            small * float(rng.uniform(0.05, 0.2)),
            9,
        ),
        "arch": lambda: tube(
            spline([(-width / 2, 0, 0), (-width / 3, height, 0), (width / 3, height, 0), (width / 2, 0, 0)], 14),
            small * 0.12,
            8,
        ),
        "sheet": lambda: sheet(_saddle(rng, width, height, depth), small * float(rng.uniform(0.05, 0.2))),
    }
    return makers[pick(rng, list(makers))]()


def _silhouette(rng: np.random.Generator, radius: float, height: float) -> Float64[np.ndarray, "points 2"]:
    profile = spline(np.stack([rng.uniform(0.4, 1.0, 4) * radius, np.linspace(0, height, 4)], 1), 14)
    return np.stack([np.maximum(profile[:, 0], 0.25 * radius), np.maximum.accumulate(profile[:, 1])], 1)


def _blob(rng: np.random.Generator, width: float, depth: float) -> Float64[np.ndarray, "points 2"]:
    """A random star-shaped outline: a polygon, or a smooth curve."""
    corners = int(rng.integers(3, 9))
    turn = 2 * np.pi * (np.arange(corners) + rng.uniform(-0.25, 0.25, corners)) / corners
    ring = np.stack([np.cos(turn) * width / 2, np.sin(turn) * depth / 2], 1) * rng.uniform(0.5, 1.0, (corners, 1))
    return spline(ring, corners * 5, joined=True) if chance(rng, 0.5) and corners > 4 else ring


def _saddle(
    rng: np.random.Generator, width: float, height: float, depth: float
) -> Float64[np.ndarray, "rows columns 3"]:
    across, along = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9))
    bend = rng.uniform(-0.5, 0.5, 3)
    rise = height * (0.5 + bend[0] * across**2 + bend[1] * along**2 + bend[2] * across * along)
    return np.stack([across * width / 2, rise, along * depth / 2], axis=-1)
