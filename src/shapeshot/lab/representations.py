"""One row per kind of output: how it is supervised and validated. The only place that branches on the kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from shapeshot.data.solid import downsample_occupancy
from shapeshot.geometry import cell_centers
from shapeshot.lab.batches import Batch, TrainingObject
from shapeshot.lab.losses import field_color_loss, field_occupancy_loss
from shapeshot.lab.model import SingleViewModel

VALIDATION_RESOLUTION = 32
THRESHOLDS = torch.linspace(0.2, 0.7, 11)

Losses = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Representation:
    """loss: (model, batch, color_weight) -> named terms; "loss" is their weighted sum.

    truth: what validation compares with, made once per object. score: (model, pixels [views, 3, S, S], truth) ->
    one score per threshold, float [thresholds]; higher is better.
    """

    loss: Callable[[SingleViewModel, Batch, float], Losses]
    truth: Callable[[TrainingObject], torch.Tensor]
    score: Callable[[SingleViewModel, torch.Tensor, torch.Tensor], torch.Tensor]


def field_loss(model: SingleViewModel, batch: Batch, color_weight: float) -> Losses:
    """Binary cross-entropy of the occupancy plus `color_weight` times the L1 of colours near the surface."""
    logits, colors = model.field.at(model(batch.pixels), batch.points)
    occupancy = field_occupancy_loss(logits, batch.occupancy)
    color = field_color_loss(colors, batch.colors, batch.near)
    return {"loss": occupancy + color_weight * color, "occupancy": occupancy, "color": color}


def field_truth(item: TrainingObject) -> torch.Tensor:
    """The object's occupancy, bool [32, 32, 32]."""
    shape = (item.solid.resolution,) * 3
    solid = np.unpackbits(item.solid.bits, count=int(np.prod(shape))).reshape(shape).astype(bool)
    return torch.from_numpy(downsample_occupancy(solid, VALIDATION_RESOLUTION))


def field_score(model: SingleViewModel, pixels: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Mean over views of the IoU with the truth at every threshold of THRESHOLDS."""
    axis = torch.from_numpy(cell_centers(VALIDATION_RESOLUTION))
    probability = model.field.grid(model(pixels), axis, axis, axis).float().sigmoid().flatten(1)
    predicted = probability[None] > THRESHOLDS[:, None, None]
    flat = truth.flatten()
    intersection, union = (predicted & flat).sum(-1), (predicted | flat).sum(-1)
    return (intersection / union.clamp(min=1)).mean(dim=1)


REPRESENTATIONS: dict[str, Representation] = {
    "field": Representation(field_loss, field_truth, field_score),
}
