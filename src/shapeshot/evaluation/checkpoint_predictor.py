"""A checkpoint of the lab as a predictor: any kind of model, without an export in between."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from shapeshot.evaluation.predictor import Answer
from shapeshot.lab.checkpoint import Checkpoint
from shapeshot.lab.kinds import KINDS, level_of
from shapeshot.lab.model import SingleViewModel
from shapeshot.lab.run_folder import log_lines
from shapeshot.lab.runs import config_of, model_of, open_checkpoint, threshold_of
from shapeshot.photo import look_at
from shapeshot.scores.prediction import Prediction

if TYPE_CHECKING:
    from jaxtyping import UInt8


class CheckpointPredictor:
    """Scores a trained model of any kind; its threshold, where the kind has one, is the one that training fixed.

    made: how it was trained, plain JSON values for the report's details.
    """

    def __init__(
        self, model: SingleViewModel, run: str, threshold: float | None, made: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        self.model, self.run, self.threshold, self._made = model.eval(), run, threshold, made
        self.name = f"{model.kind} {run}"
        self.details: Mapping[str, Any] = {"model": run, "type": model.kind, "threshold": threshold, **made}
        self._row = KINDS[model.kind]
        self.gives = self._row.gives

    @classmethod
    def load(cls, path: Path, kind: str | None = None, encoder: str | None = None) -> CheckpointPredictor:
        """Load a run folder or a checkpoint file. Raises ModelError, also for one of another kind or encoder."""
        checkpoint = open_checkpoint(path, kind, encoder)
        run = path.resolve().name if path.is_dir() else path.resolve().parent.name
        made = _how_made(checkpoint, path if path.is_dir() else path.parent)
        return cls(model_of(checkpoint), run, threshold_of(checkpoint), made)

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
        return CheckpointPredictor(self.model, self.run, threshold, self._made)

    @torch.inference_mode()
    def _shape(self, output: Tensor) -> Prediction:
        return self._row.shapes(self.model, output, level_of(self.threshold))[0]

    @torch.inference_mode()
    def _output(self, view: UInt8[np.ndarray, "size size 4"]) -> Tensor:
        photo = look_at(view, self.model.image_size).photo
        pixels = torch.from_numpy(np.ascontiguousarray(photo.pixels.transpose(2, 0, 1)))[None]
        output: Tensor = self.model(pixels)
        return output


def _how_made(checkpoint: Checkpoint, folder: Path) -> dict[str, Any]:
    """Encoder, recipe, seed and the validation scores that a run's log beside the checkpoint has."""
    config = config_of(checkpoint)
    model = config.model
    curve = [f"{line['step']}: {line['val_score']:.4f}" for line in log_lines(folder) if "val_score" in line]
    return {
        "encoder": f"{model.encoder}, weights {model.encoder_weights}",
        "encoder_is_frozen": config.freeze_encoder,
        "optimizer": f"{config.optimizer}, {config.schedule}, rate {config.lr:g}",
        "steps": f"{checkpoint.values.get('step', '?')} of {config.max_iter}, batches of {config.batch_size}",
        "seed": config.seed,
        "training_data": ", ".join(config.data),
        "validation_by_step": ", ".join(curve) or "no log beside the checkpoint",
    }
