"""How a photo looks to the encoder, in few numbers: what the heads compare photos by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import ModelError
from shapeshot.model.arrays import require_array

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class Look:
    """The principal components of standardised features.

    mean, scale: of the training photos. basis: orthonormal.
    """

    mean: Float[np.ndarray, " features"]
    scale: Float[np.ndarray, " features"]
    basis: Float[np.ndarray, "features components"]

    def check(self) -> None:
        """ModelError unless all parts are what they must be, and fit together."""
        require_array("mean", self.mean, "f", (None,))
        require_array("scale", self.scale, "f", self.mean.shape)
        require_array("basis", self.basis, "f", (len(self.mean), None))
        if not (self.scale > 0).all():
            raise ModelError("scale must be positive")

    def components(self, features: Float[np.ndarray, "*photos features"]) -> Float[np.ndarray, "*photos components"]:
        """The components of features. Raises ModelError for those of another encoder."""
        found, expected = np.shape(features)[-1], len(self.mean)
        if found != expected:
            raise ModelError(f"the heads know {expected} features and the encoder gives {found}; calibrate it again")
        components: np.ndarray = (features - self.mean) / self.scale @ self.basis
        return components

    def directions(self, features: Float[np.ndarray, "*photos features"]) -> Float[np.ndarray, "*photos components"]:
        """The components as unit vectors: cosines between them compare what is seen, whatever its contrast."""
        return unit(self.components(features))


def unit(vectors: Float[np.ndarray, "*count n"]) -> Float[np.ndarray, "*count n"]:
    """Vectors at length 1; a zero vector stays zero."""
    shortened: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return shortened
