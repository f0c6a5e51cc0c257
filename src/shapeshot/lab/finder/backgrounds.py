"""What stands behind the object in a composed picture: photographs, plain walls, walls with floors, textures.

All return float32 [side, side, 3] in 0..255.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from shapeshot.errors import UserError

LARGEST_SIDE = 640  # of a photograph, kept in memory
Background = Float[np.ndarray, "side side 3"]
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


class Photographs:
    """Photographs that serve as backgrounds and as textures, scaled down and kept in memory."""

    def __init__(self, photos: Sequence[UInt8[np.ndarray, "height width 3"]]) -> None:
        self.photos = photos

    @classmethod
    def read(cls, folder: Path) -> Photographs:
        """Read every photograph of a folder. Raises UserError where there is none."""
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        if not paths:
            raise UserError(f"no photograph in {folder}; recipes/finder/backgrounds.py gathers some there")
        photos = []
        for path in paths:
            with Image.open(path) as image:
                image.draft("RGB", (2 * LARGEST_SIDE, 2 * LARGEST_SIDE))
                small = image.convert("RGB")
                small.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
                photos.append(np.asarray(small))
        return cls(photos)

    def piece(self, side: int, share: tuple[float, float], rng: np.random.Generator) -> Background:
        """A square piece of a random one, mirrored or not; share: of its shorter side, between these two."""
        photo = self.photos[int(rng.integers(len(self.photos)))]
        height, width = photo.shape[:2]
        length = max(8, int(min(height, width) * rng.uniform(*share)))
        top, left = int(rng.integers(0, height - length + 1)), int(rng.integers(0, width - length + 1))
        part = photo[top : top + length, left : left + length]
        if rng.random() < 0.5:
            part = part[:, ::-1]
        scaled = Image.fromarray(np.ascontiguousarray(part)).resize((side, side), Image.Resampling.BICUBIC)
        return np.asarray(scaled, np.float32)


def plain(side: int, color: Float[np.ndarray, " 3"], rng: np.random.Generator) -> Background:
    """One colour with a gradient, a vignette and a little grain."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    slope = rng.normal(0, 0.08, 2) * (rng.random() < 0.8)
    light = 1 + slope[0] * x + slope[1] * y - float(rng.uniform(0, 0.15)) * (x * x + y * y)
    ground: np.ndarray = color.astype(np.float32) * light[..., None]
    return ground


def random_color(rng: np.random.Generator) -> Float[np.ndarray, " 3"]:
    """A colour as walls, papers and cloths have: mostly light and grey, now and then anything."""
    if rng.random() < 0.25:
        return rng.uniform(10, 250, 3)
    return np.clip(float(rng.beta(2.2, 1.2)) * 255 + rng.normal(0, 14, 3), 5, 255)


def stripes(side: int, rng: np.random.Generator) -> Background:
    """Boards, tiles, bricks or checks: two colours and the lines between them, turned at random."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    turn = float(rng.uniform(0, np.pi))
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    step, aspect, line = (
        float(np.exp(rng.uniform(-2.6, -0.4))),
        float(rng.choice([1, 2, 3, 8])),
        rng.uniform(0.02, 0.12),
    )
    row = np.floor(v / step)
    column = np.floor(u / (step * aspect) + 0.5 * (row % 2) * (rng.random() < 0.6))
    first, second, mortar = random_color(rng), random_color(rng), random_color(rng)
    second = first + (second - first) * float(rng.uniform(0, 0.6))
    each = np.abs(np.sin(row * 12.9898 + column * 78.233) * 43758.5453) % 1.0
    ground = first + (second - first) * (each[..., None] if rng.random() < 0.6 else ((row + column) % 2)[..., None])
    in_line = ((v / step) % 1 < line) | ((u / (step * aspect) + 0.5 * (row % 2)) % 1 < line / aspect)
    return np.where(in_line[..., None], mortar, ground).astype(np.float32)


def clouds(side: int, rng: np.random.Generator) -> Background:
    """Noise of several sizes between two or three colours: plaster, stone, carpet, foliage out of focus."""
    field = np.zeros((side, side), np.float32)
    roughness = float(rng.uniform(0.35, 1.0))
    for octave in range(1, 7):
        grid = rng.normal(size=(2**octave + 1, 2**octave + 1)).astype(np.float32)
        field += roughness**octave * np.asarray(
            Image.fromarray(grid).resize((side, side), Image.Resampling.BICUBIC), np.float32
        )
    field = (field - field.mean()) / (field.std() + 1e-6)
    blend = 1 / (1 + np.exp(-float(rng.uniform(0.5, 4)) * field))
    first = random_color(rng)
    second = first + (random_color(rng) - first) * float(rng.uniform(0.05, 1.0))
    ground: np.ndarray = (first + (second - first) * blend[..., None]).astype(np.float32)
    return ground


def shapes(side: int, rng: np.random.Generator) -> Background:
    """Many overlapping boxes and discs of all sizes: clutter without objects."""
    from PIL import ImageDraw

    picture = Image.new("RGB", (side, side), tuple(int(c) for c in random_color(rng)))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(5, 60))):
        width, height = side * np.exp(rng.uniform(-3.5, -0.7, 2))
        x, y = rng.uniform(-0.1, 1.0, 2) * side
        color = tuple(int(c) for c in random_color(rng))
        form = draw.rectangle if rng.random() < 0.6 else draw.ellipse
        form((float(x), float(y), float(x + width), float(y + height)), fill=color)
    return np.asarray(picture, np.float32)


def surface(side: int, photos: Photographs, rng: np.random.Generator) -> Background:
    """Something flat: a wall, a floor, a cloth."""
    draw = rng.random()
    if draw < 0.4:
        return plain(side, random_color(rng), rng)
    if draw < 0.65:
        return stripes(side, rng)
    if draw < 0.85:
        return clouds(side, rng)
    return photos.piece(side, (0.1, 0.4), rng)


def wall_and_floor(side: int, photos: Photographs, rng: np.random.Generator) -> Background:
    """A wall above a floor or a table, the floor foreshortened, with a skirting or a soft corner between them."""
    horizon = int(side * rng.uniform(0.25, 0.85))
    ground = surface(side, photos, rng)
    floor = Image.fromarray(surface(side, photos, rng).clip(0, 255).astype(np.uint8))
    wide, squeezed = float(rng.uniform(0.05, 0.6)), side - horizon
    coefficients = _perspective(side, squeezed, wide)
    lying = floor.transform((side, squeezed), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR)
    ground = ground.copy()
    ground[horizon:] = np.asarray(lying, np.float32) * float(rng.uniform(0.75, 1.1))
    if rng.random() < 0.4:
        board = max(1, int(side * rng.uniform(0.01, 0.05)))
        ground[max(0, horizon - board) : horizon] = random_color(rng)
    if rng.random() < 0.3:  # the edge of a table, not level
        turned = Image.fromarray(ground.clip(0, 255).astype(np.uint8)).rotate(
            float(rng.uniform(-12, 12)), Image.Resampling.BILINEAR
        )
        inner = int(side * 0.12)
        cut = turned.crop((inner, inner, side - inner, side - inner)).resize((side, side), Image.Resampling.BILINEAR)
        ground = np.asarray(cut, np.float32)
    return ground


def _perspective(width: int, height: int, narrow: float) -> tuple[float, ...]:
    """Coefficients of Pillow's perspective transform that show a square as a floor: the far edge is narrow."""
    half = 0.5 * (1 - narrow) * width
    target = [(0, 0), (width, 0), (width, height), (0, height)]
    source = [(0, 0), (width, 0), (width / 2 + half, width), (width / 2 - half, width)]
    rows, values = [], []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return tuple(np.linalg.solve(np.array(rows, float), np.array(values, float)).tolist())


def any_background(side: int, photos: Photographs, rng: np.random.Generator) -> Background:
    """One of all the kinds; photographs most often."""
    draw = rng.random()
    if draw < 0.55:
        return photos.piece(side, (0.35, 1.0), rng)
    if draw < 0.78:
        return wall_and_floor(side, photos, rng)
    if draw < 0.9:
        return surface(side, photos, rng)
    return shapes(side, rng)
