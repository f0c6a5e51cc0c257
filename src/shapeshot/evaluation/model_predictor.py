"""The shipped road as a predictor: exactly what `shapeshot reconstruct` gives a user is what is scored."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.evaluation.predictor import Answer
from shapeshot.lab.training_facts import training_facts
from shapeshot.model.field_model import load_model
from shapeshot.photo import View, look_at
from shapeshot.pipeline.reconstruct import shape_in
from shapeshot.scores.aspects import ASPECTS
from shapeshot.scores.prediction import NUM_POINTS, RESOLUTION, Prediction

if TYPE_CHECKING:
    from jaxtyping import UInt8

    from shapeshot.model.field_model import FieldModel
    from shapeshot.model.seen import Seen


class ModelPredictor:
    """Scores an exported model through both halves of `shapeshot.reconstruct`."""

    gives = ASPECTS

    def __init__(self, model: FieldModel, threshold: float | None = None) -> None:
        """threshold: a probability of occupancy in place of the model's own."""
        self.model, self.name = model, f"model {model.name}"
        self.threshold = float(model.threshold) if threshold is None else threshold
        config = model.card.get("training", {}).get("config", {})
        self.details: Mapping[str, Any] = {"model": model.name, **training_facts(config), "threshold": self.threshold}

    @classmethod
    def load(cls, model: str | PathLike[str] | None = None) -> ModelPredictor:
        """The model of a name or in a folder, or the shipped one. Raises ModelError."""
        return cls(load_model(model))

    def with_threshold(self, threshold: float) -> ModelPredictor:
        """The same model, cut at another probability."""
        return ModelPredictor(self.model, threshold)

    def predict(self, view: UInt8[np.ndarray, "size size 4"]) -> Prediction:
        return self.answer(view).shape()

    def answer(self, view: UInt8[np.ndarray, "size size 4"]) -> Answer:
        """Probabilities and shape of one run of the network. Raises PhotoError for a view that shows nothing."""
        looked = look_at(view, self.model.image_size)
        seen = self.model.see(looked.photo)
        return Answer(seen.field(RESOLUTION).probabilities, lambda: self._shape(looked, seen))

    def _shape(self, view: View, seen: Seen) -> Prediction:
        result = shape_in(view, seen, RESOLUTION, NUM_POINTS, threshold=self.threshold)
        return Prediction(result.voxels.occupancy, result.points, result.mesh)
