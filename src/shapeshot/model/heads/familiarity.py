"""Whether a photo is like what the model was trained on: how near the nearest training objects look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.model.arrays import require_array, require_number

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True)
class Familiarity:
    """How much a photo looks like those of the training.

    score: distance from the nearest training objects, 0 for a photo that looks just like one. is_familiar: whether it
    is at most `limit`.
    """

    score: float
    limit: float
    is_familiar: bool


@dataclass(frozen=True, eq=False)
class FamiliarityHead:
    """Distance to the k-th nearest training object.

    Sun et al., Out-of-Distribution Detection with Deep Nearest Neighbors (ICML 2022): Euclidean between unit vectors.

    directions: how each training object looks, as `Look` makes them. neighbour: k, from 1. limit: the largest familiar
    distance, fixed on the validation split.
    """

    directions: Float[np.ndarray, "objects components"]
    neighbour: int
    limit: float

    def check(self) -> None:
        """ModelError unless all parts are what they must be, and fit together."""
        require_array("directions", self.directions, "f", (None, None))
        require_number("neighbour", self.neighbour, 0, len(self.directions) + 1)
        require_number("limit", self.limit, -1e-9, np.inf)

    def distances(self, directions: Float[np.ndarray, "photos components"]) -> Float[np.ndarray, " photos"]:
        """Distances, in 0..2, of photos that look like `directions`."""
        cosines = directions @ self.directions.T
        place = len(self.directions) - self.neighbour
        kth = np.partition(cosines, place, axis=1)[:, place]
        distances: np.ndarray = np.sqrt(np.maximum(2 - 2 * kth, 0))
        return distances

    def __call__(self, direction: Float[np.ndarray, " components"]) -> Familiarity:
        """The verdict on a photo that looks like `direction`."""
        score = float(self.distances(direction[None])[0])
        return Familiarity(score, self.limit, score <= self.limit)
