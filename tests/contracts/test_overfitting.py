"""Every kind with every encoder learns one object by heart: what cannot do that cannot learn anything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from kind_settings import model_of_kind, run_of_kind

from shapeshot.lab.encoders import ENCODERS
from shapeshot.lab.kinds import KINDS, Targets
from shapeshot.lab.loading.batches import Batch, Shot
from shapeshot.lab.loading.training_set import TrainingObject
from shapeshot.lab.model import SingleViewModel, build_model
from shapeshot.lab.optimizers import build_optimizer, lr_factor
from shapeshot.lab.train import Objective

SIZE, VIEWS, STEPS = 32, 2, 220
BAR = {"vox": 0.95, "field": 0.95, "view": 0.6, "point": 0.99, "mesh": 0.99}  # IoU at 32^3 or F-score at 5 %


def learn(model: SingleViewModel, item: TrainingObject, pixels: torch.Tensor) -> float:
    config = run_of_kind(
        model.config, lr=1e-3, encoder_lr=2e-4, warmup=10, max_iter=STEPS, weight_decay=0.0, w_smooth=0.002,
        num_samples=800, num_queries=1024, amp=False,
    )  # fmt: skip
    row = KINDS[model.kind]
    objective, optimizer = Objective(model, config), build_optimizer(model, config)
    targets, rng = Targets(model.kind, config), np.random.default_rng(0)
    objective.train()
    for step in range(STEPS):
        arrays = [targets(item, Shot(view, mirrored=False), rng) for view in range(len(pixels))]
        stacked = {name: torch.from_numpy(np.stack([row[name] for row in arrays])) for name in arrays[0]}
        terms = objective(Batch(pixels, stacked, ("chair",)), torch.Generator().manual_seed(step))
        for group in optimizer.param_groups:
            group["lr"] = group["peak_lr"] * lr_factor(step, config)
        optimizer.zero_grad()
        terms["loss"].backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        return float(row.score(model, model(pixels), row.truth(item, model.config)).max())


@pytest.mark.usefixtures("one_thread")
@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("encoder", sorted(ENCODERS))
def test_one_object_by_heart(kind: str, encoder: str, tiny_encoders: dict[str, Path], chair: TrainingObject) -> None:
    torch.manual_seed(0)
    config = model_of_kind(
        kind, encoder=encoder, encoder_weights=str(tiny_encoders[encoder]), image_size=SIZE, latent=64,
        voxel_channels=32, num_points=600, ico_level=3, width=32, depth=1, num_heads=2, channels=16, resolution=16,
        hidden=32, coarse_channels=32, middle_channels=32, fine_channels=32,
    )  # fmt: skip
    pixels = torch.randint(
        0, 256, (VIEWS, 3, SIZE, SIZE), generator=torch.Generator().manual_seed(1), dtype=torch.uint8
    )
    score = learn(build_model(config), chair, pixels)
    assert score >= BAR[kind]
