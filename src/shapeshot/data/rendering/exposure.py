"""From rendered light to pixels: exposure, sRGB, straight alpha."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, UInt8


def developed(image: Float[np.ndarray, "height width 4"]) -> UInt8[np.ndarray, "height width 4"]:
    """A premultiplied linear RGBA picture as straight-alpha sRGB, exposed to be neither burnt nor black."""
    image = np.nan_to_num(image, posinf=0.0, neginf=0.0)
    alpha = image[:, :, 3:].clip(0.0, 1.0)
    color = image[:, :, :3] / np.maximum(alpha, 1e-6) * (alpha > 0)
    visible = color[alpha[:, :, 0] > 0.5].mean(axis=1)
    bright = float(np.quantile(visible, 0.98)) if len(visible) else 1.0
    exposure = np.clip(bright, 0.12, 1.1) / max(bright, 1e-6)
    rgba: np.ndarray = np.rint(np.concatenate([srgb(color * exposure), alpha], axis=2) * 255).astype(np.uint8)
    return rgba


def developed_room(image: Float[np.ndarray, "height width 4"]) -> UInt8[np.ndarray, "height width 4"]:
    """A picture whose linear RGB is everything in sight and whose alpha is an object's coverage, exposed as a whole."""
    image = np.nan_to_num(image, posinf=0.0, neginf=0.0)
    bright = float(np.quantile(image[:, :, :3].mean(axis=2), 0.95))
    exposure = np.clip(bright, 0.35, 0.85) / max(bright, 1e-6)
    encoded = np.concatenate([srgb(image[:, :, :3] * exposure), image[:, :, 3:].clip(0.0, 1.0)], axis=2)
    levels: np.ndarray = np.rint(encoded * 255).astype(np.uint8)
    return levels


def srgb(linear: Float[np.ndarray, " *shape"]) -> Float[np.ndarray, " *shape"]:
    """Turn linear light into sRGB in [0, 1], clipped (IEC 61966-2-1)."""
    linear = np.clip(linear, 0.0, 1.0)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
