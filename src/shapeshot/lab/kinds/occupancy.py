"""What the kinds share whose output says of each place whether it is inside: voxels and fields."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from shapeshot.lab.loading.training_set import TrainingObject

THRESHOLDS = tuple(round(0.1 + 0.05 * step, 2) for step in range(13))  # of occupancy, tried in validation


def occupancy_truth(item: TrainingObject, config: object = None) -> Bool[Tensor, "32 32 32"]:
    """Return the object's occupancy."""
    return torch.from_numpy(item.occupancy)


def mean_iou(logits: Float[Tensor, "views x y z"], truth: Bool[Tensor, "x y z"]) -> Float[Tensor, " thresholds"]:
    """Intersection over union with the truth, the mean over views, at each of THRESHOLDS."""
    thresholds = torch.tensor(THRESHOLDS, device=logits.device)
    predicted = logits.sigmoid().flatten(1)[None] > thresholds[:, None, None]
    flat = truth.to(logits.device).flatten()
    intersection, union = (predicted & flat).sum(-1), (predicted | flat).sum(-1)
    return (intersection / union.clamp(min=1)).mean(dim=1)
