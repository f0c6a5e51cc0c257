"""What the model sees in the views of a split, gathered once: the heads are fitted and measured on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample, require_objects
from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.errors import DatasetError, ModelError, PhotoError
from shapeshot.model.heads import Calibration
from shapeshot.photo import PreparedPhoto, look_at
from shapeshot.scores.prediction import RESOLUTION
from shapeshot.scores.reliability import Reliability

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float64, Shaped, UInt8

    from shapeshot.model.field_model import FieldModel


@dataclass(frozen=True, eq=False)
class SeenViews:
    """A row for each view, each object's first ones.

    objects, groups, kinds: str [views]. features: float32 [views, features]. log_metres: natural logarithms of width,
    height and depth, float64 [views, 3], NaN where unknown. logits: float16 [views, 32, 32, 32], what the field says;
    truth: bool, what is. The last two have no rows where they were not asked for. refused: views in which the runtime
    finds no object, such as a wire seen from far; they have no row.
    """

    objects: Shaped[np.ndarray, " views"]
    groups: Shaped[np.ndarray, " views"]
    kinds: Shaped[np.ndarray, " views"]
    features: Float[np.ndarray, "views features"]
    log_metres: Float64[np.ndarray, "views 3"]
    logits: Float[np.ndarray, "asked x y z"]
    truth: Bool[np.ndarray, "asked x y z"]
    refused: int = 0

    def sized(self) -> SeenViews:
        """The views of objects whose real size is known, without fields."""
        known = np.isfinite(self.log_metres).all(axis=1)
        names = ("objects", "groups", "kinds", "features", "log_metres")
        rows = {name: getattr(self, name)[known] for name in names}
        return replace(self, **rows, logits=self.logits[:0], truth=self.truth[:0])

    def reliability(self, calibration: Calibration) -> Reliability:
        """Bins of the occupancy probabilities of all cells of all views."""
        total = Reliability.empty()
        for logits, truth in zip(self.logits, self.truth, strict=True):
            total = total + Reliability.of(calibration(logits), truth)
        return total


def see_split(
    model: FieldModel,
    dataset: Dataset,
    split: str,
    views_per_object: int,
    *,
    with_fields: bool = False,
    progress: bool = True,
) -> SeenViews:
    """Shows the model the first views of every object of a split, by the runtime's own road from photo to crop.

    Variants are left out: their stretched sizes are nobody's. Raises DatasetError for an empty split, ModelError for an
    encoder that gives no features.
    """
    ids = [key for key in dataset.ids(split) if dataset.records[key].variant_of is None]
    require_objects(ids, split, dataset.folder)
    samples = (dataset.sample(key) for key in tqdm(ids, desc=f"seeing {split}", unit="obj", disable=not progress))
    seen = [_see(model, sample, views_per_object, with_fields) for sample in samples]
    rows, refused = [views for views, _ in seen if views is not None], sum(count for _, count in seen)
    if not rows:
        raise DatasetError(f"no object is found in any view of split {split!r} of {dataset.folder}; build it again")
    return replace(joined(rows), refused=refused)


def _see(model: FieldModel, sample: Sample, views_per_object: int, with_fields: bool) -> tuple[SeenViews | None, int]:
    """An object's rows, None where there are none, and in how many views no object is found."""
    views = [sample.view(index) for index in range(min(views_per_object, sample.num_views))]
    photos = [photo for photo in (_prepared(view, model.image_size) for view in views) if photo is not None]
    count = len(photos)
    if not count:
        return None, len(views)
    seen = model.see_batch(photos)
    features = [one.features for one in seen if one.features is not None]
    if not features:
        raise ModelError(f"the encoder of {model.folder.path} gives no features; export the model again")
    logits = [one.field(RESOLUTION).logits for one in seen if with_fields]
    truth = [downsample_occupancy(sample.solid, RESOLUTION)] * len(logits)
    metres = sample.info.size_metres or (np.nan,) * 3
    rows = SeenViews(
        np.repeat(sample.id, count),
        np.repeat(sample.group, count),
        np.repeat(sample.record.kind, count),
        np.stack(features),
        np.tile(np.log(metres), (count, 1)),
        np.array(logits, np.float16).reshape(-1, *(RESOLUTION,) * 3),
        np.array(truth, bool).reshape(-1, *(RESOLUTION,) * 3),
    )
    return rows, len(views) - count


def _prepared(view: UInt8[np.ndarray, "size size 4"], size: int) -> PreparedPhoto | None:
    try:
        return look_at(view, size).photo
    except PhotoError:
        return None


def joined(parts: Sequence[SeenViews]) -> SeenViews:
    """The rows of all parts, one part after the other."""
    names = ("objects", "groups", "kinds", "features", "log_metres", "logits", "truth")
    rows: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return SeenViews(**rows, refused=sum(part.refused for part in parts))


def require_sizes(seen: SeenViews, split: str) -> SeenViews:
    """The views of known size. DatasetError where there are none."""
    sized = seen.sized()
    if not len(sized.objects):
        raise DatasetError(f"no object of split {split!r} has a real size; calibrate on a dataset that tells them")
    return sized
