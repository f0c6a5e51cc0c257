"""The two numbers that make the field's probabilities honest."""

from __future__ import annotations

import numpy as np

from shapeshot.model.heads import Calibration

# Of 1 / temperature: keeps the fit finite where the logits tell nothing, or everything.
SLOPES = (0.05, 20.0)


def fit_calibration(logits: np.ndarray, truth: np.ndarray, *, with_bias: bool = True) -> Calibration:
    """The calibration with the least negative log-likelihood of `truth`.

    logits: float [n], of held-out cells; truth: bool [n]. The likelihood is convex in (1 / temperature, bias), so its
    minimum is the only one. with_bias: False fits the temperature alone (Guo et al., ICML 2017).
    """
    from scipy.optimize import minimize

    values, came_true = np.asarray(logits, np.float64), np.asarray(truth, np.float64)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        scaled = parameters[0] * values + parameters[1]
        excess = (1 + np.tanh(scaled / 2)) / 2 - came_true
        slopes = np.array([(excess * values).mean(), excess.mean()])
        return float((np.logaddexp(0, scaled) - came_true * scaled).mean()), slopes

    bias_bounds = (-20.0, 20.0) if with_bias else (0.0, 0.0)
    slope, bias = minimize(loss, [1.0, 0.0], jac=True, bounds=[SLOPES, bias_bounds], method="L-BFGS-B").x
    return Calibration(float(1 / slope), float(bias))
