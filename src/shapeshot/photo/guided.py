"""A coarse mask at a photo's own resolution, its edges along the photo's.

The fast guided filter (He and Sun, 2015; after He, Sun and Tang, ECCV 2010): in every small window of the coarse mask,
the mask is a linear function of the photo. The functions are found at the mask's resolution and applied to the photo's
pixels. What guides is not the photo's lightness but the mixture of its colours that tells the object best from what is
around it (Fisher's linear discriminant), so that red on an equally light green has an edge, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, UInt8

RADIUS = 3  # of a window, in pixels of the coarse mask
SMOOTHING = 3e-3  # squared difference of the guide, of 1, that counts as noise
SPREAD = 3e-3  # added to the colours' variances, so that colours that hardly vary do not rule


def guided_upsample(
    mask: Float[np.ndarray, "rows columns"], photo: UInt8[np.ndarray, "height width 3"]
) -> Float[np.ndarray, "height width"]:
    """Return the mask, in 0..1, at the photo's resolution."""
    height, width = photo.shape[:2]
    rows, columns = mask.shape
    image = Image.fromarray(np.ascontiguousarray(photo))
    small = np.asarray(image.resize((columns, rows), Image.Resampling.BOX), np.float32) / 255
    mixture = _discriminant(mask, small)
    guide = small @ mixture
    slope, offset = _linear(mask.astype(np.float32), guide)
    fine = photo.reshape(-1, 3).astype(np.float32) @ (mixture / 255)
    result = _stretched(slope, width, height) * fine.reshape(height, width) + _stretched(offset, width, height)
    clipped: np.ndarray = np.clip(result, 0.0, 1.0)
    return clipped


def _discriminant(
    mask: Float[np.ndarray, "rows columns"], colors: Float[np.ndarray, "rows columns 3"]
) -> Float32[np.ndarray, " 3"]:
    """The unit mixture of the colours, float32 [3], in which inside and outside lie furthest apart."""
    weights = (mask.astype(np.float64), 1.0 - mask.astype(np.float64))
    means, spread = [], SPREAD * np.eye(3)
    for weight in weights:
        total = weight.sum() + 1e-9
        mean = (colors * weight[..., None]).sum(axis=(0, 1)) / total
        apart = (colors - mean).reshape(-1, 3)
        spread = spread + (apart * weight.reshape(-1, 1)).T @ apart / total
        means.append(mean)
    direction = np.linalg.solve(spread, means[0] - means[1])
    length = float(np.linalg.norm(direction))
    unit: np.ndarray = (direction / length if length > 1e-9 else np.full(3, 3**-0.5)).astype(np.float32)
    return unit


def _linear(
    mask: Float[np.ndarray, "rows columns"], guide: Float[np.ndarray, "rows columns"]
) -> tuple[Float[np.ndarray, "rows columns"], Float[np.ndarray, "rows columns"]]:
    """Slopes and offsets [rows, columns]: mask = slope * guide + offset, averaged over the windows of a pixel."""
    mean_mask, mean = _box(mask), _box(guide)
    covariance = _box(guide * mask) - mean * mean_mask
    slope = covariance / (_box(guide * guide) - mean * mean + SMOOTHING)
    return _box(slope), _box(mean_mask - slope * mean)


def _box(values: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "rows columns"]:
    """Means over windows of 2 RADIUS + 1 pixels a side, cut at the picture's edge."""
    for _ in range(2):  # along the rows, then along what were the columns
        length = values.shape[0]
        sums = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
        first = np.maximum(np.arange(length) - RADIUS, 0)
        last = np.minimum(np.arange(length) + RADIUS + 1, length)
        values = ((sums[last] - sums[first]) / (last - first)[:, None].astype(np.float32)).T
    return values


def _stretched(
    values: Float[np.ndarray, "rows columns"], width: int, height: int
) -> Float32[np.ndarray, "height width"]:
    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
