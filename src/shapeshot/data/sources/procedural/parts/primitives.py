"""Closed primitives of furniture: boxes, turned and bent work, cushions, tubes, sheets. Metres, degrees, +y up.

Unless said otherwise a primitive stands on y = 0, centred in x and z. Every one is watertight and looks outwards.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64, Num

from shapeshot.data.sources.procedural.parts.solids import Solid, loft, outwards

Point = Sequence[float] | Num[np.ndarray, " axes"]


def box(width: float, height: float, depth: float, bevel: float = 0.0, taper: float = 1.0) -> Solid:
    """A block (x, y, z); the top face is `taper` times as wide and deep; upright and top edges are cut by `bevel`."""
    bevel = min(bevel, 0.45 * min(width, height, depth))
    if bevel <= 0:
        ring = np.array([[1, -1], [1, 1], [-1, 1], [-1, -1]]) * [width / 2, depth / 2]
        return loft([_level(ring, 0.0), _level(ring * taper, height)])
    outer, inner = _cut_rectangle(width, depth, bevel), _cut_rectangle(width - 2 * bevel, depth - 2 * bevel, bevel / 2)
    return loft(
        [
            _level(inner, 0.0),
            _level(outer, bevel),
            _level(outer * taper, height - bevel),
            _level(inner * taper, height),
        ]
    )


def rounded_box(width: float, height: float, depth: float, radius: float, steps: int = 4) -> Solid:
    """A block with all edges and corners rounded to `radius` (at most just under half of the shortest side)."""
    radius = min(radius, 0.49 * min(width, height, depth))
    rings: list[np.ndarray] = []
    for angle in np.concatenate([np.linspace(-90, 0, steps + 1), np.linspace(0, 90, steps + 1)]):
        reach, rise = radius * max(np.cos(np.radians(angle)), 1e-3), radius * np.sin(np.radians(angle))
        ring = _rounded_rectangle(width - 2 * radius, depth - 2 * radius, reach, steps)
        middle = radius if angle < 0 or (angle == 0 and len(rings) == steps) else height - radius
        rings.append(_level(ring, middle + rise))
    return loft(rings)


def cylinder(radius: float, height: float, top_radius: float | None = None, sides: int = 24) -> Solid:
    """An upright cylinder, or a frustum where `top_radius` differs."""
    return lathe([(radius, 0.0), (radius if top_radius is None else max(top_radius, 1e-4), height)], sides)


def lathe(profile: Sequence[Point] | Num[np.ndarray, "points 2"], sides: int = 28) -> Solid:
    """`profile` of (radius, y) turned about the y axis. Run it up outside and down inside for an open vessel."""
    angles = 2 * np.pi * np.arange(sides) / sides
    radii, heights = np.asarray(profile, dtype=np.float64).T
    radii = np.maximum(radii, 1e-4)
    grid = np.empty((len(radii), sides, 3))
    grid[..., 0], grid[..., 2] = radii[:, None] * np.cos(angles), radii[:, None] * np.sin(angles)
    grid[..., 1] = heights[:, None]
    return loft(grid)


def vessel(profile: Sequence[Point] | Num[np.ndarray, "points 2"], wall: float, floor: float, sides: int = 28) -> Solid:
    """A turned open vessel: the outside `profile` of (radius, y) upwards, hollow with a `wall` and a `floor`.

    Heights must not fall along the profile; `wall` is measured horizontally.
    """
    outside = np.asarray(profile, dtype=np.float64)
    level = outside[0, 1] + floor
    # The inside begins where the outside passes the floor's level: a shallow bowl's floor must not pierce its wall.
    bottom = [[np.interp(level, outside[:, 1], outside[:, 0]), level]]
    inside = np.concatenate([bottom, outside[outside[:, 1] > level]]) - [wall, 0.0]
    inside[:, 0] = np.maximum(inside[:, 0], 1e-3)
    return lathe(np.concatenate([outside, inside[::-1]]), sides)


def ellipsoid(width: float, height: float, depth: float, upright: float = 1.0, around: float = 1.0) -> Solid:
    """A superellipsoid; exponents below 1 make it boxier in elevation (`upright`) and in plan (`around`).

    Barr 1981, "Superquadrics and angle-preserving transformations": signed powers of cosines and sines.
    """
    rise = np.linspace(-np.pi / 2, np.pi / 2, 15)[1:-1]
    turn = 2 * np.pi * np.arange(24) / 24
    reach = _power(np.cos(rise), upright)[:, None]
    x, z = reach * _power(np.cos(turn), around), reach * _power(np.sin(turn), around)
    y = np.broadcast_to(_power(np.sin(rise), upright)[:, None], x.shape)
    rings = np.stack([x * width / 2, (y + 1) * height / 2, z * depth / 2], axis=-1)
    rings[[0, -1], :, 1] = np.array([[0.0], [height]])
    return loft(rings)


def cushion(width: float, height: float, depth: float, softness: float = 0.4) -> Solid:
    """An upholstered block: a boxy superellipsoid whose softness runs from 0.1 (foam) to 0.8 (down)."""
    return ellipsoid(width, height, depth, upright=max(softness, 0.1), around=max(softness * 0.6, 0.1))


def leg(bottom: Point, top: Point, bottom_size: Point, top_size: Point, roundness: float = 0.0) -> Solid:
    """A straight leg with horizontal ends from `bottom` to `top` (x, y, z); sizes are (x, z).

    roundness: 0 is square, 1 is round.
    """
    if roundness <= 0:
        ring = np.array([[1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0]])
    else:
        turn = 2 * np.pi * np.arange(12) / 12
        ring = np.stack([_power(np.cos(turn), roundness), _power(np.sin(turn), roundness)], axis=1)
    ends = [(bottom, bottom_size), (top, top_size)]
    return loft([_level(ring * np.asarray(size) / 2, 0.0) + np.asarray(end) for end, size in ends])


def beam(start: Point, end: Point, width: float, thickness: float) -> Solid:
    """A straight rectangular bar between two points; for the direction of `width` see `strip`."""
    return _sweep(np.array([start, end], float), np.array([[width, thickness]] * 2), _square(), joined=False)


def tube(
    path: Sequence[Point] | Num[np.ndarray, "points 3"],
    radius: float | Num[np.ndarray, " points"],
    sides: int = 10,
    joined: bool = False,
) -> Solid:
    """A round rod along `path` [points, 3]; `radius` is one value or one a point. `joined` closes it to a ring."""
    turn = 2 * np.pi * np.arange(sides) / sides
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    points = np.asarray(path, dtype=np.float64)
    sizes = np.broadcast_to(np.asarray(radius, dtype=np.float64), (len(points),))
    return _sweep(points, np.stack([sizes, sizes], axis=1) * 2, circle / 2, joined)


def strip(
    path: Sequence[Point] | Num[np.ndarray, "points 3"], width: float | Num[np.ndarray, " points"], thickness: float
) -> Solid:
    """A bent slat: a rectangle swept along `path` [points, 3]; `width` is one value or one a point.

    The width lies along the world axis that the path follows least (ties: x, then y, then z).
    """
    points = np.asarray(path, dtype=np.float64)
    widths = np.broadcast_to(np.asarray(width, dtype=np.float64), (len(points),))
    return _sweep(points, np.stack([widths, np.full(len(points), thickness)], axis=1), _square(), joined=False)


def sheet(surface: Float[np.ndarray, "rows columns 3"], thickness: float) -> Solid:
    """A curved sheet: the grid `surface` [rows, columns, 3] thickened by half of `thickness` to both sides."""
    surface = np.asarray(surface, dtype=np.float64)
    normal = np.cross(np.gradient(surface, axis=0), np.gradient(surface, axis=1))
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)
    upper, lower = surface + normal * thickness / 2, surface - normal * thickness / 2
    count = surface.shape[0] * surface.shape[1]
    index = np.arange(count).reshape(surface.shape[:2])
    a, b, c, d = index[:-1, :-1].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel(), index[:-1, 1:].ravel()
    top = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    border = np.concatenate([index[:-1, 0], index[-1, :-1], index[:0:-1, -1], index[0, :0:-1]])
    ahead = np.roll(border, -1)
    sides = [np.stack([ahead, border, border + count], 1), np.stack([ahead, border + count, ahead + count], 1)]
    vertices = np.concatenate([upper.reshape(-1, 3), lower.reshape(-1, 3)])
    return outwards(vertices, np.concatenate([top, top[:, ::-1] + count, *sides]))


def prism(outline: Sequence[Point] | Num[np.ndarray, "points 2"], height: float) -> Solid:
    """A simple polygon (x, z) [points, 2], concave or not, raised from y = 0 to `height`."""
    ring = np.asarray(outline, dtype=np.float64)
    if _signed_area(ring) < 0:
        ring = ring[::-1]
    count = len(ring)
    caps = np.array(_ears(ring), dtype=np.int64)
    around = np.arange(count)
    ahead = (around + 1) % count
    sides = [np.stack([around, ahead, ahead + count], 1), np.stack([around, ahead + count, around + count], 1)]
    vertices = np.concatenate([_level(ring, 0.0), _level(ring, height)])
    return outwards(vertices, np.concatenate([caps[:, ::-1], caps + count, *sides]))


def panel(outline: Sequence[Point] | Num[np.ndarray, "points 2"], thickness: float) -> Solid:
    """A simple polygon (x, y) [points, 2] standing upright, from z = 0 to `thickness`."""
    return prism(np.asarray(outline, float) * [1.0, -1.0], thickness).turned("x", 90)


def spline(
    points: Sequence[Point] | Num[np.ndarray, "points axes"], count: int = 12, joined: bool = False
) -> Float64[np.ndarray, "count axes"]:
    """`count` points on the uniform Catmull-Rom spline through `points` [points, axes] (Catmull and Rom 1974)."""
    knots = np.asarray(points, dtype=np.float64)
    if joined:
        knots, at = np.concatenate([knots[-1:], knots, knots[:2]]), np.arange(count) * len(knots) / count
    else:
        at = np.linspace(0, len(knots) - 1, count)
        knots = np.concatenate([[2 * knots[0] - knots[1]], knots, [2 * knots[-1] - knots[-2]]])
    i = np.minimum(at.astype(int), len(knots) - 4)
    t = (at - i)[:, None]
    a, b, c, d = (knots[i + offset] for offset in range(4))
    curve: np.ndarray = b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return curve


def superellipse(width: float, depth: float, exponent: float = 1.0, count: int = 32) -> Float64[np.ndarray, "count 2"]:
    """A plan outline [count, 2] centred at the origin: exponent 1 is an ellipse, 0.3 a rounded rectangle (Lamé)."""
    turn = 2 * np.pi * (np.arange(count) + 0.5) / count
    ring = np.stack([_power(np.cos(turn), exponent), _power(np.sin(turn), exponent)], axis=1)
    outline: np.ndarray = ring / np.abs(ring).max(axis=0) * [width / 2, depth / 2]
    return outline


def _sweep(
    path: Float64[np.ndarray, "points 3"],
    sizes: Float64[np.ndarray, " points *axes"],
    section: Float64[np.ndarray, "corners 2"],
    joined: bool,
) -> Solid:
    tangents = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0) if joined else np.gradient(path, axis=0)
    tangents /= np.maximum(np.linalg.norm(tangents, axis=1, keepdims=True), 1e-12)
    # One axis for the whole path keeps sections from twisting: the world axis it runs along least, x before y before z.
    reference = np.eye(3)[np.argmin(np.abs(tangents).max(axis=0).round(2) + np.array([0, 1e-3, 2e-3]))]
    upwards = np.cross(tangents, reference)
    upwards /= np.maximum(np.linalg.norm(upwards, axis=1, keepdims=True), 1e-12)
    sideways = np.cross(upwards, tangents)
    sized = section[None] * sizes[:, None]
    return loft(path[:, None] + sized[..., :1] * sideways[:, None] + sized[..., 1:] * upwards[:, None], joined)


def _level(ring: Float64[np.ndarray, "points 2"], y: float) -> Float64[np.ndarray, "points 3"]:
    return np.stack([ring[:, 0], np.full(len(ring), y), ring[:, 1]], axis=1)


def _square() -> Float64[np.ndarray, "4 2"]:
    return np.array([[0.5, -0.5], [0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]])


def _cut_rectangle(width: float, depth: float, cut: float) -> Float64[np.ndarray, "points 2"]:
    x, z = width / 2, depth / 2
    corner = [
        [x, z - cut],
        [x - cut, z],
        [cut - x, z],
        [-x, z - cut],
        [-x, cut - z],
        [cut - x, -z],
        [x - cut, -z],
        [x, cut - z],
    ]
    return np.array(corner)


def _rounded_rectangle(width: float, depth: float, radius: float, steps: int) -> Float64[np.ndarray, "points 2"]:
    quarter = np.radians(np.linspace(0, 90, steps + 1))
    corners = [(1, 1, 0), (-1, 1, 90), (-1, -1, 180), (1, -1, 270)]
    arcs = []
    for x, z, turn in corners:
        angle = quarter + np.radians(turn)
        arcs.append(np.stack([x * width / 2 + radius * np.cos(angle), z * depth / 2 + radius * np.sin(angle)], 1))
    return np.concatenate(arcs)


def _power(values: Float64[np.ndarray, " values"], exponent: float) -> Float64[np.ndarray, " values"]:
    powers: np.ndarray = np.sign(values) * np.abs(values) ** exponent
    return powers


def _signed_area(ring: Float64[np.ndarray, "points 2"]) -> float:
    x, y = ring.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _ears(ring: Float64[np.ndarray, "points 2"]) -> list[tuple[int, int, int]]:
    """Triangles of a simple counter-clockwise polygon by ear clipping (Meisters 1975)."""
    left, triangles = list(range(len(ring))), []
    while len(left) > 3:
        for i in range(len(left)):
            corner = left[i - 1], left[i], left[(i + 1) % len(left)]
            others = ring[[k for k in left if k not in corner]]
            if _is_ear(ring[list(corner)], others):
                break
        triangles.append(corner)
        left.remove(corner[1])
    return [*triangles, (left[0], left[1], left[2])]


def _is_ear(corner: Float64[np.ndarray, "3 2"], others: Float64[np.ndarray, "others 2"]) -> bool:
    ahead = np.roll(corner, -1, axis=0)
    edge = ahead - corner
    if edge[0, 0] * edge[1, 1] - edge[0, 1] * edge[1, 0] <= 0:
        return False
    offset = others[:, None] - corner
    inside = edge[:, 0] * offset[..., 1] - edge[:, 1] * offset[..., 0] >= 0
    return not inside.all(axis=1).any()
