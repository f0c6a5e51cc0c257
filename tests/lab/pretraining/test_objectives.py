"""What a backbone learns from: against loops in numpy, and by what each objective promises."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch

from shapeshot.lab.encoders import ENCODERS
from shapeshot.lab.pretraining.objectives import OBJECTIVES, Objective, SelfDistillation, Untrained, contrast
from shapeshot.lab.pretraining.pictures import Pictures

SIZE, BATCH = 32, 4


@pytest.fixture(scope="module")
def pictures(tiny_data: str) -> Pictures:
    return Pictures((tiny_data,), SIZE, progress=False)


def made(name: str, pictures: Pictures) -> Objective:
    torch.manual_seed(0)
    backbone = ENCODERS["resnet18"]("none", 0, True, image_size=SIZE)
    return OBJECTIVES[name](backbone, pictures, SIZE, "words").train()


def loss_of(objective: Objective, pictures: Pictures, step: int = 0) -> torch.Tensor:
    return objective.loss(pictures.batch(step, BATCH, 0), torch.Generator().manual_seed(step), 0.0)


@pytest.mark.parametrize("name", ["label", "clip", "dino"])
def test_what_is_minimised_falls_and_reaches_every_layer_of_the_backbone(name: str, pictures: Pictures) -> None:
    objective = made(name, pictures)
    optimizer = torch.optim.AdamW(objective.backbone.parameters(), lr=1e-3)
    losses = []
    for _ in range(8):  # the same pictures and crops again and again
        loss = loss_of(objective, pictures)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
    assert all(weights.grad is not None and weights.grad.any() for weights in objective.backbone.parameters())


def test_without_an_objective_statistics_alone_change(pictures: Pictures) -> None:
    objective = made("none", pictures)
    before = copy.deepcopy(objective.state_dict())
    assert isinstance(objective, Untrained)
    assert not objective.trains
    assert float(loss_of(objective, pictures)) == 0
    changed = {name for name, value in objective.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.endswith(("running_mean", "running_var", "num_batches_tracked")) for name in changed)


def test_contrast_is_the_mean_cross_entropy_both_ways() -> None:
    cosines, captions = torch.randn(5, 5, generator=torch.Generator().manual_seed(1)), torch.tensor([0, 1, 2, 1, 3])
    expected = []
    for matrix in (cosines.numpy().astype(np.float64), cosines.numpy().T.astype(np.float64)):
        for row in range(5):
            shares = np.exp(matrix[row]) / np.exp(matrix[row]).sum()
            own = [column for column in range(5) if captions[column] == captions[row]]
            expected.append(-np.mean([math.log(shares[column]) for column in own]))
    assert float(contrast(cosines, captions)) == pytest.approx(np.mean(expected), rel=1e-5)


def test_pictures_of_one_caption_do_not_push_each_other_away() -> None:
    alike = torch.full((3, 3), 10.0, requires_grad=True)
    contrast(alike, torch.zeros(3, dtype=torch.long)).backward()
    assert alike.grad is not None
    assert float(alike.grad.abs().max()) < 1e-7
    contrast(alike, torch.arange(3)).backward()
    assert float(alike.grad.abs().max()) > 0.1


def test_the_teacher_is_the_students_moving_average(pictures: Pictures) -> None:
    objective = made("dino", pictures)
    assert isinstance(objective, SelfDistillation)
    loss_of(objective, pictures).backward()
    assert all(weights.grad is None for weights in objective.teacher.parameters())
    before = copy.deepcopy(objective.teacher.state_dict())
    with torch.no_grad():
        for weights in objective.backbone.parameters():
            weights.add_(1.0)
    student = objective.backbone.state_dict()
    objective.after_step(0.0)
    for name, value in objective.teacher.state_dict().items():
        is_weight = name in dict(objective.teacher.named_parameters())
        expected = 0.99 * before[name] + 0.01 * student[name] if is_weight else before[name]
        torch.testing.assert_close(value, expected)
    last = copy.deepcopy(objective.teacher.state_dict())
    objective.after_step(1.0)
    assert all(torch.equal(value, last[name]) for name, value in objective.teacher.state_dict().items())
    assert objective.learned is objective.teacher


def test_the_centre_follows_what_the_teacher_says(pictures: Pictures) -> None:
    objective = made("dino", pictures)
    assert isinstance(objective, SelfDistillation)
    said: list[torch.Tensor] = []
    objective.teacher_head.register_forward_hook(lambda module, inputs, output: said.append(output))
    loss_of(objective, pictures)
    torch.testing.assert_close(objective.center, 0.1 * said[0].float().mean(dim=0))
