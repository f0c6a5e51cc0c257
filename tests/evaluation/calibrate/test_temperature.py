"""The temperature of logits that were made too hot or too cold is found again."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.confidence import calibrated
from shapeshot.evaluation.calibrate.reliability import Reliability
from shapeshot.evaluation.calibrate.temperature import fit_temperature


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_a_known_temperature_is_found(temperature: float) -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 3, 200_000)
    truth = rng.random(len(honest)) < calibrated(honest, 1.0)
    logits = honest * temperature
    assert fit_temperature(logits, truth) == pytest.approx(temperature, rel=0.03)
    before = Reliability.of(calibrated(logits, 1.0), truth).error
    after = Reliability.of(calibrated(logits, temperature), truth).error
    assert after < 0.005
    assert after <= before + 1e-3


def test_it_stays_in_its_bounds_where_every_answer_is_right() -> None:
    logits = np.array([-1.0, 1.0])
    assert 0.05 <= fit_temperature(logits, logits > 0) < 0.06
    assert 19 < fit_temperature(logits, logits < 0) <= 20
