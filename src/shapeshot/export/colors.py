"""Colours as files hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Float64, UInt8


def to_bytes(colors: Float[np.ndarray, " *shape"]) -> UInt8[np.ndarray, " *shape"]:
    """Round sRGB in [0, 1] to bytes, whatever the shape; values outside are clipped."""
    levels: np.ndarray = np.rint(np.clip(colors, 0, 1) * 255).astype(np.uint8)
    return levels


def to_linear(colors: Float[np.ndarray, " *shape"]) -> Float64[np.ndarray, " *shape"]:
    """Turn sRGB in [0, 1] into linear light in [0, 1], whatever the shape; values outside are clipped.

    The transfer function of IEC 61966-2-1.
    """
    srgb = np.clip(np.asarray(colors, np.float64), 0, 1)
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def to_srgb(linear: Float[np.ndarray, " *shape"]) -> Float64[np.ndarray, " *shape"]:
    """Turn linear light in [0, 1] into sRGB in [0, 1]: the inverse of `to_linear`."""
    light = np.clip(np.asarray(linear, np.float64), 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
