"""Training on what a frozen encoder saw, which is computed once: the decoder then trains at its own speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from shapeshot.lab.encoders import EncoderOutput
from shapeshot.lab.loading.batches import Shot, plain_pixels
from shapeshot.lab.loading.feature_cache import Features, cached_features
from shapeshot.lab.loading.training_set import Arrays, TrainingObject
from shapeshot.lab.model import SingleViewModel


@dataclass(frozen=True, eq=False)
class FrozenFeatures:
    """Inputs from a cache: {"tokens": float32 [tokens, C] (none where the decoder reads none), "pooled": [C]}."""

    features: Features

    @classmethod
    def of(
        cls, model: SingleViewModel, objects: Sequence[TrainingObject], accelerator: Accelerator, progress: bool = True
    ) -> FrozenFeatures:
        """Read from the cache, which the first process fills where something is missing."""
        with accelerator.main_process_first():
            return cls(
                cached_features(model.encoder, objects, want_tokens=model.decoder.reads_tokens, progress=progress)
            )

    def example(self, index: int, view: int, mirrored: bool, rng: np.random.Generator) -> tuple[Arrays, Shot]:
        return self.features.example(index, view, mirrored), Shot(view, mirrored)


@torch.no_grad()
def validation_inputs(
    model: SingleViewModel, objects: Sequence[TrainingObject], frozen: bool, device: torch.device
) -> list[Tensor | EncoderOutput]:
    """Load every view of each object without augmentation: pixels, or (frozen) what `model.look` sees in them.

    model: in evaluation mode, so that it also looks at the mirror images where its settings ask for that.
    """
    pixels = [plain_pixels(item.views, model.image_size).to(device) for item in objects]
    return [model.look(views) for views in pixels] if frozen else list(pixels)
