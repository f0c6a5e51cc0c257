"""How sure a point of the surface is: what the field says around it, turned into a probability."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import ModelError
from shapeshot.model.arrays import require_array, require_number
from shapeshot.model.field import sample_points, sigmoid

if TYPE_CHECKING:
    from jaxtyping import Float, Float32

# Where the field is asked, along the normal: fractions of the cube's side, from inside to outside.
OFFSETS = np.array([-4, -2, -1, -0.5, 0, 0.5, 1, 2, 4], np.float32) / 32
MAX_LOGIT = 6.0  # surer than 99.75 %: beyond it, logits differ a lot and mean the same
_POINTS_PER_RUN = 16_384  # keeps the corners of the cells around each place in tens of megabytes


@dataclass(frozen=True, eq=False)
class PointHead:
    """Logistic regression: the probability that the true surface passes within `distance` of a point.

    mean, scale, weights: of `point_features`. bias: of the regression. distance: a fraction of the cube's side.
    offsets, max_logit: what the features were made with.
    """

    mean: Float[np.ndarray, " features"]
    scale: Float[np.ndarray, " features"]
    weights: Float[np.ndarray, " features"]
    bias: float
    distance: float
    offsets: Float32[np.ndarray, " offsets"] = field(default_factory=OFFSETS.copy)
    max_logit: float = MAX_LOGIT

    def check(self) -> None:
        """ModelError unless all parts are what they must be, and fit together."""
        require_array("offsets", self.offsets, "f", (None,))
        for name in ("mean", "scale", "weights"):
            require_array(name, getattr(self, name), "f", (len(self.offsets) + 12,))
        if not (self.scale > 0).all():
            raise ModelError("scale must be positive")
        require_number("bias", self.bias, -np.inf, np.inf)
        require_number("distance", self.distance, 0, np.inf)
        require_number("max_logit", self.max_logit, 0, np.inf)

    def __call__(
        self,
        logits: Float[np.ndarray, "n n n"],
        points: Float[np.ndarray, "points 3"],
        normals: Float[np.ndarray, "points 3"],
    ) -> Float32[np.ndarray, " points"]:
        """Confidence in 0..1; the arguments are those of `point_features`."""
        sure = np.empty(len(points), np.float32)
        for start in range(0, len(points), _POINTS_PER_RUN):
            rows = slice(start, start + _POINTS_PER_RUN)
            features = point_features(logits, points[rows], normals[rows], self.offsets, self.max_logit)
            sure[rows] = self.confidence(features)
        return sure

    def confidence(self, features: Float[np.ndarray, "points features"]) -> Float[np.ndarray, " points"]:
        """Return the confidence of points whose features are already known."""
        return sigmoid((features - self.mean) / self.scale @ self.weights + self.bias)


def point_features(
    logits: Float[np.ndarray, "n n n"],
    points: Float[np.ndarray, "points 3"],
    normals: Float[np.ndarray, "points 3"],
    offsets: Float32[np.ndarray, " offsets"] = OFFSETS,
    max_logit: float = MAX_LOGIT,
) -> Float32[np.ndarray, "points features"]:
    """Compute what a point's confidence is predicted from: one feature for each offset, and 12 more.

    The field's logits at `offsets` along the normal, the normal, the point, and the absolute values of the last two:
    how sharp the field is there, and where on the object that is (backs and edges are guessed more than fronts).

    logits: at the centres of the cells of the canonical cube, [x, y, z]. points, normals: in the canonical cube,
    normals of length 1 and outward.
    """
    places, directions = np.asarray(points, np.float32), np.asarray(normals, np.float32)
    asked = places[:, None] + offsets[:, None] * directions[:, None]
    sampled = sample_points(logits, asked.reshape(-1, 3))
    profile = np.clip(sampled, -max_logit, max_logit).reshape(len(places), -1)
    return np.concatenate([profile, directions, np.abs(directions), places, np.abs(places)], axis=1)
