"""How sure a point of the surface is: what the field says around it, turned into a probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Where the field is asked, along the normal: fractions of the cube's side, from inside to outside.
OFFSETS = np.array([-4, -2, -1, -0.5, 0, 0.5, 1, 2, 4], np.float32) / 32
MAX_LOGIT = 6.0  # surer than 99.75 %: beyond it, logits differ a lot and mean the same
_POINTS_PER_RUN = 16_384  # keeps the corners of the cells around each place in tens of megabytes


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
    asked = places[:, None] + OFFSETS[:, None] * directions[:, None]
    profile = np.clip(trilinear(logits, asked.reshape(-1, 3)), -MAX_LOGIT, MAX_LOGIT).reshape(len(places), -1)
    return np.concatenate([profile, directions, np.abs(directions), places, np.abs(places)], axis=1)


def trilinear(grid: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A grid's values between its cells' centres, float32 [points], at points float [points, 3] of the canonical cube.

    Beyond the outermost centres it is the nearest cell's value.
    """
    cells = grid.shape[0]
    place = np.clip((np.asarray(points, np.float32) + np.float32(0.5)) * cells - np.float32(0.5), 0, cells - 1)
    low = np.minimum(place.astype(np.intp), max(cells - 2, 0))
    x, y, z = (place - low).astype(np.float32).T
    # Places in the flat grid: of each cell's first corner, and how far along each axis the next one is.
    flat, corner, step = grid.ravel(), low @ np.array([cells**2, cells, 1]), min(cells - 1, 1)
    edges = [
        _between(flat[start], flat[start + step], z)
        for start in (corner + offset * step for offset in (0, cells, cells**2, cells**2 + cells))
    ]
    return _between(_between(edges[0], edges[1], y), _between(edges[2], edges[3], y), x)


def _between(low: np.ndarray, high: np.ndarray, share: np.ndarray) -> np.ndarray:
    return low + (high - low) * share
