"""Occupancy probabilities that mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Calibration:
    """From the field's logits to probabilities that mean what they say: sigmoid(logit / temperature + bias).

    The temperature is that of Guo et al. (On Calibration of Modern Neural Networks, ICML 2017). The bias makes it Platt
    scaling (1999): training asks about points near the surface more often than a grid does, so that the share of
    occupied answers, the prior, differs between the two. Calibration(1, 0) leaves the model's own.
    """

    temperature: float
    bias: float = 0.0

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """Occupancy probabilities float32 in the logits' shape."""
        scaled = np.asarray(logits, np.float32) / np.float32(self.temperature) + np.float32(self.bias)
        return (1 + np.tanh(scaled / 2)) / 2  # the sigmoid, without overflow
