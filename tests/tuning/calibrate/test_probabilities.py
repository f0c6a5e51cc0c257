"""The temperature and the bias of logits that were spoilt are found again."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.model.heads import Calibration
from shapeshot.scores.reliability import Reliability
from shapeshot.tuning.calibrate.photos import SeenViews
from shapeshot.tuning.calibrate.probabilities import CalibrationFit, fit_calibration

AS_IT_IS = Calibration(1.0)


def honest_logits() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, 200_000)
    return logits, rng.random(len(logits)) < AS_IT_IS(logits)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("bias", [-0.7, 0.0, 0.5])
def test_what_was_done_to_the_logits_is_found(temperature: float, bias: float) -> None:
    honest, truth = honest_logits()
    logits = (honest - bias) * temperature
    found = fit_calibration(logits, truth)
    assert found.temperature == pytest.approx(temperature, rel=0.03)
    assert found.bias == pytest.approx(bias, abs=0.03)
    after = Reliability.of(found(logits), truth).error
    assert after < 0.005
    assert after <= Reliability.of(AS_IT_IS(logits), truth).error + 1e-3


def test_the_temperature_alone_leaves_the_bias() -> None:
    honest, truth = honest_logits()
    found = fit_calibration(2 * honest, truth, with_bias=False)
    assert found.temperature == pytest.approx(2.0, rel=0.03)
    assert found.bias == 0


def test_it_stays_in_its_bounds_where_every_answer_is_right_or_wrong() -> None:
    logits = np.array([-1.0, 1.0])
    assert fit_calibration(logits, logits > 0).temperature < 0.2
    assert fit_calibration(logits, logits < 0).temperature > 5


def views_of(logits: np.ndarray, truth: np.ndarray) -> SeenViews:
    """One view of one object with these cells."""
    names, none = np.array(["x"]), np.zeros((1, 3))
    return SeenViews(names, names, names, none, none, logits.reshape(1, -1, 1, 1), truth.reshape(1, -1, 1, 1))


def test_a_fit_that_helps_is_applied() -> None:
    honest, truth = honest_logits()
    fit = CalibrationFit.of(views_of(honest * 3, truth))
    assert fit.helps
    assert fit.applied == fit.fitted
    assert fit.applied.temperature == pytest.approx(3, rel=0.05)
    facts = fit.facts()
    assert facts["applied"]
    assert facts["val_calibration_error"]["after"] < facts["val_calibration_error"]["before"]


def test_a_fit_that_makes_the_error_worse_is_not_applied() -> None:
    """A few cells that are surely wrong move the likelihood's best; the many honest ones pay for it."""
    honest, truth = honest_logits()
    logits, truth = honest.copy(), truth.copy()
    logits[::200], truth[::200] = 60.0, False
    fit = CalibrationFit.of(views_of(logits, truth))
    assert fit.fitted.temperature > 1.2, "the likelihood does want another temperature"
    assert fit.after > fit.before
    assert not fit.helps
    assert fit.applied == AS_IT_IS
    facts = fit.facts()
    assert (facts["temperature"], facts["bias"], facts["applied"]) == (1.0, 0.0, False)
    assert facts["val_calibration_error"] == {"before": fit.before, "after": fit.before}
    assert facts["fitted"]["val_calibration_error"] == fit.after
