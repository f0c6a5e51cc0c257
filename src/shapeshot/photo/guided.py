"""A coarse mask at a photo's own resolution, its edges along the photo's.

The fast guided filter (He and Sun, 2015; after He, Sun and Tang, ECCV 2010): in every small window of the coarse mask,
the mask is a linear function of the photo's colours. The functions are found at the mask's resolution and applied to
the photo's pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, UInt8

RADIUS = 3  # of a window, in pixels of the coarse mask
SMOOTHING = 3e-3  # squared difference of colours, of 1, that counts as noise


def guided_upsample(
    mask: Float[np.ndarray, "rows columns"], photo: UInt8[np.ndarray, "height width 3"]
) -> Float[np.ndarray, "height width"]:
    """Return the mask, in 0..1, at the photo's resolution."""
    height, width = photo.shape[:2]
    rows, columns = mask.shape
    image = Image.fromarray(np.ascontiguousarray(photo))
    guide = np.asarray(image.resize((columns, rows), Image.Resampling.BOX), np.float32) / 255
    slope, offset = _linear(mask.astype(np.float32), guide)
    fine = photo.astype(np.float32) / 255
    scaled = [_stretched(slope[..., channel], width, height) for channel in range(3)]
    result = _stretched(offset, width, height)
    for channel in range(3):
        result = result + scaled[channel] * fine[..., channel]
    clipped: np.ndarray = np.clip(result, 0.0, 1.0).astype(np.float32)
    return clipped


def _linear(
    mask: Float[np.ndarray, "rows columns"], guide: Float[np.ndarray, "rows columns 3"]
) -> tuple[Float[np.ndarray, "rows columns 3"], Float[np.ndarray, "rows columns"]]:
    """Slopes [rows, columns, 3] and offsets [rows, columns]: mask = slope . colour + offset, averaged over windows."""
    mean_mask, mean = _box(mask), _box(guide)
    covariance = _box(guide * mask[..., None]) - mean * mean_mask[..., None]
    products = guide[..., :, None] * guide[..., None, :]
    variance = (
        _box(products.reshape(*mask.shape, 9)).reshape(*mask.shape, 3, 3) - mean[..., :, None] * mean[..., None, :]
    )
    slope = np.linalg.solve(variance + SMOOTHING * np.eye(3, dtype=np.float32), covariance[..., None])[..., 0]
    offset = mean_mask - (slope * mean).sum(axis=2)
    return _box(slope), _box(offset)


def _box(values: Float[np.ndarray, "rows columns *channels"]) -> Float[np.ndarray, "rows columns *channels"]:
    """Means over windows of 2 RADIUS + 1 pixels a side, cut at the picture's edge."""
    for axis in (0, 1):
        length = values.shape[axis]
        zero = np.zeros_like(values.take([0], axis=axis), np.float64)
        sums = np.concatenate([zero, np.cumsum(values, axis=axis, dtype=np.float64)], axis=axis)
        first = np.maximum(np.arange(length) - RADIUS, 0)
        last = np.minimum(np.arange(length) + RADIUS + 1, length)
        count = (last - first).reshape([-1 if i == axis else 1 for i in range(values.ndim)])
        values = ((sums.take(last, axis=axis) - sums.take(first, axis=axis)) / count).astype(np.float32)
    return values


def _stretched(
    values: Float[np.ndarray, "rows columns"], width: int, height: int
) -> Float32[np.ndarray, "height width"]:
    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
