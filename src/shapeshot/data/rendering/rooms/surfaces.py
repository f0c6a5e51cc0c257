"""What floors, walls, table tops and grounds are made of: seeded textures that tile, with their size in metres."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from shapeshot.data.objects import Material

PIXELS = 256

Color = tuple[float, float, float]
Pattern = Float[np.ndarray, "height width 3"]

WOODS: Sequence[Color] = (
    (0.82, 0.70, 0.53),
    (0.72, 0.55, 0.37),
    (0.60, 0.43, 0.27),
    (0.46, 0.31, 0.19),
    (0.33, 0.22, 0.15),
    (0.62, 0.56, 0.48),
    (0.80, 0.78, 0.74),
)


@dataclass(frozen=True, eq=False)
class Surface:
    """A material whose texture covers a square of `metres` a side, over and over."""

    material: Material
    metres: float


def floor(rng: np.random.Generator, like: Color | None = None) -> Surface:
    """An indoor floor. like: the colour to take, sRGB in [0, 1], or None for one that such floors have."""
    return _chosen(rng, FLOORS, like)


def wall(rng: np.random.Generator, like: Color | None = None) -> Surface:
    """An indoor wall; see `floor`."""
    return _chosen(rng, WALLS, like)


def table_top(rng: np.random.Generator, like: Color | None = None) -> Surface:
    """What one sets small things on; see `floor`."""
    return _chosen(rng, TOPS, like)


def ground(rng: np.random.Generator, like: Color | None = None) -> Surface:
    """What is underfoot out of doors; see `floor`."""
    return _chosen(rng, GROUNDS, like)


def planks(rng: np.random.Generator, base: Color | None) -> Surface:
    """Boards of one wood, each of its own tone, with their ends at random."""
    base = base or _picked(rng, WOODS, 0.05)
    rows = int(rng.choice([8, 10, 12, 16, 20]))
    row = np.arange(PIXELS) * rows // PIXELS
    ends = rng.random((rows, 2))
    column = np.arange(PIXELS) / PIXELS
    board = (column[None, :] > ends.min(axis=1)[row, None]).astype(int) + (
        column[None, :] > ends.max(axis=1)[row, None]
    )
    tone = rng.normal(0, rng.uniform(0.02, 0.1), (rows, 3))
    tone[:, 2] = tone[:, 0]  # what lies before the first end and behind the last is one board
    value = tone[row[:, None], board]
    value += _noise(rng, 1.2, stretch=rng.uniform(6, 20)) * rng.uniform(0.01, 0.05)
    seams = np.zeros((PIXELS, PIXELS), bool)
    seams[np.flatnonzero(np.diff(row, prepend=row[-1]))] = True
    seams |= np.diff(board, axis=1, prepend=board[:, -1:]) != 0
    pattern = np.array(base) * (1 + value[..., None])
    pattern[seams] *= rng.uniform(0.45, 0.9)
    return Surface(_material(pattern, rng.uniform(0.3, 0.9)), rows * float(rng.uniform(0.07, 0.2)))


def tiles(rng: np.random.Generator, base: Color | None) -> Surface:
    """Square or oblong tiles, plain, in two colours as on a chess board, or each of its own tone."""
    base = base or _picked(rng, ((0.85, 0.84, 0.8), (0.7, 0.68, 0.64), (0.45, 0.45, 0.46), (0.65, 0.4, 0.3)), 0.06)
    rows, columns = int(rng.choice([2, 4, 6])), int(rng.choice([2, 4, 6]))
    if rng.random() < 0.7:
        columns = rows
    row, column = (np.arange(PIXELS) * count // PIXELS for count in (rows, columns))
    tone = rng.normal(0, rng.uniform(0.0, 0.06), (rows, columns))[row][:, column]
    pattern = np.array(base) * (1 + tone + _noise(rng, 1.0) * rng.uniform(0.0, 0.03))[..., None]
    if rng.random() < 0.25:
        other = np.array(_picked(rng, ((0.1, 0.1, 0.1), (0.9, 0.9, 0.88), (0.3, 0.35, 0.4)), 0.05))
        pattern = np.where(((row[:, None] + column) % 2)[..., None] == 1, other, pattern)
    joints = np.zeros((PIXELS, PIXELS), bool)
    joints[np.flatnonzero(np.diff(row, prepend=row[-1]))] = True
    joints[:, np.flatnonzero(np.diff(column, prepend=column[-1]))] = True
    joints |= np.roll(joints, 1, axis=0) & np.roll(joints, 1, axis=1)
    pattern[joints] = rng.uniform(0.3, 0.85)
    return Surface(_material(pattern, rng.uniform(0.2, 0.9)), max(rows, columns) * float(rng.uniform(0.1, 0.6)))


def bricks(rng: np.random.Generator, base: Color | None) -> Surface:
    """A running bond with mortar, bare or painted over."""
    painted = rng.random() < 0.4
    base = base or (plain_color(rng) if painted else _picked(rng, ((0.6, 0.32, 0.23), (0.7, 0.55, 0.42)), 0.06))
    rows, columns = 8, 4
    row = np.arange(PIXELS) * rows // PIXELS
    shifted = np.arange(PIXELS)[None, :] + (row % 2)[:, None] * (PIXELS // columns // 2)
    column = shifted % PIXELS * columns // PIXELS
    tone = rng.normal(0, 0.02 if painted else 0.1, (rows, columns))[row[:, None], column]
    pattern = np.array(base) * (1 + tone + _noise(rng, 0.8) * 0.04)[..., None]
    within = np.arange(PIXELS) % (PIXELS // rows)
    mortar = (within < 2)[:, None] | (shifted % (PIXELS // columns) < 2)
    pattern[mortar] = np.array(base) * 0.85 if painted else rng.uniform(0.5, 0.8)
    return Surface(_material(pattern, 0.9), rows * 0.075)


def plaster(rng: np.random.Generator, base: Color | None) -> Surface:
    """Paint on plaster: one colour, hardly mottled."""
    rough = _noise(rng, rng.uniform(0.4, 1.6)) * rng.uniform(0.003, 0.03)
    return Surface(
        _material(np.array(base or plain_color(rng)) * (1 + rough)[..., None], 0.9), float(rng.uniform(1, 3))
    )


def carpet(rng: np.random.Generator, base: Color | None) -> Surface:
    """Pile: fine noise over broad blotches."""
    pile = _noise(rng, 0.0) * rng.uniform(0.03, 0.12) + _noise(rng, 1.5) * rng.uniform(0.0, 0.04)
    base = base or hsv(rng.random(), rng.beta(1.2, 3.5), rng.uniform(0.15, 0.8))
    return Surface(_material(np.array(base) * (1 + pile)[..., None], 1.0), float(rng.uniform(0.8, 2)))


def stone(rng: np.random.Generator, base: Color | None) -> Surface:
    """Concrete, granite or veined marble, by how the noise is bent."""
    base = base or hsv(rng.uniform(0.05, 0.15), rng.uniform(0, 0.15), rng.uniform(0.25, 0.95))
    field = _noise(rng, rng.uniform(0.6, 1.6)) * 0.5 + _noise(rng, 0.1) * rng.uniform(0.0, 0.5)
    if rng.random() < 0.4:
        field = -np.exp(-np.abs(_noise(rng, 1.7)) * rng.uniform(6, 14)) + 0.2 * field
    pattern = np.array(base) * (1 + field * rng.uniform(0.03, 0.2))[..., None]
    return Surface(_material(pattern, rng.uniform(0.2, 0.9)), float(rng.uniform(0.8, 2.5)))


def wallpaper(rng: np.random.Generator, base: Color | None) -> Surface:
    """Stripes, dots or lozenges of a second colour on a first."""
    first = np.array(base or plain_color(rng))
    second = np.clip(first * rng.uniform(0.6, 1.4) + rng.normal(0, 0.08, 3), 0.02, 1)
    repeats = int(rng.integers(3, 12))
    across = np.arange(PIXELS) / PIXELS * repeats * 2 * np.pi
    down = across[:, None]
    style = rng.integers(3)
    wave = [np.sin(across) + 0 * down, np.sin(across) * np.sin(down), np.sin(across + down) * np.sin(across - down)][
        style
    ]
    mask = (wave > rng.uniform(0.0, 0.6))[..., None]
    return Surface(_material(np.where(mask, second, first), 0.9), float(rng.uniform(0.5, 1.5)))


def lawn(rng: np.random.Generator, base: Color | None) -> Surface:
    """Grass, seen from some metres."""
    blades = _noise(rng, 0.2) * 0.22 + _noise(rng, 1.2) * 0.1
    base = base or hsv(rng.uniform(0.2, 0.32), rng.uniform(0.35, 0.7), rng.uniform(0.3, 0.55))
    return Surface(_material(np.array(base) * (1 + blades)[..., None], 1.0), float(rng.uniform(1.5, 3)))


def gravel(rng: np.random.Generator, base: Color | None) -> Surface:
    """Asphalt, sand or gravel."""
    grains = _noise(rng, 0.1) * rng.uniform(0.05, 0.2) + _noise(rng, 1.3) * 0.06
    base = base or hsv(rng.uniform(0.06, 0.14), rng.uniform(0.0, 0.3), rng.uniform(0.2, 0.75))
    return Surface(_material(np.array(base) * (1 + grains)[..., None], 1.0), float(rng.uniform(0.8, 2)))


Maker = Callable[[np.random.Generator, "Color | None"], Surface]
FLOORS: dict[Maker, float] = {planks: 4, tiles: 2, carpet: 2, stone: 1}
WALLS: dict[Maker, float] = {plaster: 6, wallpaper: 1.5, bricks: 1, tiles: 0.7, planks: 0.6, stone: 0.4}
TOPS: dict[Maker, float] = {planks: 3, stone: 2, plaster: 2, carpet: 1, tiles: 0.5, wallpaper: 0.5}
GROUNDS: dict[Maker, float] = {lawn: 2, gravel: 3, tiles: 2, stone: 1, planks: 0.5}


def plain_color(rng: np.random.Generator) -> Color:
    """What people paint walls with: half of them whites and greys, the others pale, now and then strong or dark."""
    style = rng.random()
    if style < 0.5:
        return hsv(rng.uniform(0.05, 0.2), rng.uniform(0, 0.08), rng.uniform(0.7, 0.97))
    if style < 0.85:
        return hsv(rng.random(), rng.uniform(0.08, 0.3), rng.uniform(0.6, 0.95))
    return hsv(rng.random(), rng.uniform(0.1, 0.6), rng.uniform(0.1, 0.6))


def hsv(hue: float, saturation: float, value: float) -> Color:
    """sRGB in [0, 1] of hue, saturation and value in [0, 1]."""
    return colorsys.hsv_to_rgb(hue, saturation, value)


def _chosen(rng: np.random.Generator, makers: dict[Maker, float], like: Color | None) -> Surface:
    weights = np.array(list(makers.values()))
    return list(makers)[int(rng.choice(len(weights), p=weights / weights.sum()))](rng, like)


def _picked(rng: np.random.Generator, colors: Sequence[Color], jitter: float) -> Color:
    red, green, blue = np.clip(np.array(colors[int(rng.integers(len(colors)))]) + rng.normal(0, jitter, 3) * 0.5, 0, 1)
    return float(red), float(green), float(blue)


def _material(pattern: Pattern, roughness: float) -> Material:
    texture: UInt8[np.ndarray, "height width 3"] = np.rint(np.clip(pattern, 0, 1) * 255).astype(np.uint8)
    return Material((1.0, 1.0, 1.0), texture, roughness=float(roughness))


def _noise(rng: np.random.Generator, exponent: float, stretch: float = 1.0) -> Float[np.ndarray, "height width"]:
    """Noise that tiles, of unit variance, whose amplitude falls with frequency ** exponent (0 is white).

    stretch: how much longer its features are across than down.
    """
    spectrum = np.fft.rfft2(rng.standard_normal((PIXELS, PIXELS)))
    down, across = np.fft.fftfreq(PIXELS)[:, None], np.fft.rfftfreq(PIXELS)[None, :] * stretch
    frequency = np.hypot(down, across)
    frequency[0, 0] = np.inf if exponent else 1.0
    field = np.fft.irfft2(spectrum / frequency**exponent, (PIXELS, PIXELS))
    normalised: np.ndarray = (field - field.mean()) / field.std()
    return normalised
