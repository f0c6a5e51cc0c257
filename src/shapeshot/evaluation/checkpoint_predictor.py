"""A checkpoint of the lab as a predictor: any kind of model, without an export in between."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shapeshot.evaluation.predictor import Prediction
from shapeshot.lab.export_run import model_of, threshold_of
from shapeshot.lab.model import SingleViewModel
from shapeshot.lab.representations import REPRESENTATIONS, level_of
from shapeshot.lab.runs import open_checkpoint
from shapeshot.photo import find_object, prepare_photo


class CheckpointPredictor:
    """Scores a trained model of any kind; its threshold, where the kind has one, is the one that training fixed."""

    def __init__(self, model: SingleViewModel, run: str, threshold: float | None) -> None:
        self.model, self.run, self.threshold = model.eval(), run, threshold
        self.name = f"{model.kind} {run}"
        self.details: Mapping[str, Any] = {"model": run, "type": model.kind, "threshold": threshold}
        self._row = REPRESENTATIONS[model.kind]
        self.gives = self._row.gives

    @classmethod
    def load(cls, path: Path, kind: str | None = None, encoder: str | None = None) -> CheckpointPredictor:
        """Of a run folder or a checkpoint file. Raises ModelError, also for one of another kind or encoder."""
        checkpoint = open_checkpoint(path, kind, encoder)
        run = path.resolve().name if path.is_dir() else path.resolve().parent.name
        return cls(model_of(checkpoint), run, threshold_of(checkpoint))

    @torch.inference_mode()
    def predict(self, view: np.ndarray) -> Prediction:
        shape = self._row.shapes(self.model, self._output(view), level_of(self.threshold))[0]
        return Prediction(shape.occupancy, shape.surface, shape.mesh)

    @torch.inference_mode()
    def probabilities(self, view: np.ndarray) -> np.ndarray:
        """Occupancy probability in a view, float32 [32, 32, 32]; only for kinds that give "probabilities"."""
        assert self._row.probabilities is not None
        return self._row.probabilities(self.model, self._output(view))[0].cpu().numpy()

    def with_threshold(self, threshold: float) -> CheckpointPredictor:
        """The same model, cut at another probability."""
        return CheckpointPredictor(self.model, self.run, threshold)

    def _output(self, view: np.ndarray) -> Tensor:
        photo = prepare_photo(view, find_object(view), self.model.image_size)
        pixels = torch.from_numpy(np.ascontiguousarray(photo.pixels.transpose(2, 0, 1)))[None]
        return self.model(pixels)
