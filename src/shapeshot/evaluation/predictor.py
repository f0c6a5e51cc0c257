"""What is scored: predictions, and what makes them of a view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from shapeshot.geometry import Mesh, PointCloud

RESOLUTION = 32
NUM_POINTS = 10_000  # of a surface; a protocol takes as many of them as it compares


@dataclass(frozen=True, eq=False)
class Prediction:
    """One shape in the canonical cube; None is what its kind does not have.

    occupancy: bool [32, 32, 32]. surface: points, with normals where the kind has any (no points: an empty shape).
    mesh: what a user would get.
    """

    occupancy: np.ndarray | None
    surface: PointCloud
    mesh: Mesh | None = None


class Predictor(Protocol):
    """Anything that makes a shape of one view.

    details: what was fitted and chosen, as plain JSON values; the report shows it.
    gives: of `evaluation.aspects` what its predictions have. Metrics that need another are missing for it; those that
        need one of these are at their worst where a prediction lacks it.
    """

    name: str
    details: Mapping[str, Any]
    gives: frozenset[str]

    def predict(self, view: np.ndarray) -> Prediction:
        """The shape in a view, uint8 [size, size, 4]. Raises EmptyShapeError or PhotoError where it sees none."""
        ...


class ThresholdedPredictor(Predictor, Protocol):
    """A predictor that gives "probabilities": a threshold makes its shape of them."""

    def probabilities(self, view: np.ndarray) -> np.ndarray:
        """Occupancy probability in a view, float [32, 32, 32]. Raises PhotoError for a view that shows nothing."""
        ...

    def with_threshold(self, threshold: float) -> ThresholdedPredictor:
        """The same predictor with another threshold, a probability; what is above it is inside."""
        ...


@runtime_checkable
class TruthSeer(Protocol):
    """An upper bound, not a predictor: the one kind of thing that a protocol shows the truth."""

    name: str
    details: Mapping[str, Any]
    gives: frozenset[str]

    def predict_from_truth(self, occupancy: np.ndarray) -> Prediction:
        """The best it could have answered, given the true occupancy, bool [32, 32, 32]."""
        ...
