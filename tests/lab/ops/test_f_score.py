"""The batched F-score against the one that scores reports, and by law."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from shapeshot.errors import UserError
from shapeshot.lab.ops import f_score
from shapeshot.scores import metrics


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("threshold", [0.02, 0.1, 0.5])
def test_equals_the_score_of_reports(threshold: float) -> None:
    points, truth = rand(3, 80, 3), rand(3, 60, 3, seed=1)
    points_lengths, truth_lengths = torch.tensor([80, 1, 33]), torch.tensor([60, 60, 9])
    found = f_score(points, truth, threshold, points_lengths, truth_lengths)
    for item in range(3):
        a, b = points[item, : points_lengths[item]].numpy(), truth[item, : truth_lengths[item]].numpy()
        expected = metrics.f_score(metrics.nearest_pairs(a, b), metrics.nearest_pairs(b, a), threshold)
        np.testing.assert_allclose([values[item] for values in found], expected)


def test_perfect_far_and_half() -> None:
    points = rand(1, 50, 3)
    assert [float(value) for value in f_score(points, points, 1e-9)] == [1, 1, 1]
    assert [float(value) for value in f_score(points, points + 10, 0.5)] == [0, 0, 0]
    half = f_score(torch.cat([points, points + 10], dim=1), points, 0.1)
    np.testing.assert_allclose([float(value) for value in half], [2 / 3, 1 / 2, 1])


def test_a_point_at_the_threshold_counts() -> None:
    assert f_score(torch.zeros(1, 1, 3), torch.tensor([[[0.5, 0, 0]]]), 0.5).f_score.item() == 1


def test_no_prediction_scores_nothing() -> None:
    assert [float(value) for value in f_score(torch.zeros(1, 0, 3), torch.zeros(1, 4, 3), 1.0)] == [0, 0, 0]
    ragged = f_score(torch.zeros(2, 4, 3), torch.zeros(2, 4, 3), 1.0, points_lengths=torch.tensor([0, 4]))
    assert ragged.f_score.tolist() == [0, 1]


def test_half_precision_shares_are_not_rounded_to_it() -> None:
    points = torch.zeros(1, 3001, 3, dtype=torch.float16)
    points[0, 0] = 9
    assert f_score(points, points[:, 1:], 0.5).precision.item() == pytest.approx(3000 / 3001, abs=1e-6)


@pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan")])
def test_a_threshold_must_be_a_distance(threshold: float) -> None:
    with pytest.raises(UserError, match="threshold must be a distance above 0"):
        f_score(torch.zeros(1, 2, 3), torch.zeros(1, 2, 3), threshold)


def test_a_truth_without_points_scores_nothing_and_says_so() -> None:
    with pytest.raises(UserError, match="item 1 of the truth has no points"):
        f_score(torch.zeros(2, 2, 3), torch.zeros(2, 2, 3), 0.1, truth_lengths=torch.tensor([2, 0]))
