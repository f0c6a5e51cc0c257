"""Backs of chairs, armchairs and benches: two posts or a hoop with something between them, or one panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts.assembly import Assembly
from shapeshot.data.sources.procedural.parts.choices import chance, pick
from shapeshot.data.sources.procedural.parts.primitives import sheet, spline, strip, tube


@dataclass(frozen=True)
class Lean:
    """The curved surface in which a back lies. low, high: of the back; foot: its z at the seat; post: their width.

    lower, upper: width at the seat and at the top. slant, bow, hollow: how far it leans back, bends along its height
    and hollows across its width.
    """

    low: float
    high: float
    foot: float
    post: float
    lower: float
    upper: float
    slant: float
    bow: float
    hollow: float

    def point(self, across: float, up: float) -> tuple[float, float, float]:
        """A point of the back: `across` runs from -1 to 1, `up` from 0 at the seat to 1 at the top."""
        x = across * (self.lower * (1 - up) + self.upper * up) / 2
        z = self.foot - self.slant * up - self.bow * np.sin(np.pi * up) - self.hollow * (1 - across**2)
        return x, self.low + up * (self.high - self.low), z

    def row(self, up: float, across: float = 1.0) -> Float64[np.ndarray, "7 3"]:
        """Seven points from side to side, [7, 3]."""
        return np.array([self.point(a, up) for a in np.linspace(-across, across, 7)])


Filling = Callable[[np.random.Generator, Assembly, Material, Lean], None]


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
    slant, post = float(rng.uniform(0.02, 0.16)), float(rng.uniform(0.02, 0.045))
    bow, hollow = float(rng.uniform(-0.01, 0.05)), float(rng.uniform(0.0, 0.06))
    upper = (width - post) * float(rng.uniform(0.85, 1.08))
    lean = Lean(low, high, -depth / 2 + post / 2, post, width - post, upper, slant, bow, hollow)
    style = pick(rng, tuple(STYLES), tuple(STYLES.values()))
    if style in ("panel", "plain") and chance(rng, 0.5):
        _add_panel_back(rng, assembly, soft if chance(rng, 0.6) else frame, lean.point)
        return
    if style == "hoop":
        _add_hoop(assembly, frame, lean)
    else:
        _add_posts(rng, assembly, frame, lean)
    filling = FILLINGS.get(style)
    if filling is not None:
        filling(rng, assembly, soft if style in ("panel", "cushion") else frame, lean)


def _add_hoop(assembly: Assembly, material: Material, lean: Lean) -> None:
    corners = ((-1, 0), (-1, 0.55), (-0.6, 0.95), (0, 1), (0.6, 0.95), (1, 0.55), (1, 0))
    assembly.add(material, tube(spline([lean.point(across, up) for across, up in corners], 20), lean.post / 2, 8))


def _add_posts(rng: np.random.Generator, assembly: Assembly, material: Material, lean: Lean) -> None:
    """A pair of posts and the rail on top."""
    path, post = np.array([lean.point(1, up) for up in np.linspace(-0.05, 1, 6)]), lean.post
    assembly.add_pair(material, tube(path, post / 2, 8) if chance(rng, 0.5) else strip(path, post, post * 0.8))
    rail = float(rng.uniform(0.03, 0.12))
    middle = 1 - rail / (lean.high - lean.low) / 2
    assembly.add(material, strip(lean.row(middle), rail, float(rng.uniform(0.012, 0.03))))


def _add_ladder(rng: np.random.Generator, assembly: Assembly, material: Material, lean: Lean) -> None:
    for up in np.linspace(float(rng.uniform(0.15, 0.5)), 0.8, int(rng.integers(1, 5))):
        assembly.add(material, strip(lean.row(up), float(rng.uniform(0.02, 0.07)), 0.015))


def _add_spindles(rng: np.random.Generator, assembly: Assembly, material: Material, lean: Lean) -> None:
    _add_rods(rng, assembly, material, lean, lambda across: 0.97)


def _add_rods_under_hoop(rng: np.random.Generator, assembly: Assembly, material: Material, lean: Lean) -> None:
    _add_rods(rng, assembly, material, lean, lambda across: np.sqrt(1 - 0.75 * across**2) * 0.93)


def _add_rods(
    rng: np.random.Generator, assembly: Assembly, material: Material, lean: Lean, reach: Callable[[float], float]
) -> None:
    """Upright rods; reach: how far up the one at `across` goes."""
    for across in np.linspace(-0.8, 0.8, int(rng.integers(3, 9))):
        top = reach(across)
        path = [lean.point(across, 0.0), lean.point(across, top * 0.5), lean.point(across, top)]
        assembly.add(material, tube(path, lean.post * 0.25, 6))


def _add_splat(rng: np.random.Generator, assembly: Assembly, material: Material, lean: Lean) -> None:
    wide = float(rng.uniform(0.06, 0.16))
    path = np.array([lean.point(0, up) for up in np.linspace(0, 0.97, 9)])
    waist = wide * (1 + float(rng.uniform(0, 0.6)) * np.sin(np.linspace(0, float(rng.uniform(3, 10)), 9)))
    assembly.add(material, strip(path, waist, 0.014))


def _add_cross(rng: np.random.Generator, assembly: Assembly, material: Material, lean: Lean) -> None:
    for side in (-1, 1):
        path = [lean.point(-side, 0.1), lean.point(0, 0.5), lean.point(side, 0.9)]
        assembly.add(material, tube(path, lean.post * 0.35, 6))


def _add_thin_panel(rng: np.random.Generator, assembly: Assembly, material: Material, lean: Lean) -> None:
    _add_sheet(rng, assembly, material, lean, (0.012, 0.025))


def _add_cushion(rng: np.random.Generator, assembly: Assembly, material: Material, lean: Lean) -> None:
    _add_sheet(rng, assembly, material, lean, (0.04, 0.08))


def _add_sheet(
    rng: np.random.Generator, assembly: Assembly, material: Material, lean: Lean, thickness: tuple[float, float]
) -> None:
    below, above = float(rng.uniform(0.05, 0.4)), float(rng.uniform(0.85, 0.97))
    grid = np.array([lean.row(up, 0.97) for up in np.linspace(below, above, 6)])
    assembly.add(material, sheet(grid, float(rng.uniform(*thickness))))


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


# How often each style comes, and what fills the frame of those that have something in it.
STYLES = {
    "ladder": 3,
    "spindles": 3,
    "panel": 3,
    "cushion": 2.5,
    "splat": 1.5,
    "hoop": 1.5,
    "cross": 0.8,
    "plain": 2,
}
FILLINGS: dict[str, Filling] = {
    "ladder": _add_ladder,
    "spindles": _add_spindles,
    "hoop": _add_rods_under_hoop,
    "splat": _add_splat,
    "cross": _add_cross,
    "panel": _add_thin_panel,
    "cushion": _add_cushion,
}
