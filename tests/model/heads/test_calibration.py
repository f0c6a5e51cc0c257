"""Probabilities: laws of the sigmoid with a temperature and a bias."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.model.heads import Calibration

AS_IT_IS = Calibration(1.0)


def test_temperature_one_is_the_sigmoid() -> None:
    logits = np.linspace(-200, 200, 401)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(AS_IT_IS(logits), 1 / (1 + np.exp(-logits)), atol=1e-6)


def test_temperature_moves_towards_a_half_and_keeps_the_order() -> None:
    logits = np.linspace(-6, 6, 50)
    cool, hot = AS_IT_IS(logits), Calibration(3.0)(logits)
    assert np.all(np.abs(hot - 0.5) <= np.abs(cool - 0.5))
    assert np.all(np.diff(hot) > 0)
    assert hot.dtype == np.float32


def test_a_bias_moves_the_even_chance() -> None:
    assert Calibration(2.0, -0.5)(np.ones(1, np.float32)) == pytest.approx(0.5)
    assert Calibration(2.0, 0.5)(np.ones(1, np.float32)) > 0.7
