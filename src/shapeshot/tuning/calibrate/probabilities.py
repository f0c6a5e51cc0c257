"""The two numbers that make the field's probabilities honest, where they do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.model.heads import Calibration

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float64

    from shapeshot.tuning.calibrate.photos import SeenViews

AS_THEY_COME = Calibration(1.0)

# Of 1 / temperature: keeps the fit finite where the logits tell nothing, or everything.
SLOPES = (0.05, 20.0)


@dataclass(frozen=True)
class CalibrationFit:
    """A fitted calibration and whether it helps. before, after: expected calibration error on val without and with."""

    fitted: Calibration
    before: float
    after: float

    @classmethod
    def of(cls, val: SeenViews) -> CalibrationFit:
        """Fit on the cells of the validation views, and measure on them.

        What is fitted is the likelihood, which a fit never worsens; the error, which is what a user is told, it may.
        """
        fitted = fit_calibration(val.logits.ravel(), val.truth.ravel())
        return cls(fitted, val.reliability(AS_THEY_COME).error, val.reliability(fitted).error)

    @property
    def helps(self) -> bool:
        """Whether the calibration error is smaller with the fit than without it."""
        return self.after < self.before

    @property
    def applied(self) -> Calibration:
        """What a model gets: the fit, or its probabilities as they come where the fit does not help."""
        return self.fitted if self.helps else AS_THEY_COME

    def facts(self) -> dict[str, Any]:
        """Describe for the model's card what is applied, and what was fitted."""
        return {
            **asdict(self.applied),
            "applied": self.helps,
            "val_calibration_error": {"before": self.before, "after": self.after if self.helps else self.before},
            "fitted": {**asdict(self.fitted), "val_calibration_error": self.after},
        }


def fit_calibration(
    logits: Float[np.ndarray, " n"], truth: Bool[np.ndarray, " n"], *, with_bias: bool = True
) -> Calibration:
    """The calibration with the least negative log-likelihood of `truth`.

    logits, truth: of held-out cells. The likelihood is convex in (1 / temperature, bias), so its
    minimum is the only one. with_bias: False fits the temperature alone (Guo et al., ICML 2017).
    """
    from scipy.optimize import minimize

    values, came_true = np.asarray(logits, np.float64), np.asarray(truth, np.float64)

    def loss(parameters: Float64[np.ndarray, " parameters"]) -> tuple[float, Float64[np.ndarray, " parameters"]]:
        scaled = parameters[0] * values + parameters[1]
        excess = (1 + np.tanh(scaled / 2)) / 2 - came_true
        slopes = np.array([(excess * values).mean(), excess.mean()])
        return float((np.logaddexp(0, scaled) - came_true * scaled).mean()), slopes

    bias_bounds = (-20.0, 20.0) if with_bias else (0.0, 0.0)
    slope, bias = minimize(loss, [1.0, 0.0], jac=True, bounds=[SLOPES, bias_bounds], method="L-BFGS-B").x
    return Calibration(float(1 / slope), float(bias))
