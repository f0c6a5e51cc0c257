"""Points of predicted surfaces beside the true ones: what a point's confidence is fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset
from shapeshot.errors import DatasetError, EmptyShapeError, PhotoError
from shapeshot.model.heads import PointHead
from shapeshot.model.heads.points import point_features
from shapeshot.model.shape import finer_field, surface_of, surface_points
from shapeshot.photo import look_at
from shapeshot.scores.metrics import nearest_pairs
from shapeshot.scores.prediction import RESOLUTION
from shapeshot.tuning.calibrate.logistic import fit_logistic

if TYPE_CHECKING:
    from jaxtyping import Float32, Float64, Shaped

    from shapeshot.model.field_model import FieldModel

NUM_POINTS = 512
DISTANCE = 0.05  # the widest of the distances at which F-scores are reported
RIDGE = 0.01


@dataclass(frozen=True, eq=False)
class SurfacePoints:
    """Of each point of the predicted surfaces: its features float32 [points, 21], its distance to the true surface in
    fractions of the cube's side float64 [points], and its object str [points]."""

    features: Float32[np.ndarray, "points features"]
    distances: Float64[np.ndarray, " points"]
    objects: Shaped[np.ndarray, " points"]


def sample_points(
    model: FieldModel, dataset: Dataset, split: str, views_per_object: int, progress: bool = True
) -> SurfacePoints:
    """NUM_POINTS points of the shape in each of the first views; views that give no shape have none.

    Raises DatasetError where no view gives a shape.
    """
    rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for object_id in tqdm(dataset.ids(split), desc=f"points of {split}", unit="obj", disable=not progress):
        sample = dataset.sample(object_id)
        for index in range(min(views_per_object, sample.num_views)):
            try:
                seen = model.see(look_at(sample.view(index), model.image_size).photo)
                field = seen.field(RESOLUTION)
                cloud = surface_points(surface_of(finer_field(seen, field)).mesh, NUM_POINTS)
            except (EmptyShapeError, PhotoError):
                continue
            assert cloud.normals is not None
            features = point_features(field.logits, cloud.points, cloud.normals)
            distances = nearest_pairs(cloud.points, sample.points).distances
            rows.append((features, distances, np.repeat(object_id, len(distances))))
    if not rows:
        raise DatasetError(f"the model sees no object in any view of split {split!r} of {dataset.folder}")
    return SurfacePoints(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def fit_points(surface: SurfacePoints) -> PointHead:
    """Logistic regression of whether a point is within DISTANCE of the true surface, with a small ridge."""
    near = (surface.distances <= DISTANCE).astype(np.float64)
    return PointHead(*fit_logistic(surface.features, near, RIDGE), DISTANCE)
