"""Published pictures as square views."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8
from PIL import Image

MARGIN = 1.1  # side of a crop over the longer side of what it is about


def shrink_square(rgba: UInt8[np.ndarray, "height width 4"], size: int) -> UInt8[np.ndarray, "side side 4"]:
    """A picture in the middle of a transparent square, scaled down where wider than `size`: uint8 [side, side, 4].

    Colour and alpha are scaled apart, so that what lies behind a mask does not darken its edge.
    """
    height, width = rgba.shape[:2]
    side = max(height, width)
    square = np.zeros((side, side, 4), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = rgba
    if side <= size:
        return square
    picture = Image.fromarray(square)
    layers = (picture.convert("RGB"), picture.getchannel("A"))
    color, alpha = (np.asarray(layer.resize((size, size), Image.Resampling.LANCZOS)) for layer in layers)
    return np.dstack([color, alpha])


def scaled_grey(grey: UInt8[np.ndarray, "height width"], size: tuple[int, int]) -> UInt8[np.ndarray, "rows columns"]:
    """A grey picture, uint8 [height, width], at another (width, height), averaged."""
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))


def square_about(
    rgba: UInt8[np.ndarray, "height width 4"], box: tuple[float, float, float, float], size: int
) -> UInt8[np.ndarray, "side side 4"]:
    """The square about a box (left, top, right, bottom; pixels) with a margin, as `shrink_square` returns it.

    What lies beyond the picture is transparent. A box outside of it gives an empty square.
    """
    left, top, right, bottom = box
    side = max(2, round(max(right - left, bottom - top) * MARGIN))
    x, y = round((left + right - side) / 2), round((top + bottom - side) / 2)
    square = np.zeros((side, side, 4), np.uint8)
    height, width = rgba.shape[:2]
    x_from, x_to, y_from, y_to = max(x, 0), min(x + side, width), max(y, 0), min(y + side, height)
    if x_from < x_to and y_from < y_to:
        square[y_from - y : y_to - y, x_from - x : x_to - x] = rgba[y_from:y_to, x_from:x_to]
    return shrink_square(square, size)
