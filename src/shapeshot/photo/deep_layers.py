"""Pictures of more than 8 bits that came as grey ones, put together again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shapeshot.photo.containers.tiff_layers import Layers
from shapeshot.photo.deep import DeepPicture
from shapeshot.photo.sample_range import largest_finite, white_point

if TYPE_CHECKING:
    from jaxtyping import Real


def deep_layers(layers: Layers, opened: Iterable[Image.Image]) -> DeepPicture:
    """The picture of some layers. opened: the grey pictures, each of which is loaded and let go before the next."""
    # A copy does not hold the file that it came from.
    images = [image.copy() if layers.is_planar else image for image in opened]
    images[0].load()
    width, channels = layers.size[0], layers.channels

    def stored(top: int, bottom: int) -> Real[np.ndarray, "rows width *channels"]:
        parts = [np.asarray(image.crop((0, top, image.width, bottom))) for image in images]
        parts = [part.astype(part.dtype.newbyteorder("="), copy=False) for part in parts]
        if len(parts) > 1:
            return np.stack(parts, axis=2)
        values = parts[0].reshape(bottom - top, width, channels)
        if layers.is_differenced:
            values = np.cumsum(values, axis=1, dtype=values.dtype)
        return values[..., 0] if channels == 1 else values

    picture = DeepPicture(layers.size, channels, layers.is_float, stored)
    if layers.is_inverted:
        white = _white(picture, 0)
        return replace(picture, rows=lambda top, bottom: _inverted(stored(top, bottom), white))
    if layers.is_premultiplied:
        white = _white(picture, -1)
        return replace(picture, rows=lambda top, bottom: _straight(stored(top, bottom), white))
    return picture


def _white(picture: DeepPicture, channel: int) -> float:
    """The sample that is white, or opaque, by the largest of one channel."""
    blocks = (picture.rows(top, bottom) for top, bottom in picture.blocks())
    maxima = (largest_finite(values[..., channel] if picture.channels > 1 else values) for values in blocks)
    return white_point(maxima, picture.is_float)


def _inverted(
    values: Real[np.ndarray, "rows width *channels"], white: float
) -> Real[np.ndarray, "rows width *channels"]:
    """Samples of which 0 is white the other way round; an alpha stays."""
    turned: np.ndarray = np.clip(np.float32(white) - values.astype(np.float32), 0, None)
    if values.ndim == 3:
        turned[..., -1] = values[..., -1]
    return turned


def _straight(
    values: Real[np.ndarray, "rows width channels"], opaque: float
) -> Real[np.ndarray, "rows width channels"]:
    """Colours that alpha no longer darkens."""
    alpha = values[..., -1:].astype(np.float32)
    colors = values[..., :-1] * (np.float32(opaque) / np.where(alpha > 0, alpha, np.float32(opaque)))
    return np.concatenate([np.clip(colors, 0, opaque), alpha], axis=2)
