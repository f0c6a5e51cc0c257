"""Cars, trucks, bicycles and carts, as simple as toys."""

from __future__ import annotations

import numpy as np

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.primitives import box, cylinder, ellipsoid, rounded_box, spline, tube
from shapeshot.data.sources.procedural.parts.solids import Solid, loft


def car(rng: np.random.Generator) -> Assembly:
    """A car: a side profile swept across with the cabin drawn in, on four wheels; from hatchback to van."""
    assembly, body = Assembly(), materials.plastic(rng)
    length, width, height = float(rng.uniform(2.7, 4.9)), float(rng.uniform(1.55, 1.9)), float(rng.uniform(1.25, 1.95))
    wheel = float(rng.uniform(0.28, 0.36))
    hood, belt = float(rng.uniform(0.14, 0.3)), height * float(rng.uniform(0.5, 0.62))
    tail, slope = float(rng.uniform(0.0, 0.2)), float(rng.uniform(0.06, 0.16))
    low = wheel * float(rng.uniform(0.6, 0.9))
    hull = rounded_box(width, belt - low, length, float(rng.uniform(0.08, 0.22)), 4).at(y=low)
    assembly.add(body, hull)
    front, rear = length / 2 - hood * length, -length / 2 + max(tail, 0.03) * length
    assembly.add(materials.dark(rng), _cabin(width * 0.96, belt, height - 0.04, front, rear, slope * length, 0.8))
    assembly.add(
        body,
        _cabin(
            width * 0.82, height - 0.08, height, front - slope * length * 0.9, rear + slope * length * 0.55, 0.06, 0.92
        ),
    )
    for along in np.linspace(front - slope * length * 0.5, rear + slope * length * 0.3, int(rng.integers(2, 4))):
        assembly.add(body, box(width * 0.9, height - belt - 0.03, 0.07, taper=0.9).at(0, belt, along))
    _add_wheels(rng, assembly, width, length * float(rng.uniform(0.56, 0.66)), wheel)
    lamps = materials.light(rng)
    assembly.add_pair(lamps, ellipsoid(0.3, 0.14, 0.12).at(width * 0.34, belt * 0.72, length / 2 - 0.03))
    assembly.add_pair(materials.plastic(rng), box(0.2, 0.12, 0.05).at(width * 0.36, belt * 0.72, -length / 2 + 0.01))
    return assembly


def _cabin(width: float, low: float, high: float, front: float, rear: float, slope: float, narrow: float) -> Solid:
    """A frustum above the belt line, z = `rear` to `front`, raked by `slope` and drawn in to `narrow` at the roof."""
    rings = []
    for y, inset, share in (
        (low - 0.02, 0.0, 1.0),
        (low + (high - low) * 0.85, slope * 0.9, narrow),
        (high, slope * 1.2, narrow * 0.9),
    ):
        x, ahead, behind = width / 2 * share, front - inset, rear + inset * 0.6
        rings.append([(x, y, ahead), (-x, y, ahead), (-x, y, behind), (x, y, behind)])
    return loft(np.array(rings))


def _add_wheels(rng: np.random.Generator, assembly: Assembly, width: float, base: float, radius: float) -> None:
    tyre, hub, wide = Material((0.06, 0.06, 0.06), roughness=0.9), materials.metal(rng), float(rng.uniform(0.16, 0.24))
    for z in (-base / 2, base / 2):
        assembly.add_pair(tyre, cylinder(radius, wide, sides=22).turned("z", 90).at(width / 2 + 0.03, radius, z))
        assembly.add_pair(
            hub, cylinder(radius * 0.6, wide * 1.06, sides=14).turned("z", 90).at(width / 2 + 0.04, radius, z)
        )


def truck(rng: np.random.Generator) -> Assembly:
    """A truck, van or bus: cab and cargo body."""
    assembly, body = Assembly(), materials.plastic(rng)
    length, width, height = float(rng.uniform(4.0, 9.0)), float(rng.uniform(1.8, 2.5)), float(rng.uniform(1.9, 3.4))
    wheel, cab, dark = float(rng.uniform(0.35, 0.5)), float(rng.uniform(1.3, 2.0)), materials.dark(rng)
    low, front = wheel * 1.1, length / 2
    cab_height = min(height * float(rng.uniform(0.65, 1.0)), 2.6)
    assembly.add(body, rounded_box(width * 0.97, cab_height - low, cab, 0.12, 3).at(0, low, front - cab / 2))
    assembly.add(dark, box(width * 0.85, cab_height * 0.28, 0.05).at(0, cab_height * 0.62, front - 0.01))
    assembly.add(dark, box(width * 0.98, cab_height * 0.25, cab * 0.5).at(0, cab_height * 0.62, front - cab * 0.45))
    cargo = pick(rng, ("box", "flat", "bus", "tank"), (4, 2, 2, 1))
    long = length - cab - 0.08
    z = -front + long / 2
    assembly.add(dark, box(width * 0.6, 0.2, length * 0.95).at(0, low - 0.1))
    load = materials.paint(rng) if chance(rng, 0.6) else body
    if cargo == "box":
        assembly.add(load, box(width, height - low, long, bevel=0.03).at(0, low, z))
    elif cargo == "tank":
        assembly.add(
            load, cylinder((height - low) / 2, long, sides=24).turned("x", 90).at(0, (height + low) / 2, -front)
        )
    elif cargo == "bus":
        assembly.add(body, rounded_box(width, cab_height - low, long + 0.3, 0.1, 3).at(0, low, z + 0.1))
        for along in np.linspace(-0.42, 0.42, int(rng.integers(3, 7))) * long:
            assembly.add(dark, box(width * 1.01, cab_height * 0.28, long * 0.11).at(0, cab_height * 0.55, z + along))
    else:
        assembly.add(load, box(width, 0.12, long).at(0, low, z), box(width, 0.5, 0.06).at(0, low, -front + 0.03))
        assembly.add_pair(load, box(0.06, 0.5, long).at(width / 2 - 0.03, low, z))
    _add_wheels(rng, assembly, width * 0.85, length * 0.62, wheel)
    return assembly


def bicycle(rng: np.random.Generator) -> Assembly:
    """A bicycle heading for +z: two wheels, a diamond frame, saddle and bars."""
    assembly, body, tyre = Assembly(), materials.plastic(rng), Material((0.07, 0.07, 0.07), roughness=0.9)
    radius, base = float(rng.uniform(0.24, 0.36)), float(rng.uniform(0.9, 1.1))
    turn = 2 * np.pi * np.arange(28) / 28
    thick = float(rng.uniform(0.014, 0.03))
    rear, front = np.array([0, radius, -base / 2]), np.array([0, radius, base / 2])
    steel = materials.metal(rng)
    for middle in (rear, front):
        ring = np.stack([np.zeros(28), radius + radius * np.sin(turn), middle[2] + radius * np.cos(turn)], 1)
        assembly.add(tyre, tube(ring, thick, 7, joined=True))
        assembly.add(steel, cylinder(0.025, 0.1, sides=10).turned("z", 90).at(0.05, radius, middle[2]))
        for angle in np.arange(10) * np.pi / 5:
            assembly.add(steel, tube([middle, middle + radius * np.array([0, np.sin(angle), np.cos(angle)])], 0.003, 4))
    high = radius + float(rng.uniform(0.35, 0.5))
    crank, seat, head = (
        np.array([0, radius * 0.9, -0.06]),
        np.array([0, high, -base * 0.24]),
        np.array([0, high + 0.04, base * 0.34]),
    )
    if chance(rng, 0.3):
        joints = [
            (crank, seat),
            (crank + np.array([0, 0.1, 0.03]), head - [0, 0.08, 0]),
            (rear, crank),
            (rear, seat - [0, 0.1, 0]),
        ]
    else:
        joints = [
            (crank, seat),
            (crank, head - [0, 0.08, 0]),
            (seat - [0, 0.05, 0], head - [0, 0.04, 0]),
            (rear, crank),
            (rear, seat),
        ]
    assembly.add(
        body,
        *(tube([a, b], 0.016, 8) for a, b in joints),
        tube([front, head, head + np.array([0, 0.1, -0.03])], 0.016, 8),
    )
    assembly.add(
        tyre,
        ellipsoid(0.14, 0.07, 0.26).at(0, high + 0.08, seat[2] - 0.02),
        cylinder(0.012, 0.14, sides=8).at(0, high - 0.04, seat[2]),
    )
    grip = float(rng.uniform(0.2, 0.32))
    bars = spline(
        [
            (-grip, head[1] + 0.12, head[2] - 0.12),
            (-grip * 0.5, head[1] + 0.1, head[2]),
            (grip * 0.5, head[1] + 0.1, head[2]),
            (grip, head[1] + 0.12, head[2] - 0.12),
        ],
        14,
    )
    assembly.add(steel, tube(bars, 0.012, 8))
    assembly.add(steel, cylinder(0.09, 0.012, sides=20).turned("z", 90).at(0.04, crank[1], crank[2]))
    for side in (-1, 1):
        assembly.add(
            steel,
            tube([crank + np.array([side * 0.05, 0, 0]), crank + np.array([side * 0.06, -side * 0.14, 0.06])], 0.01, 6),
        )
        assembly.add(tyre, box(0.09, 0.02, 0.07).at(side * 0.1, crank[1] - side * 0.14, crank[2] + 0.06))
    return assembly


def cart(rng: np.random.Generator) -> Assembly:
    """A trolley, pram, wheelbarrow or toy wagon: a tub or tray on wheels with a handle."""
    assembly, body, frame = (
        Assembly(),
        pick(rng, (materials.fabric, materials.plastic, materials.metal))(rng),
        materials.metal(rng),
    )
    length, width = float(rng.uniform(0.5, 1.0)), float(rng.uniform(0.35, 0.6))
    wheel, level, deep = float(rng.uniform(0.05, 0.16)), float(rng.uniform(0.25, 0.6)), float(rng.uniform(0.05, 0.35))
    taper = float(rng.uniform(1.0, 1.35))
    assembly.add(body, box(width * 0.8, deep, length * 0.8, taper=taper).at(y=level))
    for z in (-length * 0.32, length * 0.32):
        assembly.add_pair(frame, tube([(width * 0.42, wheel, z), (width * 0.36, level + 0.02, z * 0.8)], 0.014, 8))
        assembly.add_pair(Material((0.1, 0.1, 0.1)), cylinder(wheel, 0.04).turned("z", 90).at(width * 0.48, wheel, z))
    if chance(rng, 0.5):
        assembly.add(body, box(width * 0.75, 0.03, length * 0.75).at(y=max(wheel * 1.5, level * 0.4)))
    rise = level + deep + float(rng.uniform(0.15, 0.5))
    z = -length * float(rng.uniform(0.5, 0.7))
    assembly.add_pair(frame, tube([(width * 0.38, level, -length * 0.35), (width * 0.4, rise, z)], 0.012, 8))
    assembly.add(frame, tube([(-width * 0.4, rise, z), (width * 0.4, rise, z)], 0.016, 8))
    if chance(rng, 0.3):
        assembly.add(body, ellipsoid(width * 0.85, width * 0.8, length * 0.5).at(0, level + deep * 0.6, -length * 0.25))
    return assembly
