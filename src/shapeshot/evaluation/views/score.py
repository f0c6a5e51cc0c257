"""Scores of one prediction in the frame of the view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.evaluation.views.truth import CELL, CELLS, RAYS, ViewTruth, grid_points
from shapeshot.geometry import Mesh
from shapeshot.geometry.frustum import bin_depths
from shapeshot.geometry.isosurface import isosurface
from shapeshot.geometry.sample import sample_surface
from shapeshot.model.view import ViewReading
from shapeshot.scores.metrics import surface_scores

if TYPE_CHECKING:
    from jaxtyping import Bool, Float32

    from shapeshot.model.reading import Reading

HIGHER_IS_BETTER = ("iou", "f_score_1", "f_score_5", "photo_silhouette", "side_silhouettes", "thin_recall")
SCORES = (*HIGHER_IS_BETTER, "azimuth_error_deg")


@dataclass(frozen=True, eq=False)
class InView:
    """A prediction in the frame of the view. level: of the surface, as a logit."""

    reading: Reading
    level: float
    truth: ViewTruth

    @property
    def is_given_camera(self) -> bool:
        """Whether a canonical prediction was turned by the true camera, since it does not tell one."""
        return not isinstance(self.reading, ViewReading)

    def logits_at(self, points: Float32[np.ndarray, "points 3"]) -> Float32[np.ndarray, " points"]:
        """Logits at points in the frame of the view."""
        if isinstance(self.reading, ViewReading):
            return self.reading.logits_in_view(points)
        canonical = self.truth.to_canonical(points)
        logits = self.reading.logits_at(np.clip(canonical, -0.5, 0.5))
        outside = (np.abs(canonical) > 0.5).any(axis=1)
        return np.where(outside, np.float32(self.level - 10), logits)


def score_in_view(prediction: InView, num_points: int) -> dict[str, float]:
    """All SCORES of one prediction; the worst where nothing is inside. num_points: of the predicted surface.

    The azimuth's error is missing where the object has none or the true one was given.
    """
    truth, level = prediction.truth, prediction.level
    logits = prediction.logits_at(grid_points()).reshape((CELLS,) * 3)
    occupancy = logits > level
    scores = {"iou": _iou(occupancy, truth.occupancy)}
    scores |= _surface(logits, level, truth, num_points)
    scores["photo_silhouette"] = _iou(_photo_silhouette(prediction), truth.silhouette)
    scores["side_silhouettes"] = float(np.mean(_side_ious(occupancy, truth.occupancy)))
    if len(truth.whole.thin):
        scores["thin_recall"] = float((prediction.logits_at(truth.to_view(truth.whole.thin)) > level).mean())
    camera = prediction.reading.camera
    if camera is not None and not truth.whole.is_symmetric:
        error = (camera.azimuth_deg - truth.camera.azimuth_deg + 180) % 360 - 180
        scores["azimuth_error_deg"] = abs(error)
    return scores


def worst_in_view(truth: ViewTruth) -> dict[str, float]:
    """The scores of a view that was refused."""
    names = [name for name in HIGHER_IS_BETTER if name != "thin_recall" or len(truth.whole.thin)]
    return dict.fromkeys(names, 0.0) | ({} if truth.whole.is_symmetric else {"azimuth_error_deg": 180.0})


def _surface(logits: Float32[np.ndarray, "n n n"], level: float, truth: ViewTruth, num_points: int) -> dict[str, float]:
    names = ("f_score_1", "f_score_5")
    if not (logits > level).any():
        return dict.fromkeys(names, 0.0)
    mesh = Mesh(*isosurface(logits, level, (0.5 - CELLS / 2) * CELL, CELL))
    mine = sample_surface(mesh, num_points, np.random.default_rng(0))
    true = truth.whole.truth.surface
    found = surface_scores(mine.points, None, truth.to_view(true.points), None)
    return {name: found[name] for name in names}


def _photo_silhouette(prediction: InView) -> Bool[np.ndarray, "rows columns"]:
    """From the photo's own camera: the true one for a prediction that was given it, else the predicted one."""
    level = prediction.level
    if isinstance(prediction.reading, ViewReading):
        inside = (prediction.reading.logits > level).any(axis=0)
        times = RAYS // inside.shape[0]
        return inside.repeat(times, axis=0).repeat(times, axis=1)
    starts, steps = prediction.truth.frustum.rays(RAYS)
    depths = bin_depths(RAYS)
    places = (starts[None] + depths[:, None, None] * steps[None]).reshape(-1, 3)
    logits = prediction.reading.logits_at(np.clip(places, -0.5, 0.5))
    inside = (logits > level) & (np.abs(places) <= 0.5).all(axis=1)
    silhouette: np.ndarray = inside.reshape(RAYS, RAYS, RAYS).any(axis=0)
    return silhouette


def _side_ious(first: Bool[np.ndarray, "n n n"], second: Bool[np.ndarray, "n n n"]) -> list[float]:
    """Silhouettes from 90, 180 and 270 degrees about the vertical and from above, without perspective."""
    axes = (0, 2, 1)
    side, back, above = (_iou(np.asarray(first.any(axis)), np.asarray(second.any(axis))) for axis in axes)
    return [side, back, side, above]


def _iou(first: Bool[np.ndarray, "*cells"], second: Bool[np.ndarray, "*cells"]) -> float:
    """Occupied in both over occupied in either; 1 where both are empty, as of a wire that is thinner than the cells."""
    union = int((first | second).sum())
    return int((first & second).sum()) / union if union else 1.0
