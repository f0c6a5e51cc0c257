"""What makes a shape of a view, and is scored by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from shapeshot.scores.prediction import Prediction

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, UInt8


@dataclass(frozen=True, eq=False)
class Answer:
    """What a predictor says to a view that it looked at once.

    probabilities: of occupancy. shape: makes the shape of what was seen; raises EmptyShapeError where there is none.
    """

    probabilities: Float[np.ndarray, "n n n"]
    shape: Callable[[], Prediction]


class Predictor(Protocol):
    """Anything that makes a shape of one view.

    details: what was fitted and chosen, as plain JSON values; the report shows it.
    gives: of `scores.aspects` what its predictions have. Metrics that need another are missing for it; those that
        need one of these are at their worst where a prediction lacks it.
    """

    name: str
    details: Mapping[str, Any]
    gives: frozenset[str]

    def predict(self, view: UInt8[np.ndarray, "size size 4"]) -> Prediction:
        """The shape in a view. Raises EmptyShapeError or PhotoError where it sees none."""
        ...


class ThresholdedPredictor(Predictor, Protocol):
    """A predictor that gives "probabilities": a threshold makes its shape of them."""

    def answer(self, view: UInt8[np.ndarray, "size size 4"]) -> Answer:
        """Look at a view once, for probabilities and shape. Raises PhotoError for a view that shows nothing."""
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

    def predict_from_truth(self, occupancy: Bool[np.ndarray, "n n n"]) -> Prediction:
        """The best it could have answered, given the true occupancy."""
        ...
