"""Colours with the photo's own palette: mean and spread of the object's pixels handed on to the predicted colours.

The field knows where an object changes colour better than which colour it is; the photo knows exactly that. Matching
mean and standard deviation is Reinhard et al., "Color Transfer between Images" (2001), here in sRGB and with one
spread for the three channels, so that a grey prediction cannot become garish.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MAX_SPREAD_CHANGE = 2.0


@dataclass(frozen=True, eq=False)
class ColorTransfer:
    """colors -> (colors - center) * spread + target, clipped to [0, 1]. center, target: float32 [3]."""

    center: np.ndarray
    target: np.ndarray
    spread: float

    @classmethod
    def fit(cls, predicted: np.ndarray, photographed: np.ndarray) -> ColorTransfer:
        """From predicted sRGB [points, 3] to the object's pixels [pixels, 3], both in [0, 1] and not empty."""
        ratio = photographed.std(axis=0).mean() / max(float(predicted.std(axis=0).mean()), 1e-6)
        spread = float(np.clip(ratio, 1 / MAX_SPREAD_CHANGE, MAX_SPREAD_CHANGE))
        center, target = (values.mean(axis=0, dtype=np.float64) for values in (predicted, photographed))
        return cls(center.astype(np.float32), target.astype(np.float32), spread)

    def __call__(self, colors: np.ndarray) -> np.ndarray:
        """sRGB float32 [..., 3], shape kept."""
        moved = (colors - self.center) * np.float32(self.spread) + self.target
        return np.clip(moved, 0, 1).astype(np.float32)


def object_pixels(rgba: np.ndarray, mask: np.ndarray, max_pixels: int = 20_000) -> np.ndarray:
    """sRGB in [0, 1], float32 [pixels, 3], of the pixels surely inside the object; all pixels where none is sure."""
    sure = np.flatnonzero(mask.ravel() > 0.9)
    chosen = sure if len(sure) else np.arange(mask.size)
    step = max(1, len(chosen) // max_pixels)
    return rgba.reshape(-1, rgba.shape[-1])[chosen[::step], :3].astype(np.float32) / 255
