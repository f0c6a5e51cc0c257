"""Decoded images as straight-alpha RGBA of workable size, a block of rows at a time: a second whole copy of a large
photo would cost half a gigabyte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shapeshot.photo.deep import DeepPicture, EightBitRows

if TYPE_CHECKING:
    from jaxtyping import UInt8

BLOCK_PIXELS = 2 * 2**20
_ALPHA_MODES = ("LA", "PA", "RGBA")


@dataclass(frozen=True)
class _Rows:
    """A picture of 8 bits by rows. block(top, bottom): an image of those rows in `mode`: L, LA, RGB or RGBA."""

    size: tuple[int, int]
    mode: str
    block: Callable[[int, int], Image.Image]


def scaled_size(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """Scale (width, height) down to a long side of at most `long_side`, in proportion and at least 1."""
    scale = min(1.0, long_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def shrunk(
    pixels: Image.Image | DeepPicture,
    long_side: int,
    resample: Image.Resampling = Image.Resampling.BILINEAR,
    gap: float = 1.5,
) -> Image.Image:
    """The image at 8 bits a sample, its long side at most `long_side`, as L, LA, RGB or RGBA.

    It is averaged by whole factors first, down to no less than `gap` times its new size, and then resampled; colours
    count with their alpha, so that what is transparent never shows.
    """
    rows = _deep_rows(pixels.to_eight_bits()) if isinstance(pixels, DeepPicture) else _image_rows(pixels)
    size = scaled_size(rows.size, long_side)
    if size == rows.size:
        return rows.block(0, rows.size[1])
    factors = (int(rows.size[0] / size[0] / gap) or 1, int(rows.size[1] / size[1] / gap) or 1)
    reduced = _reduced(rows, factors)
    box = (0.0, 0.0, rows.size[0] / factors[0], rows.size[1] / factors[1])
    return _straight(reduced.resize(size, resample, box=box))


def as_rgba(image: Image.Image) -> UInt8[np.ndarray, "height width 4"]:
    """Convert an image to an array, uint8 [height, width, 4], opaque where it has no alpha."""
    return np.array(image.convert("RGBA"))


def _deep_rows(rows: EightBitRows) -> _Rows:
    return _Rows(rows.picture.size, rows.mode, rows.block)


def _image_rows(image: Image.Image) -> _Rows:
    has_alpha = image.mode in _ALPHA_MODES or "transparency" in image.info
    mode = "RGBA" if has_alpha else "L" if image.mode in ("1", "L") else "RGB"
    width, height = image.size

    def block(top: int, bottom: int) -> Image.Image:
        part = image if (top, bottom) == (0, height) else image.crop((0, top, width, bottom))
        return part if part.mode == mode else part.convert(mode)

    return _Rows(image.size, mode, block)


def _reduced(rows: _Rows, factors: tuple[int, int]) -> Image.Image:
    """Averaged over blocks of so many pixels across and down, with premultiplied alpha."""
    width, height = rows.size
    size = (-(-width // factors[0]), -(-height // factors[1]))
    reduced = Image.new({"LA": "La", "RGBA": "RGBa"}.get(rows.mode, rows.mode), size)
    for top, bottom in _blocks(width, height, factors[1]):
        part = _premultiplied(rows.block(top, bottom))
        reduced.paste(part.reduce(factors), (0, top // factors[1]))
    return reduced


def _blocks(width: int, height: int, factor: int) -> Iterator[tuple[int, int]]:
    step = max(1, BLOCK_PIXELS // (width * factor)) * factor
    yield from ((top, min(top + step, height)) for top in range(0, height, step))


def _premultiplied(image: Image.Image) -> Image.Image:
    return image.convert({"LA": "La", "RGBA": "RGBa"}[image.mode]) if image.mode in ("LA", "RGBA") else image


def _straight(image: Image.Image) -> Image.Image:
    return image.convert({"La": "LA", "RGBa": "RGBA"}[image.mode]) if image.mode in ("La", "RGBa") else image
