"""How good a finder's masks are: intersection over union on fixed scenes, without hints and after one click."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from shapeshot.lab.finder.clicks import worst_point
from shapeshot.lab.finder.compose import Composer, photographed
from shapeshot.lab.finder.network import FinderNetwork
from shapeshot.photo.hints import Hints

if TYPE_CHECKING:
    from shapeshot.lab.finder.config import FinderConfig

VAL_SIDE = 256
VAL_SEED = 7
GOOD = 0.85  # of a mask after a click


def soft_iou(
    first: Float[Tensor, "batch height width"], second: Float[Tensor, "batch height width"]
) -> Float[Tensor, " batch"]:
    """Intersection over union of masks in 0..1; 1 where both are empty."""
    shared = (first * second).sum(dim=(1, 2))
    union = (first + second - first * second).sum(dim=(1, 2))
    ratio: Tensor = (shared + 1.0) / (union + 1.0)
    return ratio


@torch.no_grad()
def validate(network: FinderNetwork, composer: Composer, config: FinderConfig) -> dict[str, float]:
    """Mean and median IoU over scenes with an object; how often one click mends what was below GOOD; false alarms.

    The scenes are the same at every call: they follow from VAL_SEED.
    """
    ious, mended, alarms, qualities = [], [], [], []
    for index in range(config.val_scenes):
        rng = np.random.default_rng([VAL_SEED, index])
        scene = composer.room(VAL_SIDE, rng) if index % 2 and composer.rooms else composer.scene(VAL_SIDE, rng)
        pixels, truth = photographed(scene.picture, rng), scene.mask >= 0.5
        found, scores = _found(network, pixels, np.zeros((2, VAL_SIDE, VAL_SIDE), np.float32))
        if not truth.any():
            alarms.append(float(scores[1] > 0))
            continue
        ious.append(_iou(found, truth))
        qualities.append(abs(1 / (1 + np.exp(-float(scores[0]))) - ious[-1]))
        point = worst_point(found, truth)
        if ious[-1] < GOOD and point is not None:
            hints = Hints(VAL_SIDE, VAL_SIDE)
            hints.point(*point)
            mended.append(_iou(_found(network, pixels, hints.channels)[0], truth))
    return {
        "val_iou": float(np.mean(ious)),
        "val_median": float(np.median(ious)),
        "val_mended": float(np.mean(np.array(mended) >= GOOD)) if mended else 1.0,
        "val_to_mend": float(len(mended)),
        "val_alarms": float(np.mean(alarms)) if alarms else 0.0,
        "val_quality_error": float(np.mean(qualities)),
    }


def _found(
    network: FinderNetwork, pixels: Float[np.ndarray, "size size 3"], hints: Float[np.ndarray, "channels size size"]
) -> tuple[Bool[np.ndarray, "size size"], Float[np.ndarray, " scores"]]:
    batch = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None]
    output = network(batch, torch.from_numpy(hints)[None])
    return output.logits[0].numpy() > 0, output.scores[0].numpy()


def _iou(first: Bool[np.ndarray, "size size"], second: Bool[np.ndarray, "size size"]) -> float:
    union = int((first | second).sum())
    return float((first & second).sum() / union) if union else 1.0
