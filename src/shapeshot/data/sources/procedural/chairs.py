"""Dining chairs: framed, shell, cantilever, folding."""

from __future__ import annotations

import numpy as np

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts import materials
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.backs import add_back
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.primitives import (
    beam,
    box,
    rounded_box,
    spline,
    tube,
)
from shapeshot.data.sources.procedural.parts.seat_parts import add_arms, add_seat, bucket
from shapeshot.data.sources.procedural.parts.supports import add_four_legs, add_pedestal, add_sled, add_star_base


def chair(rng: np.random.Generator) -> Assembly:
    """A dining chair: frame with a separate back, a bucket shell, or a cantilever."""
    assembly = Assembly()
    width, depth = float(rng.uniform(0.38, 0.54)), float(rng.uniform(0.38, 0.52))
    seat, total = float(rng.uniform(0.40, 0.49)), float(rng.uniform(0.70, 1.12))
    frame, soft = materials.frame(rng), pick(rng, (materials.upholstery, materials.structure, materials.plastic))(rng)
    build = pick(rng, (_framed_chair, _shell_chair, _cantilever_chair, _folding_chair), (6, 2, 1, 0.7))
    build(rng, assembly, frame, soft, (width, depth, seat, total))
    return assembly


def _framed_chair(
    rng: np.random.Generator,
    assembly: Assembly,
    frame: Material,
    soft: Material,
    size: tuple[float, float, float, float],
) -> None:
    width, depth, seat, total = size
    thick = float(rng.uniform(0.02, 0.09))
    add_four_legs(rng, assembly, frame, width, depth, seat - thick, (0.025, 0.048))
    if chance(rng, 0.4):
        apron = float(rng.uniform(0.03, 0.08))
        assembly.add(frame, box(width * 0.92, apron, depth * 0.92).at(y=seat - thick - apron))
    add_seat(rng, assembly, soft if chance(rng, 0.6) else frame, width, depth, seat, thick)
    add_back(rng, assembly, frame, soft, width, depth, seat - thick * 0.5, total)
    if chance(rng, 0.28):
        add_arms(rng, assembly, frame, width, depth, seat, seat + float(rng.uniform(0.15, 0.26)))


def _shell_chair(
    rng: np.random.Generator,
    assembly: Assembly,
    frame: Material,
    soft: Material,
    size: tuple[float, float, float, float],
) -> None:
    """A bucket: one curved sheet runs from the seat's front edge up the back."""
    width, depth, seat, total = size
    assembly.add(soft, bucket(rng, width * 1.1, depth * 1.05, seat, min(total, 0.95)))
    height = seat - float(rng.uniform(0.005, 0.02))
    base = pick(rng, ("legs", "sled", "star", "pedestal"), (4, 2, 1.5, 1))
    if base == "legs":
        add_four_legs(rng, assembly, frame, width * 0.7, depth * 0.7, height, (0.015, 0.035))
    elif base == "sled":
        add_sled(rng, assembly, frame, width * 0.95, depth * 0.8, height)
    elif base == "star":
        add_star_base(rng, assembly, frame, width * 0.55, height)
    else:
        add_pedestal(rng, assembly, frame, width * 0.5, height)


def _cantilever_chair(
    rng: np.random.Generator,
    assembly: Assembly,
    frame: Material,
    soft: Material,
    size: tuple[float, float, float, float],
) -> None:
    """Bent tubes: along the floor, up in front, back under the seat and up behind."""
    width, depth, seat, total = size
    radius, x, z = float(rng.uniform(0.01, 0.016)), width / 2, depth / 2
    lean = float(rng.uniform(0.02, 0.12))
    path = spline(
        [
            (x, radius, -z),
            (x, radius, z * 0.8),
            (x, 0.06, z),
            (x, seat - 0.06, z),
            (x, seat, z * 0.85),
            (x, seat, -z * 0.7),
            (x, seat + 0.06, -z),
            (x, total, -z - lean),
        ],
        28,
    )
    assembly.add_pair(frame, tube(path, radius, 8))
    assembly.add(frame, tube([(-x, radius, -z), (x, radius, -z)], radius, 8))
    thick = float(rng.uniform(0.02, 0.07))
    assembly.add(soft, rounded_box(width, thick, depth * 0.9, thick * 0.3, 2).at(y=seat))
    height = (total - seat) * float(rng.uniform(0.35, 0.8))
    back = rounded_box(width, height, thick, thick * 0.3, 2).turned("x", -np.degrees(np.arctan(lean / (total - seat))))
    share = (total - height - seat) / (total - seat)
    assembly.add(soft, back.at(y=total - height, z=-z - lean * share))
    if chance(rng, 0.4):
        add_arms(rng, assembly, frame, width, depth, seat, seat + 0.2)


def _folding_chair(
    rng: np.random.Generator,
    assembly: Assembly,
    frame: Material,
    soft: Material,
    size: tuple[float, float, float, float],
) -> None:
    """Crossed legs: one pair runs on to become the back; slats or canvas."""
    width, depth, seat, total = size
    bar, lean = float(rng.uniform(0.018, 0.035)), float(rng.uniform(0.05, 0.15))
    x, z = width / 2, depth / 2
    assembly.add_pair(frame, beam((x, 0, z), (x, total, -z - lean), bar, bar))
    assembly.add_pair(frame, beam((x - bar * 1.1, 0, -z), (x - bar * 1.1, seat, z * 0.9), bar, bar))
    add_seat(rng, assembly, soft, width - bar, depth, seat, 0.025)
    for share in np.linspace(float(rng.uniform(0.6, 0.8)), 0.98, int(rng.integers(1, 5))):
        spot = np.array([0, total * share, z + (-2 * z - lean) * share])
        assembly.add(
            soft, beam(spot - np.array([x, 0, 0]), spot + np.array([x, 0, 0]), float(rng.uniform(0.04, 0.09)), 0.012)
        )
    for level in (0.15, 0.35):
        assembly.add(
            frame,
            beam(
                (-x, total * level, z - (2 * z + lean) * level),
                (x, total * level, z - (2 * z + lean) * level),
                bar,
                bar / 2,
            ),
        )
