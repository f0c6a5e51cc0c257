"""The loss of every row of KINDS: named scalars, blind to the batch's size, with gradients that lead down."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from kind_settings import model_of_kind, run_of_kind
from torch import Tensor

from shapeshot.lab.kinds import KINDS, Targets
from shapeshot.lab.loading.batches import Shot
from shapeshot.lab.loading.training_set import TrainingObject
from shapeshot.lab.model import SingleViewModel, build_model

TINY = {
    "encoder_weights": "none", "image_size": 32, "latent": 16, "voxel_channels": 8, "num_points": 64, "ico_level": 2,
    "width": 16, "depth": 1, "num_heads": 2, "channels": 8, "resolution": 8, "hidden": 8,
    "coarse_channels": 8, "middle_channels": 8, "fine_channels": 8, "depths": 16,
}  # fmt: skip


class Case:
    """One kind with a network's output for two images of one object."""

    def __init__(self, kind: str, item: TrainingObject) -> None:
        torch.manual_seed(0)
        self.config = run_of_kind(model_of_kind(kind, **TINY), num_samples=4000, w_edge=0.1)
        self.model: SingleViewModel = build_model(self.config.model).eval()
        generator = torch.Generator().manual_seed(1)
        self.pixels = torch.randint(0, 256, (2, 3, 32, 32), generator=generator, dtype=torch.uint8)
        with torch.no_grad():
            self.output = self.model(self.pixels)
        arrays = Targets(kind, self.config)(item, Shot(0, mirrored=False), np.random.default_rng(0))
        self.targets = {name: torch.from_numpy(np.stack([value, value])) for name, value in arrays.items()}
        self.row = KINDS[kind]

    def terms(self, output: Tensor, targets: dict[str, Tensor] | None = None) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(0)
        return self.row.loss(self.model, output, targets or self.targets, self.config, generator)


@pytest.fixture(params=sorted(KINDS))
def case(request: pytest.FixtureRequest, chair: TrainingObject) -> Case:
    return Case(request.param, chair)


def test_terms_are_finite_scalars_and_not_negative(case: Case) -> None:
    terms = case.terms(case.output)
    assert "loss" in terms
    for name, value in terms.items():
        assert value.shape == (), name
        assert value.isfinite(), name
        assert value >= 0, name


def test_a_batch_that_is_repeated_costs_the_same(case: Case) -> None:
    twice = {name: torch.cat([value, value]) for name, value in case.targets.items()}
    once = case.terms(case.output)["loss"]
    # A mesh's samples are other draws.
    torch.testing.assert_close(case.terms(torch.cat([case.output] * 2), twice)["loss"], once, rtol=0.05, atol=0)


def test_the_gradient_is_the_slope(case: Case) -> None:
    output = case.output.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(case.terms(output)["loss"], output)
    assert gradient.isfinite().all()
    size = gradient.norm()
    assert size > 0
    step = 1e-2 * output.detach().norm() / output.numel() ** 0.5 * gradient / size
    slope = (case.terms(output.detach() + step)["loss"] - case.terms(output.detach() - step)["loss"]) / 2
    assert slope > 0
    # A mesh's samples move to other faces as areas change, which its gradient leaves out (as in PyTorch3D).
    tolerance = 0.5 if "smooth" in case.terms(output) else 0.05
    torch.testing.assert_close(slope, (gradient * step).sum(), rtol=tolerance, atol=0)


def test_outputs_of_mixed_precision_are_compared_in_single(case: Case) -> None:
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        mixed = case.terms(case.model(case.pixels))["loss"]
    assert mixed.dtype == torch.float32
    torch.testing.assert_close(mixed, case.terms(case.output)["loss"], rtol=0.05, atol=1e-3)


def test_the_mirror_of_the_mirror_is_the_target(case: Case, chair: TrainingObject) -> None:
    arrays = case.row.target(chair, np.random.default_rng(0), case.config)
    again = case.row.mirror(case.row.mirror(arrays))
    for name, value in arrays.items():
        np.testing.assert_array_equal(again[name], value)
