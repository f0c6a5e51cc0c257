"""Fitting and measuring the confidence of whole shapes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shapeshot.model.heads.shape import EVIDENCE
from shapeshot.tuning.calibrate.shapes import JudgedShapes, fit_shape_head, shape_scores, turned_f_score


def simulated(count: int, seed: int = 0) -> tuple[JudgedShapes, np.ndarray]:
    """Shapes that are right with a known probability: the more so the surer their points and camera are."""
    rng = np.random.default_rng(seed)
    evidence = -rng.random((count, len(EVIDENCE))).astype(np.float32)
    probability = 1 / (1 + np.exp(-(2.5 + 6 * evidence[:, 0] + 2 * evidence[:, 2])))
    f_scores = np.where(rng.random(count) < probability, 0.8, 0.2)
    return JudgedShapes(evidence, f_scores, np.arange(count).astype(str)), probability


def test_a_known_law_is_found_again() -> None:
    judged, _ = simulated(6000)
    fresh, probability = simulated(4000, seed=1)
    head = fit_shape_head(judged)
    assert np.abs(head.of_values(fresh.evidence) - probability).mean() < 0.04
    scores = shape_scores(head, fresh)
    assert scores["calibration_error"] < 0.04
    assert scores["auc"] > 0.8
    assert scores["flagged"]["wrong"] > 2 * scores["flagged"]["right"]
    assert scores["right"] == pytest.approx(probability.mean(), abs=0.02)


def test_evidence_that_counts_the_wrong_way_round_does_not_count() -> None:
    judged, _ = simulated(2000)
    turned = replace(judged, evidence=np.concatenate([judged.evidence[:, :2], -judged.evidence[:, 2:]], axis=1))
    assert fit_shape_head(turned).weights[2] == 0


def test_where_all_are_right_the_next_may_not_be() -> None:
    judged = JudgedShapes(np.zeros((30, len(EVIDENCE)), np.float32), np.full(30, 0.9), np.arange(30).astype(str))
    head = fit_shape_head(judged)
    assert head.of_values(judged.evidence)[0] == pytest.approx(31 / 32, abs=0.002)
    assert shape_scores(head, judged)["auc"] is None


@pytest.mark.parametrize("turn", [0.0, 90.0, 200.0])
def test_a_wrong_front_a_size_and_a_place_cost_nothing(turn: float) -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(-0.5, 0.5, (3000, 3)) * [0.4, 1.0, 0.7]
    points[:2] = np.array([[-0.5, -0.5, -0.5], [0.5, 0.5, 0.5]]) * [0.4, 1.0, 0.7]
    angle = np.radians(turn)
    x, y, z = points.T
    turned = np.stack([x * np.cos(angle) - z * np.sin(angle), y, z * np.cos(angle) + x * np.sin(angle)], axis=1)
    placed = 0.6 * turned + np.array([0.1, 0, -0.1])
    assert turned_f_score(placed, placed, points, turn) == pytest.approx(1.0, abs=1e-6)
    assert turned_f_score(placed, placed, points, turn + 90) < 0.95
