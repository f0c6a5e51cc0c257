"""Occupancy probabilities that mean what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.model.arrays import require_number
from shapeshot.model.field import sigmoid

if TYPE_CHECKING:
    from jaxtyping import Float, Float32


@dataclass(frozen=True)
class Calibration:
    """Turns the field's logits into calibrated probabilities: sigmoid(logit / temperature + bias).

    The temperature is that of Guo et al. (On Calibration of Modern Neural Networks, ICML 2017). The bias makes it Platt
    scaling (1999): training asks about points near the surface more often than a grid does, so that the share of
    occupied answers, the prior, differs between the two. Calibration(1, 0) leaves the model's own.
    """

    temperature: float
    bias: float = 0.0

    def check(self) -> None:
        """ModelError unless both are numbers that make probabilities."""
        require_number("temperature", self.temperature, 0, np.inf)
        require_number("bias", self.bias, -np.inf, np.inf)

    def __call__(self, logits: Float[np.ndarray, "*shape"]) -> Float32[np.ndarray, "*shape"]:
        """Occupancy probabilities of logits."""
        return sigmoid(np.asarray(logits, np.float32) / np.float32(self.temperature) + np.float32(self.bias))
