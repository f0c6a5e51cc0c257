"""Training on what a frozen encoder saw, which is computed once: the decoder then trains at its own speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from shapeshot.lab.loading.batches import Arrays, TrainingObject, plain_pixels
from shapeshot.lab.encoders import EncoderOutput
from shapeshot.lab.loading.feature_cache import Features, cached_features
from shapeshot.lab.model import SingleViewModel


@dataclass(frozen=True, eq=False)
class FrozenFeatures:
    """Inputs from a cache: {"tokens": float32 [tokens, C] (none where the decoder reads none), "pooled": [C]}."""

    features: Features

    @classmethod
    def of(
        cls, model: SingleViewModel, objects: Sequence[TrainingObject], accelerator: Accelerator, progress: bool = True
    ) -> FrozenFeatures:
        """From the cache, which the first process fills where something is missing."""
        with accelerator.main_process_first():
            return cls(
                cached_features(model.encoder, objects, want_tokens=model.decoder.reads_tokens, progress=progress)
            )

    def example(self, index: int, view: int, mirrored: bool, rng: np.random.Generator) -> Arrays:
        return self.features.example(index, view, mirrored)


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
