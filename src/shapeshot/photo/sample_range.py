"""Samples of more than 8 bits, or none in particular, as 8 bits: one rule for photos and textures.

A file of 16 bits may hold 10, 12 or 14 of them, and does not say so. White is the smallest usual white point that
holds the largest finite sample, so that a 12-bit picture is as bright as its 8-bit version.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Real, UInt8

WHITE_POINTS = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)
FLOAT_WHITE = 1.0  # of pictures in floating point, where it suffices
FLOAT_HIGHLIGHT = 16.0  # the brightest that one goes beyond white: of 0..255 it would be a black picture
_SLACK = 1.01  # scaling filters overshoot, and 4096 is not 14 bits


def largest_finite(values: Real[np.ndarray, " *shape"]) -> float:
    """The largest sample of an array of any shape that is a number; 0 where there is none."""
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    return float(values.max()) if values.size else 0.0


def white_point(maxima: Iterable[float], is_float: bool) -> float:
    """The value that is white, by the largest finite samples of a picture's blocks."""
    highest = max(maxima, default=0.0)
    if is_float and highest <= FLOAT_HIGHLIGHT:
        return FLOAT_WHITE
    return next((point for point in WHITE_POINTS if highest <= point * _SLACK), highest)


def to_eight_bits(values: Real[np.ndarray, " *shape"], white: float) -> UInt8[np.ndarray, " *shape"]:
    """Samples as uint8: 0 is black, `white` is 255; NaN is black, and infinity what it is beyond."""
    scaled = values.astype(np.float32) * np.float32(255.0 / white)
    samples: np.ndarray = np.rint(np.clip(np.nan_to_num(scaled, nan=0.0, posinf=255.0, neginf=0.0), 0, 255)).astype(
        np.uint8
    )
    return samples


def transparent_alpha(
    values: Real[np.ndarray, "height width *channels"], key: int | tuple[int, ...]
) -> UInt8[np.ndarray, "height width"]:
    """Alpha, uint8 [height, width], of a picture in which one sample or colour is transparent, exactly that one.

    values: [height, width], or [height, width, 3] with a key of three.
    """
    is_key = values == np.asarray(key)
    return np.where(is_key if values.ndim == 2 else is_key.all(axis=2), 0, 255).astype(np.uint8)
