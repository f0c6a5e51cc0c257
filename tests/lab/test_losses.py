"""Losses against their formulas, by law, and their gradients in float64."""

from __future__ import annotations

import pytest
import torch

from shapeshot.lab.losses import field_color_loss, field_occupancy_loss


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_occupancy_loss_is_the_cross_entropy() -> None:
    logits, targets, weights = random(2, 7) * 8 - 4, (random(2, 7, seed=1) > 0.5).double(), random(2, 7, seed=2)
    probability = 1 / (1 + torch.exp(-logits))
    terms = -(targets * probability.log() + (1 - targets) * (1 - probability).log())
    torch.testing.assert_close(field_occupancy_loss(logits, targets), terms.mean())
    torch.testing.assert_close(field_occupancy_loss(logits, targets, weights), (weights * terms).mean())


def test_occupancy_loss_takes_booleans_and_extreme_logits() -> None:
    logits = torch.tensor([[1e4, -1e4]], requires_grad=True)
    right = field_occupancy_loss(logits, torch.tensor([[True, False]]))
    wrong = field_occupancy_loss(logits, torch.tensor([[False, True]]))
    assert right.item() == 0
    assert wrong.item() == pytest.approx(1e4)


def test_color_loss_is_a_mean_over_known_colours() -> None:
    colors, targets = random(2, 6, 3), random(2, 6, 3, seed=1)
    mask = torch.zeros(2, 6, dtype=torch.float64)
    mask[0, :3] = 1
    torch.testing.assert_close(field_color_loss(colors, targets, mask), (colors - targets)[0, :3].abs().mean())
    torch.testing.assert_close(field_color_loss(colors, targets, 5 * mask), field_color_loss(colors, targets, mask))
    torch.testing.assert_close(field_color_loss(colors, targets), (colors - targets).abs().mean())
    assert field_color_loss(colors, targets, 0 * mask).item() == 0


def test_repeating_the_points_changes_nothing() -> None:
    logits, targets = random(1, 5) * 4 - 2, (random(1, 5, seed=1) > 0.5).double()
    doubled = field_occupancy_loss(logits.repeat(1, 2), targets.repeat(1, 2))
    torch.testing.assert_close(doubled, field_occupancy_loss(logits, targets))


def test_gradients() -> None:
    logits = (random(2, 5) * 6 - 3).requires_grad_(True)
    targets, weights = random(2, 5, seed=1), random(2, 5, seed=2)
    assert torch.autograd.gradcheck(lambda z: field_occupancy_loss(z, targets, weights), (logits,))
    colors = random(2, 5, 3).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda c: field_color_loss(c, random(2, 5, 3, seed=4), weights), (colors,))
