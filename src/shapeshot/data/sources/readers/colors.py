"""Colours of vertices and faces as mesh files have them: integers or floats of any range, sRGB or linear light."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int, Num


def unit_colors(values: Num[np.ndarray, " *shape"], is_integer: bool) -> Float64[np.ndarray, " *shape"]:
    """Colours of unknown range in 0..1, float64 [..., 3].

    The full range is the smallest usual one that holds the largest value: 1 (floats alone), 255 or 65535.
    """
    values = np.nan_to_num(np.asarray(values, np.float64), posinf=0.0, neginf=0.0)
    highest = float(values.max()) if values.size else 0.0
    ranges = (255.0, 65535.0) if is_integer else (1.0, 255.0, 65535.0)
    full = next((full for full in ranges if highest <= full), max(highest, 1.0))
    return np.clip(values / full, 0.0, 1.0)


def of_corners(
    vertex_colors: Float64[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"]
) -> Float64[np.ndarray, "faces 3 3"]:
    """The colour of each face's corners, float64 [faces, 3, 3]. Corners beyond the vertices count as the first."""
    inside = np.where((faces >= 0) & (faces < len(vertex_colors)), faces, 0)
    return vertex_colors[inside]


def linear_to_srgb(linear: Float[np.ndarray, " *shape"]) -> Float[np.ndarray, " *shape"]:
    """Linear light in [0, 1] as sRGB by IEC 61966-2-1."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)
