"""How sure a point of the surface is: what the field says around it, turned into a probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Where the field is asked, along the normal: fractions of the cube's side, from inside to outside.
OFFSETS = np.array([-4, -2, -1, -0.5, 0, 0.5, 1, 2, 4], np.float32) / 32
MAX_LOGIT = 6.0  # surer than 99.75 %: beyond it, logits differ a lot and mean the same
_POINTS_PER_RUN = 65_536  # keeps the eight corners of each place's cell in tens of megabytes


@dataclass(frozen=True, eq=False)
class PointHead:
    """Logistic regression: the probability that the true surface passes within `distance` of a point.

    mean, scale, weights: float [features], of `point_features`. bias: float. distance: a fraction of the cube's side.
    """

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: float
    distance: float

    def __call__(self, logits: np.ndarray, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """Confidence float32 [points] in 0..1; the arguments are those of `point_features`."""
        sure = np.empty(len(points), np.float32)
        for start in range(0, len(points), _POINTS_PER_RUN):
            rows = slice(start, start + _POINTS_PER_RUN)
            sure[rows] = self.confidence(point_features(logits, points[rows], normals[rows]))
        return sure

    def confidence(self, features: np.ndarray) -> np.ndarray:
        """The same from features float [points, 21]."""
        return (1 + np.tanh(((features - self.mean) / self.scale @ self.weights + self.bias) / 2)) / 2


def point_features(logits: np.ndarray, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """What a point's confidence is made of, float32 [points, 21].

    The field's logits at OFFSETS along the normal, the normal, the point, and the absolute values of the last two: how
    sharp the field is there, and where on the object that is (backs and edges are guessed more than fronts).

    logits: float [n, n, n] at the centres of the cells of the canonical cube, [x, y, z]. points, normals: float
    [points, 3] in the canonical cube, normals of length 1 and outward.
    """
    places, directions = np.asarray(points, np.float32), np.asarray(normals, np.float32)
    profile = [trilinear(logits, places + offset * directions) for offset in OFFSETS]
    profile = [np.clip(values, -MAX_LOGIT, MAX_LOGIT) for values in profile]
    return np.concatenate([np.stack(profile, axis=1), directions, np.abs(directions), places, np.abs(places)], axis=1)


def trilinear(grid: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A grid's values between its cells' centres, float32 [points], at points float [points, 3] of the canonical cube.

    Beyond the outermost centres it is the nearest cell's value.
    """
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
