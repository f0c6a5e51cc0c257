"""What the kinds share that are compared with points of the true surface: points and meshes."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from shapeshot.lab.loading.training_set import Arrays, TrainingObject
from shapeshot.lab.ops import f_score

F_SCORE_DISTANCE = 0.05  # of the cube's side
NUM_VALIDATION_POINTS = 2048


def surface_target(item: TrainingObject, rng: np.random.Generator, num_points: int) -> Arrays:
    """Draw "points", float32 [num_points, 3], of the surface: without replacement as far as there are enough."""
    chosen = np.resize(rng.permutation(len(item.points)), num_points)
    return {"points": item.points[chosen].astype(np.float32)}


def surface_truth(item: TrainingObject, config: object = None) -> Float[Tensor, "2048 3"]:
    """Draw points of the object's surface, always the same ones."""
    return torch.from_numpy(surface_target(item, np.random.default_rng(0), NUM_VALIDATION_POINTS)["points"])


def mirror_points(arrays: Arrays) -> Arrays:
    """Turn the x of "points" round and leave everything else as it is."""
    return arrays | {"points": arrays["points"] * np.array([-1, 1, 1], np.float32)}


def mean_f_score(points: Float[Tensor, "views predicted 3"], truth: Float[Tensor, "true 3"]) -> Float[Tensor, " 1"]:
    """F-score at 5 % of the cube's side, the mean over views."""
    everywhere = truth.to(points.device).expand(len(points), -1, -1)
    return f_score(points.float(), everywhere, F_SCORE_DISTANCE).f_score.mean()[None]
