"""Colours with the photo's own hue: the field's lightness, moved to the chroma that most of the object's pixels have.

The network has seen too few objects to tell a green chair from a brown one, which the photo shows plainly; but the
photo's lightness is as much light as paint, and taking it over makes colours worse. Hence a shift of the chroma alone,
after Reinhard et al., "Color Transfer between Images" (2001). Measured by benchmarks/measure_colors.py; the figures
are in docs/results.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, UInt8


@dataclass(frozen=True, eq=False)
class ColorTransfer:
    """Moves colours by one shift and clips them to [0, 1]. shift: float32 [3]; its components sum to zero."""

    shift: Float[np.ndarray, " 3"]

    @classmethod
    def fit(
        cls, predicted: Float[np.ndarray, "points 3"], photographed: Float[np.ndarray, "pixels 3"]
    ) -> ColorTransfer:
        """Find the shift from predicted colours [points, 3] to the object's [pixels, 3]: sRGB in [0, 1], not empty."""
        shift = np.median(photographed, axis=0) - predicted.mean(axis=0, dtype=np.float64)
        return cls((shift - shift.mean()).astype(np.float32))

    @classmethod
    def none(cls) -> ColorTransfer:
        """For colours that are the photo's own already."""
        return cls(np.zeros(3, np.float32))

    def __call__(self, colors: Float[np.ndarray, "*shape 3"]) -> Float32[np.ndarray, "*shape 3"]:
        """Shift colours, sRGB float [..., 3] in [0, 1]; returns float32 of the same shape."""
        moved: np.ndarray = np.clip(colors + self.shift, 0, 1).astype(np.float32)
        return moved


def object_pixels(
    rgba: UInt8[np.ndarray, "height width 4"], mask: Float[np.ndarray, "height width"], max_pixels: int = 20_000
) -> Float32[np.ndarray, "pixels 3"]:
    """Pick the colours of pixels surely inside the object, or of all where none is: sRGB in [0, 1], [pixels, 3]."""
    sure = np.flatnonzero(mask.ravel() > 0.9)
    chosen = sure if len(sure) else np.arange(mask.size)
    step = max(1, len(chosen) // max_pixels)
    return rgba.reshape(-1, rgba.shape[-1])[chosen[::step], :3].astype(np.float32) / 255
