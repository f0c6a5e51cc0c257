"""Every optimizer and schedule: it minimises, it resumes exactly, and what it is compared by is the same for all."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from shapeshot.errors import UserError
from shapeshot.lab.checkpoint import optimizer_tensors, restore_optimizer
from shapeshot.lab.configure import model_config
from shapeshot.lab.encoders import EncoderOutput
from shapeshot.lab.model import SingleViewModel, build_model
from shapeshot.lab.optimizers import OPTIMIZERS, SCHEDULES, build_optimizer, lr_factor
from shapeshot.lab.train_config import TrainConfig

LR = 1e-3
TINY = model_config("point", encoder_weights="none", image_size=32, latent=8, num_points=4)


def model_and_optimizer(name: str, **settings: object) -> tuple[SingleViewModel, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = build_model(TINY)
    config = replace(TrainConfig(model=TINY, optimizer=name, lr=LR, encoder_lr=0.0), **settings)
    return model, build_optimizer(model, config)


def steps(model: SingleViewModel, optimizer: torch.optim.Optimizer, count: int) -> list[float]:
    pooled = torch.randn(2, model.encoder.pooled_channels, generator=torch.Generator().manual_seed(1))
    losses = []
    for _ in range(count):
        optimizer.zero_grad()
        points = model.decode(EncoderOutput(pooled[:, None], pooled))
        loss = (points - 0.3).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_it_minimises(name: str) -> None:
    losses = steps(*model_and_optimizer(name), 60)
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_a_restored_optimizer_goes_on_as_the_old_one(name: str) -> None:
    model, optimizer = model_and_optimizer(name)
    steps(model, optimizer, 7)
    again, restored = model_and_optimizer(name)
    again.load_state_dict(model.state_dict())
    saved = {key: value.clone() for key, value in optimizer_tensors(optimizer).items()}  # as a file would hold them
    restore_optimizer(restored, saved)
    assert steps(model, optimizer, 3) == steps(again, restored, 3)
    for first, second in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(first, second)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_weight_decay_is_decoupled_and_spares_biases(name: str) -> None:
    model, optimizer = model_and_optimizer(name, weight_decay=0.5)
    for parameter in model.decoder.parameters():
        parameter.grad = torch.zeros_like(parameter)
    before = {key: value.clone() for key, value in model.decoder.named_parameters()}
    optimizer.step()
    for key, value in model.decoder.named_parameters():
        expected = before[key] * (1 - LR * 0.5) if value.ndim >= 2 else before[key]
        torch.testing.assert_close(value, expected)


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_schedules_start_at_the_peak_and_never_rise(name: str) -> None:
    config = TrainConfig(schedule=name, warmup=5, max_iter=50)
    factors = [lr_factor(step, config) for step in range(51)]
    assert factors[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert factors[5] == 1
    assert all(later <= earlier for earlier, later in pairwise(factors[5:]))
    assert (factors[-1] == pytest.approx(0)) == (name == "cosine")


def test_unknown_names_list_the_choices() -> None:
    with pytest.raises(UserError, match="unknown optimizer 'adam'; choose from adamw, radam"):
        model_and_optimizer("adam")
    with pytest.raises(UserError, match=r"unknown schedule 'cosin'.*Did you mean 'cosine'"):
        lr_factor(0, TrainConfig(schedule="cosin"))


def test_a_frozen_encoder_has_no_gradients() -> None:
    model, _ = model_and_optimizer("adamw", freeze_encoder=True, encoder_lr=1e-3)
    assert not any(parameter.requires_grad for parameter in model.encoder.parameters())
    assert all(parameter.requires_grad for parameter in model.decoder.parameters())
