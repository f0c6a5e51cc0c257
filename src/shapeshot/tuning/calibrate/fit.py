"""The heads from what the model sees of train and val: nothing here looks at a test split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import DatasetError
from shapeshot.model.heads import Calibration, FamiliarityHead, Heads, Look, SizeHead
from shapeshot.model.heads.look import unit
from shapeshot.tuning.calibrate.conformal import conformal_quantile
from shapeshot.tuning.calibrate.photos import SeenViews, require_sizes
from shapeshot.tuning.calibrate.points import SurfacePoints, fit_points

if TYPE_CHECKING:
    from jaxtyping import Float, Int64

COMPONENTS = 128
BANDWIDTHS = (0.03, 0.04, 0.06, 0.08, 0.1, 0.13, 0.17)
COVERAGE = 0.9
FAMILIAR_SHARE = 0.95  # of the validation photos count as familiar
NEIGHBOUR = 1
STORED = np.float16  # of unit vectors: cosines are off by less than 0.001, and the file is half as large


def fit_heads(train: SeenViews, val: SeenViews, surface: SurfacePoints, calibration: Calibration) -> Heads:
    """All heads; `surface` is of the validation split, and so is `calibration`, see `CalibrationFit`.

    Raises DatasetError where sizes are unknown or there are too few validation objects.
    """
    look = fit_look(train.features)
    size = fit_size(look, require_sizes(train, "train"), require_sizes(val, "val"))
    return Heads(look, size, fit_familiarity(look, train, val), calibration, fit_points(surface))


def fit_look(features: Float[np.ndarray, "photos features"], components: int = COMPONENTS) -> Look:
    """Principal components of standardised features float [photos, features]."""
    values = np.asarray(features, np.float64)
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)  # a feature that never changes tells nothing
    standard = (values - mean) / scale
    _, vectors = np.linalg.eigh(standard.T @ standard)
    return Look(mean.astype(np.float32), scale.astype(np.float32), vectors[:, ::-1][:, :components].astype(STORED))


def fit_size(look: Look, train: SeenViews, val: SeenViews) -> SizeHead:
    """Kernel regression over the training objects; bandwidth and interval by the validation objects."""
    directions, first = object_directions(look, train)
    seen = look.directions(val.features)
    heads = [
        SizeHead(directions, train.log_metres[first], bandwidth, np.zeros(3), COVERAGE) for bandwidth in BANDWIDTHS
    ]
    errors = [np.abs(head.middle_and_spread(seen)[0] - val.log_metres).mean() for head in heads]
    best = heads[int(np.argmin(errors))]
    middle, spread = best.middle_and_spread(seen)
    scores = np.abs(middle - val.log_metres) / spread
    try:
        half_width = [conformal_quantile(scores[:, axis], val.objects.tolist(), COVERAGE) for axis in range(3)]
    except ValueError as error:
        raise DatasetError(f"the validation split is too small to calibrate on ({error})") from None
    return SizeHead(directions, best.log_metres, best.bandwidth, np.array(half_width), COVERAGE)


def fit_familiarity(look: Look, train: SeenViews, val: SeenViews) -> FamiliarityHead:
    """Distance to the nearest training object; the limit lets FAMILIAR_SHARE of the validation photos pass."""
    directions, _ = object_directions(look, train)
    head = FamiliarityHead(directions, NEIGHBOUR, np.inf)
    try:
        distances = head.distances(look.directions(val.features))
        limit = conformal_quantile(distances, val.objects.tolist(), FAMILIAR_SHARE)
    except ValueError as error:
        raise DatasetError(f"the validation split is too small to calibrate on ({error})") from None
    return FamiliarityHead(directions, NEIGHBOUR, limit)


def object_directions(
    look: Look, seen: SeenViews
) -> tuple[Float[np.ndarray, "objects components"], Int64[np.ndarray, " objects"]]:
    """The mean direction of each object's views, float [objects, components], and the row of its first view."""
    _, first, members = np.unique(seen.objects, return_index=True, return_inverse=True)
    directions = look.directions(seen.features)
    sums = np.zeros((len(first), directions.shape[1]))
    np.add.at(sums, members, directions)
    return unit(sums).astype(STORED), first
