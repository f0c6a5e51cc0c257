"""Pictures of what is no single household object, made by code: what a familiarity warning has to tell apart.

Each maker draws one picture from a generator: uint8 [SIZE, SIZE, 3], or 4 with transparency. The same seed gives the
same picture. Text needs Pillow's own font, rooms and groups need Mitsuba.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from shapeshot.data.objects import Material, ObjectModel, Part
from shapeshot.data.rendering.render import render_views
from shapeshot.data.sources.procedural import ProceduralEntry
from shapeshot.geometry.camera import Camera

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float64, Int64, UInt8

Maker = Callable[[np.random.Generator], np.ndarray]

SIZE = 192
RENDER_SAMPLES = 16
WORDS = re.findall(
    r"\w+",
    """
    the of and to a in is that for it as was with be by on not he his but at are this have from or had an they which
    one you were all her she there would their we him been has when who will no more if out so what up said its about
    table light window market river copper seventeen letters paragraph invoice quantity total amount summer
    """,
)


def noise(rng: np.random.Generator) -> UInt8[np.ndarray, "size size 3"]:
    """Noise whose spectrum falls with frequency f as f^-a, a from 0 (white) to 2 (clouds), grey or coloured."""
    frequency = np.hypot(np.fft.fftfreq(SIZE)[:, None], np.fft.fftfreq(SIZE)[None])
    frequency[0, 0] = 1 / SIZE
    channels = 1 if rng.random() < 0.4 else 3
    spectrum = np.fft.fft2(rng.normal(size=(channels, SIZE, SIZE))) * frequency ** -rng.uniform(0, 2)
    waves = np.fft.ifft2(spectrum).real.transpose(1, 2, 0)
    waves = (waves - waves.mean()) / waves.std()
    return _bytes(np.broadcast_to(128 + rng.uniform(20, 70) * waves, (SIZE, SIZE, 3)))


def texture(rng: np.random.Generator) -> UInt8[np.ndarray, "size size 3"]:
    """A surface that fills the frame: checks, stripes, dots, bricks, marble or wood, turned and coloured at random."""
    patterns = (_checks, _stripes, _dots, _bricks, _marble, _wood)
    angle, period = rng.uniform(0, np.pi), rng.uniform(8, 48)
    y, x = (np.mgrid[:SIZE, :SIZE] - SIZE / 2) / period
    u, v = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    amount = patterns[rng.integers(len(patterns))](u, v, rng)[..., None]
    first, second = rng.uniform(10, 245, (2, 3))
    grain = rng.normal(0, rng.uniform(0, 8), (SIZE, SIZE, 1))
    return _bytes(first * (1 - amount) + second * amount + grain)


def text_page(rng: np.random.Generator) -> UInt8[np.ndarray, "size size 3"]:
    """A page of words: headings and paragraphs in one or two columns, dark on light or, at times, light on dark."""
    paper, ink = sorted(rng.uniform(0, 60, 2) * [1, 1] + [0, 180])
    light_paper = rng.random() < 0.85
    background, color = (int(ink), int(paper)) if light_paper else (int(paper), int(ink))
    page = Image.new("RGB", (SIZE, SIZE), (background, background, max(0, background - int(rng.integers(0, 20)))))
    draw, columns, size = ImageDraw.Draw(page), int(rng.integers(1, 3)), float(rng.uniform(7, 16))
    width = SIZE // columns
    for column in range(columns):
        top = float(rng.uniform(4, 20))
        while top < SIZE - size:
            heading = rng.random() < 0.1
            font = ImageFont.load_default(size * (1.5 if heading else 1.0))
            line = _line(rng, font, width - 12)
            draw.text((column * width + 6, top), line, fill=(color,) * 3, font=font)
            top += size * (2.2 if heading or rng.random() < 0.1 else 1.25)
    return np.asarray(page)


def room(rng: np.random.Generator) -> UInt8[np.ndarray, "size size 3"]:
    """The corner of a room that fills the frame: floor, two walls and two to five things standing about."""
    things = _things(rng, int(rng.integers(2, 6)), spread=1.6)
    walls = [_wall(rng, corners) for corners in _ROOM]
    camera = Camera(float(rng.uniform(-25, 25)), float(rng.uniform(12, 30)), float(rng.uniform(3.2, 4.6)), 50.0)
    model = ObjectModel((*walls, *things.parts)).transformed(np.eye(3), np.array([0.0, -0.7, 0.0]))
    return render_views(model, [camera], SIZE, rng, RENDER_SAMPLES)[0][..., :3]


def group(rng: np.random.Generator) -> UInt8[np.ndarray, "size size 4"]:
    """Three to five separate objects side by side, cut out, uint8 [SIZE, SIZE, 4]."""
    model, _ = _things(rng, int(rng.integers(3, 6)), spread=1.2).canonical()
    camera = Camera(float(rng.uniform(-40, 40)), float(rng.uniform(8, 30)), 3.2, 30.0)
    return render_views(model, [camera], SIZE, rng, RENDER_SAMPLES)[0]


MAKERS: Mapping[str, Maker] = {"texture": texture, "text": text_page, "noise": noise, "room": room, "group": group}

# Corners of floor, back wall and left wall in metres; wide enough to fill the frame behind everything.
_ROOM = (
    ((-9, 0, 9), (9, 0, 9), (9, 0, -2.5), (-9, 0, -2.5)),
    ((-9, 0, -2.5), (9, 0, -2.5), (9, 9, -2.5), (-9, 9, -2.5)),
    ((-3, 0, 9), (-3, 0, -2.5), (-3, 9, -2.5), (-3, 9, 9)),
)


def _wall(rng: np.random.Generator, corners: tuple[tuple[float, float, float], ...]) -> Part:
    red, green, blue = rng.uniform(0.3, 0.9, 3).tolist()
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    return Part(np.array(corners, np.float32), faces, Material(color=(red, green, blue)))


def _things(rng: np.random.Generator, count: int, spread: float) -> ObjectModel:
    """Procedural objects on the floor, each 0.4 to 1.4 m long, next to one another along x with random depth."""
    parts: list[Part] = []
    lefts = np.linspace(-spread, spread, count)
    for left in lefts:
        model, _ = ProceduralEntry(int(rng.integers(2**31)), 0).load().canonical()
        size = float(rng.uniform(0.4, 1.4))
        turn = rng.uniform(0, 2 * np.pi)
        spin = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
        placed = model.transformed(size * spin)
        bottom = float(placed.merged()[0][:, 1].min())
        parts += placed.transformed(np.eye(3), np.array([left, -bottom, rng.uniform(-1.2, 0.8)])).parts
    return ObjectModel(tuple(parts))


def _line(rng: np.random.Generator, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: float) -> str:
    line = ""
    while font.getlength(line) < width - 30:
        line += " " + WORDS[rng.integers(len(WORDS))]
    return line.strip()


def _checks(
    u: Float64[np.ndarray, "size size"], v: Float64[np.ndarray, "size size"], rng: np.random.Generator
) -> Float64[np.ndarray, "size size"]:
    pattern: np.ndarray = (np.floor(u) + np.floor(v)) % 2
    return pattern


def _stripes(
    u: Float64[np.ndarray, "size size"], v: Float64[np.ndarray, "size size"], rng: np.random.Generator
) -> Float64[np.ndarray, "size size"]:
    pattern: np.ndarray = (np.sin(2 * np.pi * u + rng.uniform(0, 3) * np.sin(v)) > rng.uniform(-0.6, 0.6)).astype(float)
    return pattern


def _dots(
    u: Float64[np.ndarray, "size size"], v: Float64[np.ndarray, "size size"], rng: np.random.Generator
) -> Float64[np.ndarray, "size size"]:
    return (np.hypot(u % 1 - 0.5, v % 1 - 0.5) < rng.uniform(0.15, 0.45)).astype(float)


def _bricks(
    u: Float64[np.ndarray, "size size"], v: Float64[np.ndarray, "size size"], rng: np.random.Generator
) -> Bool[np.ndarray, "size size"]:
    row = np.floor(2 * v)
    pattern: np.ndarray = (
        ((u + row / 2) % 1 < 0.06) | ((2 * v) % 1 < 0.12) | (rng.random(4096)[_cell(u + row / 2, row)] < 0.2)
    )
    return pattern


def _marble(
    u: Float64[np.ndarray, "size size"], v: Float64[np.ndarray, "size size"], rng: np.random.Generator
) -> Float64[np.ndarray, "size size"]:
    pattern: np.ndarray = 0.5 + 0.5 * np.sin(2 * u + 3 * _turbulence(rng))
    return pattern


def _wood(
    u: Float64[np.ndarray, "size size"], v: Float64[np.ndarray, "size size"], rng: np.random.Generator
) -> Float64[np.ndarray, "size size"]:
    pattern: np.ndarray = (2 * np.hypot(u, 0.2 * v) + _turbulence(rng)) % 1
    return pattern


def _turbulence(rng: np.random.Generator) -> Float64[np.ndarray, "size size"]:
    """Octaves of smooth noise, about -1..1, [SIZE, SIZE]."""
    total = np.zeros((SIZE, SIZE))
    for octave in range(4):
        coarse = Image.fromarray(rng.normal(size=(4 << octave,) * 2).astype(np.float32))
        total += np.asarray(coarse.resize((SIZE, SIZE), Image.Resampling.BICUBIC)) / 2**octave
    return total / 2


def _cell(u: Float64[np.ndarray, "size size"], v: Float64[np.ndarray, "size size"]) -> Int64[np.ndarray, "size size"]:
    """A number below 4096 for each whole cell."""
    cells: np.ndarray = (np.floor(u).astype(int) * 73 + np.floor(v).astype(int) * 151) % 4096
    return cells


def _bytes(values: Float[np.ndarray, "size size 3"]) -> UInt8[np.ndarray, "size size 3"]:
    levels: np.ndarray = np.clip(values, 0, 255).astype(np.uint8)
    return levels
