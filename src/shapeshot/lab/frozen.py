"""Training on what a frozen encoder saw, which is computed once: the decoder then trains at its own speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from shapeshot.lab.batches import Arrays, TrainingObject, plain_pixels
from shapeshot.lab.encoders import EncoderOutput
from shapeshot.lab.model import SingleViewModel

if TYPE_CHECKING:
    from shapeshot.lab.feature_cache import Features


@dataclass(frozen=True, eq=False)
class FrozenFeatures:
    """Inputs from a cache: {"tokens": float32 [tokens, C] (none where the decoder reads none), "pooled": [C]}."""

    features: Features

    @classmethod
    def of(
        cls, model: SingleViewModel, objects: Sequence[TrainingObject], accelerator: Accelerator, progress: bool = True
    ) -> FrozenFeatures:
        """From the cache, which the first process fills where something is missing."""
        from shapeshot.lab.feature_cache import cached_features

        with accelerator.main_process_first():
            features = cached_features(
                model.encoder, objects, want_tokens=model.decoder.reads_tokens, progress=progress
            )
        return cls(features)

    def example(self, index: int, view: int, mirrored: bool, rng: np.random.Generator) -> Arrays:
        pooled = np.array(self.features.pooled[index, view, int(mirrored)], np.float32)
        if self.features.tokens is None:
            return {"tokens": np.zeros((0, 1), np.float32), "pooled": pooled}
        return {"tokens": np.array(self.features.tokens[index, view, int(mirrored)], np.float32), "pooled": pooled}


@torch.no_grad()
def validation_inputs(
    model: SingleViewModel, objects: Sequence[TrainingObject], frozen: bool, device: torch.device
) -> list[Tensor | EncoderOutput]:
    """Every view of each object without augmentation: pixels, or (frozen) what the encoder sees in them."""
    pixels = [plain_pixels(item.views, model.image_size).to(device) for item in objects]
    if not frozen:
        return list(pixels)
    encoder = model.encoder.eval()
    return [encoder(views) for views in pixels]
