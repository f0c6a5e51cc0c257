"""Occupancy probabilities that mean what they say, and how sure the field is of its own surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Half the thickness of the shell that `surface_confidence` looks at: one cell of the 32^3 grid that is scored.
REACH = 1 / 32
_POINTS_PER_RUN = 262_144  # keeps the eight corners of each point's cell in tens of megabytes


@dataclass(frozen=True)
class Calibration:
    """From the field's logits to probabilities that mean what they say: sigmoid(logit / temperature + bias).

    The temperature is that of Guo et al. (On Calibration of Modern Neural Networks, ICML 2017). The bias makes it Platt
    scaling (1999): training asks about points near the surface more often than a grid does, so that the share of
    occupied answers, the prior, differs between the two. Calibration(1, 0) leaves the model's own.
    """

    temperature: float
    bias: float = 0.0

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """Occupancy probabilities float32 in the logits' shape."""
        scaled = np.asarray(logits, np.float32) / np.float32(self.temperature) + np.float32(self.bias)
        return (1 + np.tanh(scaled / 2)) / 2  # the sigmoid, without overflow


def surface_confidence(
    probabilities: np.ndarray, points: np.ndarray, normals: np.ndarray, reach: float = REACH
) -> np.ndarray:
    """How sure the field is that its surface passes within `reach` of each point, float32 [points] in 0..1.

    P(inside at point - reach * normal) - P(inside at point + reach * normal). Where occupancy along the normal changes
    once, from inside to outside, this is exactly the probability that it changes within `reach`. 1: the surface is
    surely here; 0: the field is flat across it and knows nothing.

    probabilities: calibrated occupancy float [n, n, n] at the centres of the cells of the canonical cube, [x, y, z].
    points, normals: float [points, 3] in the canonical cube, normals of length 1 and outward.
    """
    sure = np.empty(len(points), np.float32)
    for start in range(0, len(points), _POINTS_PER_RUN):
        rows = slice(start, start + _POINTS_PER_RUN)
        step = np.float32(reach) * np.asarray(normals[rows], np.float32)
        inner = _trilinear(probabilities, points[rows] - step)
        sure[rows] = np.clip(inner - _trilinear(probabilities, points[rows] + step), 0, 1)
    return sure


def _trilinear(grid: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The grid's values between cell centres; beyond the cube the nearest cell's own, float32 [points]."""
    cells = grid.shape[0]
    place = np.clip((np.asarray(points, np.float32) + np.float32(0.5)) * cells - np.float32(0.5), 0, cells - 1)
    low = np.minimum(place.astype(np.intp), max(cells - 2, 0))
    fraction, high = place - low, np.minimum(low + 1, cells - 1)
    values = np.zeros(len(place), np.float32)
    for corner in np.ndindex(2, 2, 2):
        sides = np.array(corner, bool)
        weights = np.where(sides, fraction, 1 - fraction).prod(axis=1)
        values += weights * grid[tuple(np.where(sides, high, low).T)]
    return values
