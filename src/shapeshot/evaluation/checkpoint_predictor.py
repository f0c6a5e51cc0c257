"""A checkpoint of the lab as a predictor: any kind of model, without an export in between."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from shapeshot.evaluation.predictor import Answer
from shapeshot.lab.kinds import KINDS, level_of
from shapeshot.lab.model import SingleViewModel
from shapeshot.lab.runs import model_of, open_checkpoint, threshold_of
from shapeshot.lab.training_facts import CURVE, training_curve, training_facts
from shapeshot.photo import look_at
from shapeshot.scores.prediction import Prediction

if TYPE_CHECKING:
    from jaxtyping import UInt8


class CheckpointPredictor:
    """Scores a trained model of any kind; its threshold, where the kind has one, is the one that training fixed."""

    def __init__(
        self, model: SingleViewModel, run: str, threshold: float | None, training: Mapping[str, Any] | None = None
    ) -> None:
        """run: the name of its folder. training: how it was trained, as `training_facts` has it, and its CURVE."""
        self.model, self.run, self.threshold = model.eval(), run, threshold
        self._training = dict(training or {})
        self.name = run if model.kind in run else f"{model.kind} {run}"
        self.details: Mapping[str, Any] = {
            "model": run,
            "type": model.kind,
            **self._training,
            "threshold": threshold,
        }
        self._row = KINDS[model.kind]
        self.gives = self._row.gives

    @classmethod
    def load(cls, path: Path, kind: str | None = None, encoder: str | None = None) -> CheckpointPredictor:
        """Load a run folder or a checkpoint file. Raises ModelError, also for one of another kind or encoder."""
        checkpoint = open_checkpoint(path, kind, encoder)
        folder = path.resolve() if path.is_dir() else path.resolve().parent
        facts: dict[str, Any] = training_facts(checkpoint.values["config"], checkpoint.values)
        if curve := training_curve(folder):
            facts[CURVE] = curve
        return cls(model_of(checkpoint), folder.name, threshold_of(checkpoint), facts)

    def predict(self, view: UInt8[np.ndarray, "size size 4"]) -> Prediction:
        return self._shape(self._output(view))

    def answer(self, view: UInt8[np.ndarray, "size size 4"]) -> Answer:
        """Probabilities and shape of one run of the network; only for kinds that give "probabilities"."""
        output = self._output(view)
        with torch.inference_mode():
            probabilities = self._row.probabilities(self.model, output, level_of(self.threshold))[0].cpu().numpy()
        return Answer(probabilities, lambda: self._shape(output))

    def with_threshold(self, threshold: float) -> CheckpointPredictor:
        """The same model, cut at another probability."""
        return CheckpointPredictor(self.model, self.run, threshold, self._training)

    @torch.inference_mode()
    def _shape(self, output: Tensor) -> Prediction:
        return self._row.shapes(self.model, output, level_of(self.threshold))[0]

    @torch.inference_mode()
    def _output(self, view: UInt8[np.ndarray, "size size 4"]) -> Tensor:
        photo = look_at(view, self.model.image_size).photo
        pixels = torch.from_numpy(np.ascontiguousarray(photo.pixels.transpose(2, 0, 1)))[None]
        output: Tensor = self.model(pixels)
        return output
