"""Whole shapes beside the true ones: what a shape's confidence is fitted on, and how it keeps what it promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample
from shapeshot.errors import DatasetError, EmptyShapeError, PhotoError
from shapeshot.model.heads import ShapeHead
from shapeshot.model.heads.shape import RIGHT_F_SCORE
from shapeshot.pipeline.confidence import LOW
from shapeshot.pipeline.reconstruct import Reconstruction, reconstruct
from shapeshot.scores.metrics import nearest_pairs
from shapeshot.scores.reliability import Reliability
from shapeshot.tuning.calibrate.logistic import fit_logistic

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float32, Float64, Shaped

    from shapeshot.model.field_model import FieldModel

DISTANCE = 0.05  # of the longest side
RIDGE = 0.02
SHAPE_VIEWS = 5  # of each validation object, at most


@dataclass(frozen=True, eq=False)
class JudgedShapes:
    """A row for each shape. evidence: as `Evidence.values` gives it. f_scores: at 5 %, turned to the true front."""

    evidence: Float32[np.ndarray, "shapes evidence"]
    f_scores: Float64[np.ndarray, " shapes"]
    objects: Shaped[np.ndarray, " shapes"]

    @property
    def right(self) -> Bool[np.ndarray, " shapes"]:
        """Which shapes count as right."""
        return self.f_scores > RIGHT_F_SCORE


def judge_shapes(
    model: FieldModel, dataset: Dataset, split: str, views_per_object: int, progress: bool = True
) -> JudgedShapes:
    """Shapes of the first views of each object, by the whole road of the runtime: in a room, the finder finds it.

    Views in which nothing is found have no row. Raises DatasetError where no view gives a shape.
    """
    rows = []
    for object_id in tqdm(dataset.ids(split), desc=f"shapes of {split}", unit="obj", disable=not progress):
        sample = dataset.sample(object_id)
        for view in range(min(views_per_object, sample.num_views)):
            rgba = sample.view(view)
            try:
                shape = reconstruct(rgba[..., :3] if sample.rooms[view] else rgba, model=model)
            except (EmptyShapeError, PhotoError):
                continue
            if shape.evidence is not None:
                rows.append((shape.evidence.values, f_score_in_view(shape, sample, view), object_id))
    if not rows:
        raise DatasetError(f"the model sees no object in any view of split {split!r} of {dataset.folder}")
    evidence, f_scores, objects = zip(*rows, strict=True)
    return JudgedShapes(np.stack(evidence), np.array(f_scores), np.array(objects))


def judge_all(model: FieldModel, sources: Sequence[Dataset], progress: bool = True) -> JudgedShapes:
    """Shapes of the validation objects of the first dataset and of the others that have some."""
    judged = [
        judge_shapes(model, dataset, "val", SHAPE_VIEWS, progress)
        for number, dataset in enumerate(sources)
        if number == 0 or dataset.ids("val")
    ]
    names = [f"{number}/{name}" for number, one in enumerate(judged) for name in one.objects]
    evidence, f_scores = (np.concatenate([getattr(one, name) for one in judged]) for name in ("evidence", "f_scores"))
    return JudgedShapes(evidence, f_scores, np.array(names))


def f_score_in_view(shape: Reconstruction, sample: Sample, view: int) -> float:
    """The F-score at 5 % of a shape that is turned to the true front, where its camera is known, and fills the cube."""
    turn = 0.0 if shape.camera is None else sample.cameras[view].azimuth_deg - shape.camera.azimuth_deg
    return turned_f_score(shape.mesh.vertices, shape.points.points, sample.points, turn)


def turned_f_score(
    vertices: Float[np.ndarray, "vertices 3"],
    points: Float[np.ndarray, "points 3"],
    truth: Float[np.ndarray, "others 3"],
    turn_deg: float,
) -> float:
    """The F-score at 5 % of points that are turned about +y and placed so that `vertices` fill the canonical cube.

    truth: points of the true surface, which fills the cube.
    """
    cos, sin = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    about_y = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    corners, turned = vertices @ about_y, points @ about_y
    low, high = corners.min(axis=0), corners.max(axis=0)
    mine = (turned - (low + high) / 2) / (high - low).max()
    precision = float((nearest_pairs(mine, truth).distances <= DISTANCE).mean())
    recall = float((nearest_pairs(truth[: len(mine)], mine).distances <= DISTANCE).mean())
    return 2 * precision * recall / max(precision + recall, 1e-9)


def fit_shape_head(judged: JudgedShapes) -> ShapeHead:
    """Logistic regression with a small ridge and no negative weight: no evidence may count the wrong way round.

    Its targets are those of Platt, "Probabilistic Outputs for Support Vector Machines" (1999), section 2.2: where all
    shapes of a split are right, the next one need not be.
    """
    count = int(judged.right.sum())
    right = np.where(judged.right, (count + 1) / (count + 2), 1 / (len(judged.right) - count + 2))
    return ShapeHead(*fit_logistic(judged.evidence, right, RIDGE, no_negative_weight=True))


def shape_scores(head: ShapeHead, judged: JudgedShapes) -> dict[str, Any]:
    """What the confidence of whole shapes promises and keeps.

    right: the share of shapes that are. calibration_error: of the confidence. auc: the probability that a right shape
    has more of it than a wrong one; None where there are not both. flagged: of the wrong and of the right shapes, the
    shares below LOW.
    """
    sure, right = head.of_values(judged.evidence), judged.right
    both = right.any() and not right.all()
    above = (sure[right][:, None] > sure[~right]) + 0.5 * (sure[right][:, None] == sure[~right])
    return {
        "shapes": len(right),
        "right": float(right.mean()),
        "calibration_error": Reliability.of(sure, right).error,
        "auc": float(above.mean()) if both else None,
        "flagged": {
            "wrong": float((sure[~right] < LOW).mean()) if (~right).any() else None,
            "right": float((sure[right] < LOW).mean()) if right.any() else None,
        },
    }
