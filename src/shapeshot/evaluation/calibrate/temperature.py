"""The one number that makes the field's probabilities honest."""

from __future__ import annotations

import numpy as np

BOUNDS = (0.05, 20.0)


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """The temperature with the least negative log-likelihood of `truth` (Guo et al., ICML 2017).

    logits: float [n], of held-out cells; truth: bool [n]. The likelihood is convex in 1 / temperature, so its only
    minimum is found; it is looked for between 0.05 and 20.
    """
    from scipy.optimize import minimize_scalar

    signed = np.where(truth, -1.0, 1.0) * np.asarray(logits, np.float64)

    def loss(log_temperature: float) -> float:
        return float(np.logaddexp(0, signed * np.exp(-log_temperature)).mean())

    low, high = np.log(BOUNDS)
    return float(np.exp(minimize_scalar(loss, bounds=(low, high), method="bounded").x))
