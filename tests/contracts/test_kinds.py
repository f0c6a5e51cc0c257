"""Every kind gives what its row says it gives: evaluation takes that word for what to score and what is missing."""

from __future__ import annotations

import pytest
import torch
from kind_settings import model_of_kind

from shapeshot.lab.kinds import KINDS
from shapeshot.lab.model import build_model
from shapeshot.scores.aspects import ASPECTS, MESH, NORMALS, PROBABILITIES, SURFACE, VOLUME


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_shapes_have_what_their_kind_gives(kind: str) -> None:
    torch.manual_seed(0)
    config = model_of_kind(
        kind, encoder_weights="none", image_size=32, latent=16, voxel_channels=16, num_points=40, ico_level=1,
        width=16, depth=1, num_heads=2, channels=8, resolution=8, hidden=8, coarse_channels=8, middle_channels=8,
        fine_channels=8, depths=16,
    )  # fmt: skip
    row, model = KINDS[kind], build_model(config).eval()
    with torch.no_grad():
        for weights in model.decoder.parameters():
            torch.nn.init.normal_(weights, std=0.3)  # so that logits differ by more than rounding
        output = model(torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8))
        # Random logits lie anywhere: cut them where half of the cells are inside.
        probabilities = row.probabilities(model, output) if PROBABILITIES in row.gives else None
        # Of a view, cells beyond what the crop shows are all alike.
        has_median = probabilities is not None and kind != "view"
        level = float(probabilities[0].logit().median()) if has_median else 0.0
        shape = row.shapes(model, output, level)[0]
        if probabilities is not None:  # a view lies in the cube as its surface does
            probabilities = row.probabilities(model, output, level)
    given = {
        VOLUME: shape.occupancy is not None,
        SURFACE: len(shape.surface) > 0,
        NORMALS: shape.surface.normals is not None,
        MESH: shape.mesh is not None,
        PROBABILITIES: probabilities is not None,
    }
    assert row.gives == {aspect for aspect in ASPECTS if given[aspect]}
    assert bool(row.thresholds) == (PROBABILITIES in row.gives)
    if probabilities is not None:
        assert probabilities.shape == (2, 32, 32, 32)
        assert shape.occupancy is not None
        margin = probabilities[0].logit() - level
        clear = margin.abs() > 1e-4
        assert clear.float().mean() > 0.5
        assert torch.equal((margin > 0)[clear], torch.from_numpy(shape.occupancy)[clear])
