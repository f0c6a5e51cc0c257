"""Whether a photo is like what the model was trained on: how near the nearest training objects look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Familiarity:
    """score: distance from the nearest training objects, 0 for their very look. is_familiar: it is at most `limit`."""

    score: float
    limit: float
    is_familiar: bool


@dataclass(frozen=True, eq=False)
class FamiliarityHead:
    """Distance to the k-th nearest training object.

    Sun et al., Out-of-Distribution Detection with Deep Nearest Neighbors (ICML 2022): Euclidean between unit vectors.

    directions: float [objects, components], how each training object looks, as `Look` makes them. neighbour: k, from
    1. limit: the largest familiar distance, fixed on the validation split.
    """

    directions: np.ndarray
    neighbour: int
    limit: float

    def distances(self, directions: np.ndarray) -> np.ndarray:
        """Of photos that look like `directions` float [photos, components], in 0..2, float [photos]."""
        cosines = directions @ self.directions.T
        place = len(self.directions) - self.neighbour
        kth = np.partition(cosines, place, axis=1)[:, place]
        return np.sqrt(np.maximum(2 - 2 * kth, 0))

    def __call__(self, direction: np.ndarray) -> Familiarity:
        """The verdict on a photo that looks like `direction` [components]."""
        score = float(self.distances(direction[None])[0])
        return Familiarity(score, self.limit, score <= self.limit)
