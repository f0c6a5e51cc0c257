"""How a photo looks to the encoder, in few numbers: what the heads compare photos by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shapeshot.errors import ModelError


@dataclass(frozen=True, eq=False)
class Look:
    """The principal components of standardised features.

    mean, scale: float [features], of the training photos. basis: float [features, components], orthonormal.
    """

    mean: np.ndarray
    scale: np.ndarray
    basis: np.ndarray

    def components(self, features: np.ndarray) -> np.ndarray:
        """Features float [..., features] -> float [..., components]. Raises ModelError for those of another encoder."""
        found, expected = np.shape(features)[-1], len(self.mean)
        if found != expected:
            raise ModelError(f"the heads know {expected} features and the encoder gives {found}; calibrate it again")
        return (features - self.mean) / self.scale @ self.basis

    def directions(self, features: np.ndarray) -> np.ndarray:
        """The components as unit vectors: cosines between them compare what is seen, whatever its contrast."""
        return unit(self.components(features))


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors [..., n] at length 1; a zero vector stays zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
