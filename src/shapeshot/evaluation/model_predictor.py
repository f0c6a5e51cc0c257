"""The shipped road as a predictor: exactly what `shapeshot reconstruct` gives a user is what is scored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.evaluation.predictor import NUM_POINTS, RESOLUTION, Prediction
from shapeshot.evaluation.threshold import occupancy_probabilities
from shapeshot.pipeline.reconstruct import load_model, reconstruct
from shapeshot.scores.aspects import ASPECTS

if TYPE_CHECKING:
    from shapeshot.model.field_model import FieldModel


class ModelPredictor:
    """Scores an exported model through `shapeshot.pipeline.reconstruct.reconstruct`."""

    gives = ASPECTS

    def __init__(self, model: FieldModel, threshold: float | None = None) -> None:
        """threshold: a probability of occupancy in place of the model's own."""
        self.model, self.name = model, f"model {model.card['name']}"
        self.threshold = float(model.threshold) if threshold is None else threshold
        self.details: Mapping[str, Any] = {"model": model.card["name"], "threshold": self.threshold}
        self.probabilities = occupancy_probabilities(model)

    @classmethod
    def load(cls, folder: Path | None = None) -> ModelPredictor:
        """The model in `folder`, or the shipped one. Raises ModelError."""
        return cls(load_model(folder))

    def with_threshold(self, threshold: float) -> ModelPredictor:
        """The same model, cut at another probability."""
        return ModelPredictor(self.model, threshold)

    def predict(self, view: np.ndarray) -> Prediction:
        result = reconstruct(
            view, model=self.model, resolution=RESOLUTION, num_points=NUM_POINTS, threshold=self.threshold
        )
        return Prediction(result.voxels.occupancy, result.points, result.mesh)
