"""Photographs of real things: cut out as they are published, and laid over photographs with their exact masks."""

from __future__ import annotations

import numpy as np
from PIL import Image

MARGIN = 0.1  # of the longest side, on each side of a cut-out: stamps are cropped to the very edge
SMALLEST_SCENE, LARGEST_SCENE = 160, 512
SHARES = (0.5, 0.75)  # of the frame's side that the object's longest side takes


def cutout(stamp: Image.Image) -> np.ndarray:
    """A stamp on a transparent square with a margin, uint8 [side, side, 4]."""
    rgba = stamp.convert("RGBA")
    side = round(max(rgba.size) * (1 + 2 * MARGIN))
    square = np.zeros((side, side, 4), np.uint8)
    left, top = (side - rgba.width) // 2, (side - rgba.height) // 2
    square[top : top + rgba.height, left : left + rgba.width] = np.asarray(rgba)
    return square


def scene(stamp: Image.Image, photo: Image.Image, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The stamp somewhere in a square piece of a photograph.

    Picture uint8 [side, side, 3] and mask uint8 [side, side]: the stamp's own alpha where it lies, 0 elsewhere. The
    stamp keeps its pixels unless the frame would leave SMALLEST_SCENE..LARGEST_SCENE.
    """
    rgba = stamp.convert("RGBA")
    share = rng.uniform(*SHARES)
    side = int(np.clip(round(max(rgba.size) / share), SMALLEST_SCENE, LARGEST_SCENE))
    factor = share * side / max(rgba.size)
    if abs(factor - 1) > 0.05:
        size = (max(1, round(rgba.width * factor)), max(1, round(rgba.height * factor)))
        rgba = rgba.resize(size, Image.Resampling.LANCZOS)
    ground = np.asarray(_square_of(photo, side, rng), np.float32)
    left, top = (int(rng.integers(0, side - length + 1)) for length in rgba.size)
    mask = np.zeros((side, side), np.uint8)
    color = np.zeros((side, side, 3), np.float32)
    where = slice(top, top + rgba.height), slice(left, left + rgba.width)
    pixels = np.asarray(rgba)
    mask[where], color[where] = pixels[..., 3], pixels[..., :3]
    covered = mask[..., None] / np.float32(255)
    return np.rint(color * covered + ground * (1 - covered)).astype(np.uint8), mask


def _square_of(photo: Image.Image, side: int, rng: np.random.Generator) -> Image.Image:
    """A square piece of a photograph, half to all of its shorter side, as `side` pixels."""
    width, height = photo.size
    piece = int(min(width, height) * rng.uniform(0.5, 1.0))
    left, top = int(rng.integers(0, width - piece + 1)), int(rng.integers(0, height - piece + 1))
    box = (left, top, left + piece, top + piece)
    return photo.convert("RGB").resize((side, side), Image.Resampling.LANCZOS, box=box)
