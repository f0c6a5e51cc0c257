"""From a rendered view to the crop that training sees: the runtime's own crop, with what other people's photos add.

Everything is numpy and Pillow on one small image and costs a few milliseconds. Mirroring is left to the caller,
because the shape must be mirrored with the image.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageFilter

from shapeshot.errors import UserError
from shapeshot.geometry.box import Box
from shapeshot.photo import crop_on_grey, object_box
from shapeshot.photo.finder import shipped_finder

LEAST_FOUND = 0.5  # IoU of a finder's mask with the exact one from which it shows the same object


@dataclass(frozen=True)
class AugmentOptions:
    """Strengths of the photometric and geometric jitter; chances are per image."""

    background: float = 0.3
    """Chance that the matte is missed and a random background stays behind the object."""
    matte: float = 0.3
    """Chance of a matte that is a little too wide or too narrow."""
    blur: float = 0.25
    """Chance of a blurred image."""
    compress: float = 0.3
    """Chance that the image was compressed as JPEG."""
    noise: float = 0.3
    """Chance of a noisy image."""
    roll_deg: float = 6.0
    """Largest camera roll, degrees."""
    shift: float = 0.05
    """Largest shift of the crop box, as a fraction of its side."""
    zoom: float = 0.1
    """Largest change of the logarithm of the crop box's side."""
    light: float = 0.3
    """Twice the deviation of the logarithm of exposure, gamma and contrast."""
    color: float = 0.12
    """Twice the deviation of the logarithm of each colour channel; also changes the saturation."""
    finder: float = 0.0
    """Chance that an object in a room is cut out as the shipped finder sees it, where that has most of it."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            most = {"roll_deg": 180, "light": 10, "color": 10}.get(name, 1)
            if not 0 <= value <= most:
                raise UserError(f"augment.{name} must lie in 0..{most}; got {value}")


@dataclass(frozen=True)
class Framing:
    """How a view was framed: turned counter-clockwise by `roll_deg` and then cut to the square `box`."""

    box: Box
    roll_deg: float = 0.0


def plain_framing(rgba: UInt8[np.ndarray, "height width 4"]) -> Framing:
    """The framing of `plain_crop`."""
    return Framing(alpha_box(rgba))


def found_by_finder(rgba: UInt8[np.ndarray, "height width 4"]) -> UInt8[np.ndarray, "height width 4"]:
    """The picture of a room with the finder's mask as its alpha, parts of the object left out and of the room taken in.

    As it is where the finder takes another thing: there is nothing to learn from that about the object. A view model's
    targets lie within this mask, too: at run time nothing is made of rays beside it.
    """
    mask = shipped_finder().find(np.ascontiguousarray(rgba[..., :3])).mask
    found, exact = mask >= 0.5, rgba[..., 3] >= 128
    if (found & exact).sum() < LEAST_FOUND * (found | exact).sum():
        return rgba
    return np.dstack([rgba[..., :3], np.rint(mask * 255).astype(np.uint8)])


def draw_framing(
    rgba: UInt8[np.ndarray, "height width 4"], rng: np.random.Generator, options: AugmentOptions
) -> tuple[UInt8[np.ndarray, "height width 4"], Framing]:
    """A view turned at random, and a random square around what it shows."""
    roll = float(rng.uniform(-options.roll_deg, options.roll_deg)) if options.roll_deg else 0.0
    rolled = turned(rgba, roll)
    return rolled, Framing(_jitter_box(alpha_box(rolled), rng, options), roll)


def plain_crop(rgba: UInt8[np.ndarray, "height width 4"], size: int) -> UInt8[np.ndarray, "size size 3"]:
    """The crop as the runtime makes it from a photo with a perfect matte, uint8 [size, size, 3]."""
    return crop_on_grey(rgba, alpha_box(rgba), size)


def disturbed_crop(
    rgba: UInt8[np.ndarray, "height width 4"], box: Box, size: int, rng: np.random.Generator, options: AugmentOptions
) -> UInt8[np.ndarray, "size size 3"]:
    """The square `box` with its matte, background, light and quality disturbed, uint8 [size, size, 3]."""
    if rng.random() < options.matte:
        rgba = _disturb_matte(rgba, rng)
    if rng.random() < options.background:
        rgba = _on_background(rgba, rng)
    pixels = crop_on_grey(rgba, box, size).astype(np.float32)
    pixels = _relight(pixels, rng, options)
    return _degrade(pixels, rng, options)


def alpha_box(rgba: UInt8[np.ndarray, "height width 4"]) -> Box:
    """The runtime's crop box around what alpha shows; the whole image where that is nothing (a shape out of frame)."""
    mask = rgba[..., 3] / np.float32(255)
    return object_box(mask) if (mask >= 0.5).any() else Box(0.0, 0.0, float(max(rgba.shape[:2])))


def turned(rgba: UInt8[np.ndarray, "height width 4"], degrees: float) -> UInt8[np.ndarray, "height width 4"]:
    """A picture turned counter-clockwise about its centre; what comes from beyond its frame is transparent."""
    if not degrees:
        return rgba
    return np.asarray(Image.fromarray(rgba).rotate(degrees, resample=Image.Resampling.BILINEAR))


def _jitter_box(box: Box, rng: np.random.Generator, options: AugmentOptions) -> Box:
    left, top, side = box
    grown = side * float(np.exp(rng.uniform(-options.zoom, options.zoom)))
    shift_x, shift_y = rng.uniform(-options.shift, options.shift, 2) * side
    offset = (side - grown) / 2
    return Box(left + offset + shift_x, top + offset + shift_y, grown)


def _disturb_matte(
    rgba: UInt8[np.ndarray, "height width 4"], rng: np.random.Generator
) -> UInt8[np.ndarray, "height width 4"]:
    alpha = Image.fromarray(rgba[..., 3])
    grow = ImageFilter.MaxFilter if rng.random() < 0.5 else ImageFilter.MinFilter
    disturbed = np.asarray(alpha.filter(grow(3)).filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 1)))))
    return np.concatenate([rgba[..., :3], disturbed[..., None]], axis=2)


def _on_background(
    rgba: UInt8[np.ndarray, "height width 4"], rng: np.random.Generator
) -> UInt8[np.ndarray, "height width 4"]:
    """The object before a random smooth background: a wall, a floor line, a gradient or blotches."""
    side = rgba.shape[0]
    cells = int(rng.choice([2, 2, 3, 6, 16]))
    coarse = rng.uniform(0, 255, 3) + rng.normal(0, rng.uniform(0, 60), (cells, cells, 3))
    if rng.random() < 0.4:
        coarse[int(cells * rng.uniform(0.5, 0.9)) :] += rng.normal(0, 50, 3)
    small = Image.fromarray(np.clip(coarse, 0, 255).astype(np.uint8))
    method = Image.Resampling.BICUBIC if rng.random() < 0.8 else Image.Resampling.NEAREST
    backdrop = np.asarray(small.resize((side, rgba.shape[0]), method), np.float32)
    alpha = rgba[..., 3:].astype(np.float32) / 255
    mixed = rgba[..., :3] * alpha + backdrop * (1 - alpha)
    return np.concatenate([mixed.astype(np.uint8), np.full_like(rgba[..., 3:], 255)], axis=2)


def _relight(
    pixels: Float[np.ndarray, "size size 3"], rng: np.random.Generator, options: AugmentOptions
) -> Float[np.ndarray, "size size 3"]:
    """Exposure, gamma, contrast, white balance and saturation."""
    pixels = 255 * (pixels / 255) ** float(np.exp(rng.normal(0, options.light / 2)))
    pixels = pixels * float(np.exp(rng.normal(0, options.light / 2))) * np.exp(rng.normal(0, options.color / 2, 3))
    mean = pixels.mean()
    pixels = mean + (pixels - mean) * float(np.exp(rng.normal(0, options.light / 2)))
    gray = pixels.mean(axis=2, keepdims=True)
    relit: np.ndarray = gray + (pixels - gray) * float(np.clip(rng.normal(1, 2 * options.color), 0, 2))
    return relit


def _degrade(
    pixels: Float[np.ndarray, "size size 3"], rng: np.random.Generator, options: AugmentOptions
) -> UInt8[np.ndarray, "size size 3"]:
    if rng.random() < options.noise:
        pixels = pixels + rng.normal(0, rng.uniform(1, 8), pixels.shape)
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if rng.random() < options.blur:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.2))))
    if rng.random() < options.compress:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=int(rng.integers(30, 95)))
        image = Image.open(buffer, formats=["JPEG"])
    return np.asarray(image)
