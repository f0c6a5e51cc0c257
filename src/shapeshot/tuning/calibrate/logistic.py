"""Logistic regression of standardised values with a small ridge: what the confidence of points and of shapes is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, Float64


class Regression(NamedTuple):
    """The probability of a row is sigmoid((row - mean) / scale @ weights + bias)."""

    mean: Float32[np.ndarray, " values"]
    scale: Float32[np.ndarray, " values"]
    weights: Float32[np.ndarray, " values"]
    bias: float


def fit_logistic(
    values: Float[np.ndarray, "rows values"],
    targets: Float64[np.ndarray, " rows"],
    ridge: float,
    *,
    no_negative_weight: bool = False,
) -> Regression:
    """Maximise the likelihood of `targets`, probabilities, less the ridge on the weights."""
    from scipy.optimize import minimize

    rows = np.asarray(values, np.float64)
    mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    standard = (rows - mean) / scale

    def loss(parameters: Float64[np.ndarray, " parameters"]) -> tuple[float, Float64[np.ndarray, " parameters"]]:
        weights, bias = parameters[:-1], parameters[-1]
        scores = standard @ weights + bias
        excess = (1 + np.tanh(scores / 2)) / 2 - targets
        slopes = np.append(standard.T @ excess / len(targets) + ridge * weights, excess.mean())
        return float((np.logaddexp(0, scores) - targets * scores).mean() + ridge / 2 * (weights**2).sum()), slopes

    count = rows.shape[1]
    bounds = [(0.0, None)] * count + [(None, None)] if no_negative_weight else None
    found = minimize(loss, np.zeros(count + 1), jac=True, method="L-BFGS-B", bounds=bounds).x.astype(np.float32)
    return Regression(mean.astype(np.float32), scale.astype(np.float32), found[:-1], float(found[-1]))
