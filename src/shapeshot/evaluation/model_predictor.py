"""The shipped road as a predictor: exactly what `shapeshot reconstruct` gives a user is what is scored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.evaluation.protocol import NUM_POINTS, RESOLUTION, Prediction
from shapeshot.reconstruct import load_model, reconstruct

if TYPE_CHECKING:
    from shapeshot.field_model import FieldModel


class ModelPredictor:
    """Scores an exported model through `shapeshot.reconstruct.reconstruct`."""

    def __init__(self, model: FieldModel) -> None:
        self.model, self.name = model, f"model {model.card['name']}"
        self.details: Mapping[str, Any] = {"model": model.card["name"], "threshold": float(model.threshold)}

    @classmethod
    def load(cls, folder: Path | None = None) -> ModelPredictor:
        """The model in `folder`, or the shipped one. Raises ModelError."""
        return cls(load_model(folder))

    def predict(self, view: np.ndarray) -> Prediction:
        result = reconstruct(view, model=self.model, resolution=RESOLUTION, num_points=NUM_POINTS)
        return Prediction(result.voxels.occupancy, result.points, result.mesh)
