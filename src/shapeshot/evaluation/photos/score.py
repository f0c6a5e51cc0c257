"""The scores of one picture: of the mask that was found, of the silhouette, and where there is a model of the shape.

A refused picture, or one of which no shape was made, scores 0 in everything it has. What cannot be known of a picture
is not there: a cut-out brings its mask, a photograph has neither a true shape nor a camera.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.data.truth import Truth, truth_of
from shapeshot.evaluation.photos.answers import PictureAnswer
from shapeshot.evaluation.photos.photo_set import CUT_OUT, PictureEntry, TrueModel
from shapeshot.evaluation.photos.silhouettes import (
    best_direction,
    mask_iou,
    mask_silhouette,
    seen_mask,
    silhouettes_around,
)
from shapeshot.evaluation.scoring import score_prediction
from shapeshot.scores.prediction import Prediction

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

SHAPE_METRICS = ("iou", "f_score_5")
CAMERA_SIDE = 160  # pixels of a picture in which a shape is seen by the known camera


@dataclass(frozen=True)
class PictureRow:
    """The scores of one picture, by name; see docs/metrics.md. A name that ends in `_given` is of the exact mask.

    refused: no object was found. failure: why there is no shape of the found object, or "". direction: azimuth and
    elevation, degrees, from which the shape by the exact mask is compared and shown; None where there is none.
    """

    entry: PictureEntry
    scores: Mapping[str, float]
    refused: bool
    failure: str
    warned: bool
    seconds: float
    direction: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class ScoredPicture:
    """A row of the report, and what other pictures are compared with.

    silhouettes: of the row's shape, float [directions, 32, 32]; None where there is no shape.

    target: float [32, 32], the true silhouette.
    """

    row: PictureRow
    silhouettes: Float[np.ndarray, "directions side side"] | None
    target: Float[np.ndarray, "side side"]


def score_picture(
    entry: PictureEntry,
    mask: Bool[np.ndarray, "height width"],
    model: TrueModel | None,
    found: PictureAnswer,
    given: PictureAnswer,
) -> ScoredPicture:
    """Score the answer that found the object by itself, and the one to the exact mask, bool [height, width]."""
    target = mask_silhouette(mask)
    truth = None if model is None else truth_of(entry.object, model.vertices, model.faces, model.solid)
    scores: dict[str, float] = {}
    if entry.setting != CUT_OUT:
        scores["mask_iou"] = 0.0 if found.mask is None else mask_iou(found.mask, mask)
    silhouettes, direction = None, None
    for ending, answer in (("", found), ("_given", given)):
        prediction = answer.prediction
        silhouettes = None if prediction is None else silhouettes_around(prediction.surface.points)
        silhouette, direction = (0.0, None) if silhouettes is None else best_direction(silhouettes, target)
        scores[f"silhouette{ending}"] = silhouette
        scores |= _known(entry, mask, truth, prediction, ending)
    if entry.camera is not None and direction is not None:
        direction = (entry.camera.azimuth_deg, entry.camera.elevation_deg)
    row = PictureRow(entry, scores, found.mask is None, found.failure, found.warned, found.seconds, direction)
    return ScoredPicture(row, silhouettes, target)


def _known(
    entry: PictureEntry,
    mask: Bool[np.ndarray, "height width"],
    truth: Truth | None,
    prediction: Prediction | None,
    ending: str,
) -> dict[str, float]:
    """The scores that need the camera or the true shape."""
    scores: dict[str, float] = {}
    if entry.camera is not None:
        scores[f"camera_silhouette{ending}"] = 0.0
        if prediction is not None and prediction.mesh is not None:
            seen = seen_mask(prediction.mesh, entry.camera, CAMERA_SIDE)
            scores[f"camera_silhouette{ending}"] = mask_iou(seen, _resized(mask, CAMERA_SIDE))
    if truth is not None:
        all_of_it = {} if prediction is None else score_prediction(prediction, truth)
        scores |= {f"{metric}{ending}": all_of_it.get(metric, 0.0) for metric in SHAPE_METRICS}
    return scores


def _resized(mask: Bool[np.ndarray, "height width"], side: int) -> Bool[np.ndarray, "side side"]:
    """A square mask at another number of pixels: what is covered by half."""
    from PIL import Image

    small = Image.fromarray(mask.astype(np.uint8) * np.uint8(255)).resize((side, side), Image.Resampling.BOX)
    return np.asarray(small) >= 128
