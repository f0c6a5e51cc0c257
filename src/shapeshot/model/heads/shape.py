"""How probable it is that a whole shape is right: what is known of one reconstruction, in one number."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import ModelError
from shapeshot.model.arrays import require_array, require_number
from shapeshot.model.field import sigmoid

if TYPE_CHECKING:
    from jaxtyping import Float, Float32

RIGHT_F_SCORE = 0.5  # at 5 % of the longest side: with more a shape counts as right


@dataclass(frozen=True)
class Evidence:
    """What speaks for a shape; each value is larger where it is more to be trusted, and 0 at best or where unknown.

    points: the mean confidence of its points, less 1. worst_points: the tenth percentile of that, less 1. camera: the
    certainty of the camera, less 1. familiarity: how far the photo is from those of the training, in its limits, below
    zero. explained: the share of the object's rays whose depth the network knows, less 1. depth: how uncertain the
    depths of these rays are, below zero. slender: the share of the cube that the shape fills, below zero, as most of a
    bulky thing's surface is hidden. proportions: by which logarithm the shape is stretched against the size estimate,
    below zero. mask: the certainty of the mask, less 1.
    """

    points: float = 0.0
    worst_points: float = 0.0
    camera: float = 0.0
    familiarity: float = 0.0
    explained: float = 0.0
    depth: float = 0.0
    slender: float = 0.0
    proportions: float = 0.0
    mask: float = 0.0

    @property
    def values(self) -> Float32[np.ndarray, " evidence"]:
        """The values in the order of EVIDENCE."""
        return np.array(astuple(self), np.float32)


EVIDENCE = tuple(entry.name for entry in fields(Evidence))


@dataclass(frozen=True, eq=False)
class ShapeHead:
    """Logistic regression: the probability that a shape, turned to the true front, has an F-score above RIGHT_F_SCORE.

    mean, scale, weights: of the values of `Evidence`; no weight is negative. bias: of the regression.
    """

    mean: Float32[np.ndarray, " evidence"]
    scale: Float32[np.ndarray, " evidence"]
    weights: Float32[np.ndarray, " evidence"]
    bias: float

    def check(self) -> None:
        """ModelError unless all parts are what they must be, and fit together."""
        for name in ("mean", "scale", "weights"):
            require_array(name, getattr(self, name), "f", (len(EVIDENCE),))
        if not ((self.scale > 0).all() and (self.weights >= 0).all()):
            raise ModelError("scale must be positive, and no weight negative")
        require_number("bias", self.bias, -np.inf, np.inf)

    def __call__(self, evidence: Evidence) -> float:
        """The probability, 0 to 1."""
        return float(self.of_values(evidence.values[None])[0])

    def of_values(self, values: Float32[np.ndarray, "shapes evidence"]) -> Float[np.ndarray, " shapes"]:
        """The probability of each of many shapes."""
        return sigmoid((values - self.mean) / self.scale @ self.weights + self.bias)

    def main_doubt(self, evidence: Evidence) -> str:
        """The name of what lowers the probability most, beside the mean shape of the calibration."""
        lowered = (evidence.values - self.mean) / self.scale * self.weights
        return EVIDENCE[int(np.argmin(lowered))]
