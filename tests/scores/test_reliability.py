"""Expected calibration error: known answers, additivity, and a plain loop as the oracle."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.scores.reliability import Reliability


def test_honest_probabilities_have_no_error() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.random(400_000)
    truth = rng.random(400_000) < probabilities
    assert Reliability.of(probabilities, truth).error < 0.005
    assert Reliability.of(probabilities**2, truth).error > 0.1


def test_certain_and_always_wrong_is_the_worst() -> None:
    assert Reliability.of(np.array([1.0, 0.0]), np.array([False, True])).error == 1.0
    assert Reliability.of(np.array([1.0, 0.0]), np.array([True, False])).error == 0.0


def test_batches_add_up() -> None:
    rng = np.random.default_rng(1)
    probabilities, truth = rng.random((6, 50)), rng.random((6, 50)) < 0.3
    total = Reliability.empty()
    for row, came_true in zip(probabilities, truth, strict=True):
        total = total + Reliability.of(row, came_true)
    assert total.error == pytest.approx(Reliability.of(probabilities, truth).error)
    assert total.counts.sum() == 300


def test_a_plain_loop_agrees() -> None:
    rng = np.random.default_rng(2)
    probabilities, truth = rng.beta(0.3, 0.3, 1000), rng.random(1000) < 0.5
    expected = 0.0
    for bin_ in range(15):
        inside = [i for i, value in enumerate(probabilities) if bin_ / 15 <= value < (bin_ + 1) / 15 or value == bin_]
        if inside:
            expected += len(inside) / 1000 * abs(np.mean(truth[inside]) - np.mean(probabilities[inside]))
    assert Reliability.of(probabilities, truth).error == pytest.approx(expected)
