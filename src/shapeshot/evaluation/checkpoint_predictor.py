"""A checkpoint of the lab as a predictor: any kind of model, without an export in between."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from shapeshot.evaluation.protocol import Prediction
from shapeshot.lab.export_run import card_of, model_of
from shapeshot.lab.model import SingleViewModel
from shapeshot.lab.representations import REPRESENTATIONS, level_of
from shapeshot.lab.runs import open_checkpoint
from shapeshot.photo import find_object, prepare_photo


class CheckpointPredictor:
    """Scores a trained model of any kind; its threshold, where the kind has one, is the one that training fixed."""

    def __init__(self, model: SingleViewModel, name: str, threshold: float | None) -> None:
        self.model, self.threshold = model.eval(), threshold
        self.name = f"{model.kind} {name}"
        self.details: Mapping[str, Any] = {"model": name, "type": model.kind, "threshold": threshold}

    @classmethod
    def load(cls, path: Path, kind: str | None = None) -> CheckpointPredictor:
        """Of a run folder or a checkpoint file. Raises ModelError, also for another kind than `kind`."""
        checkpoint = open_checkpoint(path, kind)
        name = path.name if path.is_dir() else path.parent.name
        return cls(model_of(checkpoint), name, card_of(checkpoint)["threshold"])

    @torch.inference_mode()
    def predict(self, view: np.ndarray) -> Prediction:
        photo = prepare_photo(view, find_object(view), self.model.image_size)
        pixels = torch.from_numpy(np.ascontiguousarray(photo.pixels.transpose(2, 0, 1)))[None]
        row = REPRESENTATIONS[self.model.kind]
        shape = row.shapes(self.model, self.model(pixels), level_of(self.threshold))[0]
        return Prediction(shape.occupancy, shape.surface, shape.mesh)
