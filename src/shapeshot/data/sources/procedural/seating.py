"""Chairs, armchairs, office chairs, stools and benches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural import materials
from shapeshot.data.sources.procedural.assembly import Assembly
from shapeshot.data.sources.procedural.choices import chance, pick
from shapeshot.data.sources.procedural.primitives import (
    beam, box, cushion, cylinder, ellipsoid, panel, prism, rounded_box, sheet, spline, strip, superellipse, tube,
)  # fmt: skip
from shapeshot.data.sources.procedural.solids import Solid
from shapeshot.data.sources.procedural.supports import (
    add_four_legs, add_pedestal, add_sled, add_star_base, add_trestle,
)  # fmt: skip


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
    rng: np.random.Generator, assembly: Assembly, frame: Material, soft: Material, size: tuple[float, float, float, float]
) -> None:
    width, depth, seat, total = size
    thick = float(rng.uniform(0.02, 0.09))
    add_four_legs(rng, assembly, frame, width, depth, seat - thick, (0.025, 0.048))
    if chance(rng, 0.4):
        apron = float(rng.uniform(0.03, 0.08))
        assembly.add(frame, box(width * 0.92, apron, depth * 0.92).at(y=seat - thick - apron))
    _add_seat(rng, assembly, soft if chance(rng, 0.6) else frame, width, depth, seat, thick)
    _add_back(rng, assembly, frame, soft, width, depth, seat - thick * 0.5, total)
    if chance(rng, 0.28):
        _add_arms(rng, assembly, frame, width, depth, seat, seat + float(rng.uniform(0.15, 0.26)))


def _add_seat(rng: np.random.Generator, assembly: Assembly, material: Material, width: float, depth: float, top: float, thick: float) -> None:
    style = pick(rng, ("board", "cushion", "round", "trapezoid", "slats"), (4, 3, 2, 2, 1))
    if style == "cushion":
        assembly.add(material, cushion(width, thick, depth, float(rng.uniform(0.15, 0.5))).at(y=top - thick))
    elif style == "round":
        assembly.add(material, prism(superellipse(width, depth, float(rng.uniform(0.35, 1.0))), thick).at(y=top - thick))
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


def _add_back(
    rng: np.random.Generator, assembly: Assembly, frame: Material, soft: Material, width: float, depth: float, low: float, high: float
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

    style = pick(rng, ("ladder", "spindles", "panel", "cushion", "splat", "hoop", "cross", "plain"), (3, 3, 3, 2.5, 1.5, 1.5, 0.8, 2))
    if style in ("panel", "plain") and chance(rng, 0.5):
        _add_panel_back(rng, assembly, soft if chance(rng, 0.6) else frame, point)
        return
    if style == "hoop":
        arch = spline([point(-1, 0), point(-1, 0.55), point(-0.6, 0.95), point(0, 1), point(0.6, 0.95), point(1, 0.55), point(1, 0)], 20)
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
            assembly.add(frame, tube([point(across, 0.0), point(across, top * 0.5), point(across, top)], post * 0.25, 6))
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
        assembly.add(soft, sheet(grid, float(rng.uniform(0.012, 0.025) if style == "panel" else rng.uniform(0.04, 0.08))))


def _add_panel_back(
    rng: np.random.Generator, assembly: Assembly, material: Material, point: Callable[[float, float], tuple[float, float, float]]
) -> None:
    low, thick, round_top = float(rng.choice([0.0, 0.0, 0.3])), float(rng.uniform(0.012, 0.06)), float(rng.uniform(0, 0.9))
    rows = []
    for up in np.linspace(0, 1, 9):
        half = 1 - round_top * up**3 * 0.6
        rows.append([point(across * half, low + up * (1 - low)) for across in np.linspace(-1, 1, 9)])
    assembly.add(material, sheet(np.array(rows), thick))
    if low:
        assembly.add_pair(material, tube([point(0.4, -0.03), point(0.4, low + 0.1)], 0.012, 6))


def _add_arms(
    rng: np.random.Generator, assembly: Assembly, material: Material, width: float, depth: float, seat: float, top: float
) -> None:
    x, bar = width / 2 + float(rng.uniform(-0.01, 0.02)), float(rng.uniform(0.02, 0.05))
    front = depth / 2 * float(rng.uniform(0.4, 0.95))
    dip = float(rng.uniform(-0.03, 0.04))
    path = spline([(x, top + dip, -depth / 2 - 0.03), (x + 0.01, top + 0.01, 0.0), (x + float(rng.uniform(-0.02, 0.04)), top, front)], 8)
    assembly.add_pair(material, strip(path, bar, bar * 0.5) if chance(rng, 0.6) else tube(path, bar / 2, 8))
    assembly.add_pair(material, tube([(x - 0.01, seat - 0.03, front * 0.9), (x, top, front * 0.92)], bar * 0.35, 7))


def _shell_chair(
    rng: np.random.Generator, assembly: Assembly, frame: Material, soft: Material, size: tuple[float, float, float, float]
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


def bucket(rng: np.random.Generator, width: float, depth: float, seat: float, top: float) -> Solid:
    """The sheet of a bucket seat: a side profile swept across, its edges raised into sides that may become arms."""
    recline, dish = float(rng.uniform(0.05, 0.2)), float(rng.uniform(0.0, 0.05))
    sides, armrest = float(rng.uniform(0.02, 0.1)), float(rng.uniform(0.0, 0.2)) if chance(rng, 0.4) else 0.0
    knots = [(depth / 2, seat - 0.03), (depth * 0.35, seat), (-depth * 0.2, seat - dish), (-depth * 0.42, seat + 0.06),
             (-depth / 2 - recline * 0.5, (seat + top) / 2), (-depth / 2 - recline, top)]  # fmt: skip
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


def _cantilever_chair(
    rng: np.random.Generator, assembly: Assembly, frame: Material, soft: Material, size: tuple[float, float, float, float]
) -> None:
    """Bent tubes: along the floor, up in front, back under the seat and up behind."""
    width, depth, seat, total = size
    radius, x, z = float(rng.uniform(0.01, 0.016)), width / 2, depth / 2
    lean = float(rng.uniform(0.02, 0.12))
    path = spline([(x, radius, -z), (x, radius, z * 0.8), (x, 0.06, z), (x, seat - 0.06, z), (x, seat, z * 0.85), (x, seat, -z * 0.7),
                   (x, seat + 0.06, -z), (x, total, -z - lean)], 28)  # fmt: skip
    assembly.add_pair(frame, tube(path, radius, 8))
    assembly.add(frame, tube([(-x, radius, -z), (x, radius, -z)], radius, 8))
    thick = float(rng.uniform(0.02, 0.07))
    assembly.add(soft, rounded_box(width, thick, depth * 0.9, thick * 0.3, 2).at(y=seat))
    height = (total - seat) * float(rng.uniform(0.35, 0.8))
    back = rounded_box(width, height, thick, thick * 0.3, 2).turned("x", -np.degrees(np.arctan(lean / (total - seat))))
    share = (total - height - seat) / (total - seat)
    assembly.add(soft, back.at(y=total - height, z=-z - lean * share))
    if chance(rng, 0.4):
        _add_arms(rng, assembly, frame, width, depth, seat, seat + 0.2)


def _folding_chair(
    rng: np.random.Generator, assembly: Assembly, frame: Material, soft: Material, size: tuple[float, float, float, float]
) -> None:
    """Crossed legs: one pair runs on to become the back; slats or canvas."""
    width, depth, seat, total = size
    bar, lean = float(rng.uniform(0.018, 0.035)), float(rng.uniform(0.05, 0.15))
    x, z = width / 2, depth / 2
    assembly.add_pair(frame, beam((x, 0, z), (x, total, -z - lean), bar, bar))
    assembly.add_pair(frame, beam((x - bar * 1.1, 0, -z), (x - bar * 1.1, seat, z * 0.9), bar, bar))
    _add_seat(rng, assembly, soft, width - bar, depth, seat, 0.025)
    for share in np.linspace(float(rng.uniform(0.6, 0.8)), 0.98, int(rng.integers(1, 5))):
        level = np.array([0, total * share, z + (-2 * z - lean) * share])
        assembly.add(soft, beam(level - [x, 0, 0], level + [x, 0, 0], float(rng.uniform(0.04, 0.09)), 0.012))
    for level in (0.15, 0.35):
        assembly.add(frame, beam((-x, total * level, z - (2 * z + lean) * level), (x, total * level, z - (2 * z + lean) * level), bar, bar / 2))


def armchair(rng: np.random.Generator) -> Assembly:
    """An easy chair: an upholstered block with arms and maybe wings, or a slung frame."""
    assembly = Assembly()
    width, depth = float(rng.uniform(0.6, 0.98)), float(rng.uniform(0.62, 0.95))
    seat, total = float(rng.uniform(0.36, 0.47)), float(rng.uniform(0.68, 1.15))
    soft, frame = materials.upholstery(rng), materials.frame(rng)
    if chance(rng, 0.2):
        assembly.add(soft, bucket(rng, width, depth * 0.85, seat, total))
        add = pick(rng, (add_four_legs, add_sled))
        add(rng, assembly, frame, width * 0.75, depth * 0.7, seat - 0.02)
        return assembly
    foot = float(rng.uniform(0.0, 0.22))
    arm, arm_top = float(rng.uniform(0.05, 0.2)), seat + float(rng.uniform(0.1, 0.26))
    back, lean = float(rng.uniform(0.1, 0.22)), float(rng.uniform(0, 14))
    if foot > 0.03:
        add = pick(rng, (add_four_legs, add_four_legs, add_four_legs, add_sled))
        add(rng, assembly, frame, width * 0.92, depth * 0.92, foot + 0.02)
    inner, thick = width - 2 * arm, float(rng.uniform(0.1, 0.2))
    assembly.add(soft, rounded_box(inner + 0.02, max(seat - thick - foot, 0.05), depth, 0.02, 2).at(y=min(foot, seat - thick - 0.05)))
    assembly.add(soft, cushion(inner, thick, depth - back * 0.8, float(rng.uniform(0.15, 0.45))).at(y=seat - thick, z=back * 0.4))
    radius = float(rng.uniform(0.01, 0.5)) * back
    support = rounded_box(width - (arm if chance(rng, 0.5) else 0), total - foot, back, radius, 3).turned("x", -lean)
    assembly.add(soft, support.at(y=foot, z=-depth / 2 + back / 2))
    if chance(rng, 0.75):
        add_block_arm(rng, assembly, soft, width / 2 - arm / 2, arm, (foot, arm_top), depth)
    else:
        _add_arms(rng, assembly, frame, width - 0.06, depth, seat, arm_top)
    if chance(rng, 0.2):
        wing = [(0, arm_top - 0.03), (depth * 0.28, arm_top), (depth * float(rng.uniform(0.15, 0.4)), total * 0.95), (0, total)]
        assembly.add_pair(soft, panel(wing, arm * 0.7).turned("y", -90).at(width / 2 - arm * 0.1, 0, -depth / 2 + back * 0.6))
    return assembly


def add_block_arm(
    rng: np.random.Generator, assembly: Assembly, material: Material, x: float, arm: float, heights: tuple[float, float], depth: float
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
        assembly.add_pair(material, cylinder(roll, depth * 1.01, sides=16).turned("x", 90).at(x + arm * 0.12, top - roll * 0.6, -depth / 2))


def office_chair(rng: np.random.Generator) -> Assembly:
    """A swivel chair: star base, seat, back on a spine, maybe arms and a headrest."""
    assembly = Assembly()
    width, depth = float(rng.uniform(0.44, 0.58)), float(rng.uniform(0.42, 0.54))
    seat, total = float(rng.uniform(0.42, 0.54)), float(rng.uniform(0.82, 1.28))
    frame, soft = pick(rng, (materials.metal, materials.plastic))(rng), pick(rng, (materials.upholstery, materials.plastic))(rng)
    thick = float(rng.uniform(0.04, 0.1))
    add_star_base(rng, assembly, frame, float(rng.uniform(0.26, 0.36)), seat - thick)
    assembly.add(soft, cushion(width, thick, depth, float(rng.uniform(0.15, 0.5))).at(y=seat - thick))
    lean, gap = float(rng.uniform(0.03, 0.14)), float(rng.uniform(0.0, 0.14))
    rows = []
    for up in np.linspace(0, 1, 8):
        half = width / 2 * (0.75 + 0.25 * np.sin(np.pi * (0.25 + 0.6 * up)))
        z = -depth / 2 - lean * up + float(rng.uniform(0.03, 0.04)) * np.sin(2.5 * np.pi * up) * 0.5
        rows.append([(a * half, seat + gap + up * (total - seat - gap), z + 0.05 * a**2) for a in np.linspace(-1, 1, 9)])
    assembly.add(soft, sheet(np.array(rows), float(rng.uniform(0.015, 0.08))))
    spine = spline([(0, seat - thick, 0), (0, seat - thick, -depth * 0.55), (0, seat + 0.1, -depth / 2 - 0.07), (0, (seat + total) / 2, -depth / 2 - lean * 0.5 - 0.03)], 10)
    assembly.add(frame, strip(spine, float(rng.uniform(0.04, 0.1)), 0.02))
    if chance(rng, 0.65):
        arm_top, x = seat + float(rng.uniform(0.16, 0.26)), width / 2 + float(rng.uniform(0.01, 0.05))
        loop = chance(rng, 0.4)
        path = [(x - 0.08, seat - thick, 0), (x, seat, 0.02), (x, arm_top, 0.04)] + ([(x, arm_top, -0.15), (x - 0.02, seat, -0.2)] if loop else [])
        assembly.add_pair(frame, tube(spline(path, 14), 0.014, 8))
        assembly.add_pair(soft, rounded_box(0.07, 0.03, float(rng.uniform(0.2, 0.3)), 0.012, 2).at(x, arm_top))
    if chance(rng, 0.2):
        assembly.add(soft, cushion(width * 0.6, 0.14, 0.07).at(0, total + 0.02, -depth / 2 - lean))
        assembly.add(frame, box(0.04, 0.1, 0.015).at(0, total - 0.04, -depth / 2 - lean - 0.01))
    return assembly


def stool(rng: np.random.Generator) -> Assembly:
    """A stool, low or bar height, sometimes with a low back; also poufs and ottomans."""
    assembly = Assembly()
    bar = chance(rng, 0.5)
    height, width = float(rng.uniform(0.6, 0.82) if bar else rng.uniform(0.28, 0.5)), float(rng.uniform(0.28, 0.46))
    depth = width if chance(rng, 0.6) else width * float(rng.uniform(0.7, 1.2))
    frame, soft = materials.frame(rng), materials.anything(rng)
    thick = float(rng.uniform(0.02, 0.1))
    if not bar and chance(rng, 0.25):
        block = pick(rng, (lambda: cushion(width * 1.3, height, depth * 1.3, 0.35), lambda: cylinder(width * 0.6, height),
                           lambda: rounded_box(width * 1.3, height, depth * 1.3, 0.03)))()  # fmt: skip
        assembly.add(materials.upholstery(rng), block)
        return assembly
    if chance(rng, 0.55):
        assembly.add(soft, prism(superellipse(width, depth, float(rng.uniform(0.6, 1))), thick).at(y=height - thick))
    else:
        assembly.add(soft, cushion(width, thick, depth, float(rng.uniform(0.12, 0.6))).at(y=height - thick))
    base = pick(rng, ("legs", "pedestal", "star", "sled"), (6, 2, 1, 1))
    if base == "legs":
        add_four_legs(rng, assembly, frame, width * 0.9, depth * 0.9, height - thick, (0.018, 0.045), 0.8 if bar else 0.4)
    elif base == "sled":
        add_sled(rng, assembly, frame, width, depth, height - thick)
    else:
        (add_pedestal if base == "pedestal" else add_star_base)(rng, assembly, frame, width * 0.55, height - thick)
        if bar:
            ring = superellipse(width * 0.8, width * 0.8, 1.0, 20)
            level = height * float(rng.uniform(0.25, 0.4))
            assembly.add(frame, tube(np.stack([ring[:, 0], np.full(20, level), ring[:, 1]], 1), 0.01, 8, joined=True))
            assembly.add(frame, tube([(0, level, 0), (0, level, width * 0.4)], 0.008, 6))
    if bar and chance(rng, 0.4):
        _add_back(rng, assembly, frame, soft, width, depth, height - thick, height + float(rng.uniform(0.12, 0.4)))
    return assembly


def bench(rng: np.random.Generator) -> Assembly:
    """A bench of boards, slats or stone, with or without a back and arms."""
    assembly = Assembly()
    width, depth = float(rng.uniform(0.9, 2.0)), float(rng.uniform(0.3, 0.6))
    seat, total = float(rng.uniform(0.38, 0.48)), float(rng.uniform(0.72, 1.0))
    main = pick(rng, (materials.wood, materials.wood, materials.stone, materials.paint))(rng)
    frame = main if chance(rng, 0.5) else materials.frame(rng)
    thick = float(rng.uniform(0.025, 0.1))
    _add_seat(rng, assembly, main, width, depth, seat, thick)
    support = pick(rng, (add_four_legs, add_trestle, add_sled), (3, 2, 1.5))
    support(rng, assembly, frame, width * 0.95, depth * 0.95, seat - thick)
    if chance(rng, 0.5):
        _add_back(rng, assembly, frame, main, width, depth, seat - thick, total)
        if chance(rng, 0.6):
            _add_arms(rng, assembly, frame, width, depth, seat, seat + 0.22)
    return assembly


def deck_chair(rng: np.random.Generator) -> Assembly:
    """A lounger: a long reclined surface of slats or a sheet on a low frame."""
    assembly = Assembly()
    width, length, seat = float(rng.uniform(0.5, 0.75)), float(rng.uniform(1.1, 1.95)), float(rng.uniform(0.2, 0.4))
    rise, hinge = float(rng.uniform(0.25, 0.75)), length * float(rng.uniform(0.45, 0.65))
    frame, soft = materials.frame(rng), pick(rng, (materials.wood, materials.fabric, materials.wicker))(rng)
    sag = float(rng.uniform(0, 0.08))
    profile = spline([(length / 2, seat + sag), (length / 2 - hinge * 0.5, seat), (length / 2 - hinge, seat), (-length / 2, seat + rise)], 26)
    if chance(rng, 0.5):
        for (z, y), angle in zip(profile, np.degrees(np.arctan2(*np.gradient(profile, axis=0).T[::-1])), strict=True):
            assembly.add(soft, box(width, 0.02, length / 32).turned("x", -angle).at(0, y, z))
    else:
        rows = [[(a * width / 2, y, z) for a in np.linspace(-1, 1, 3)] for z, y in profile]
        assembly.add(soft, sheet(np.array(rows), float(rng.uniform(0.01, 0.09))))
    rail = np.stack([np.full(26, width / 2 + 0.015), profile[:, 1] - 0.02, profile[:, 0]], axis=1)
    assembly.add_pair(frame, tube(rail, 0.018, 6))
    for z in (length / 2 - 0.12, length / 2 - hinge * 0.95):
        assembly.add_pair(frame, box(0.04, seat - 0.01, 0.04).at(width / 2, 0, z))
    if chance(rng, 0.4):
        assembly.add(soft, ellipsoid(width * 0.7, 0.1, 0.2).at(0, seat + rise * 0.85, -length / 2 + 0.15))
    return assembly
