"""Retrieval: the training object whose view looks most like the photo, by features that were chosen to be its best.

Tatarchenko et al., "What Do Single-view 3D Reconstruction Networks Learn?" (CVPR 2019) showed that such a baseline
beats many published networks. To be fair to it, several features and all their equal blends are tried, and the one
with the best mean IoU on the validation split is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample
from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.errors import PhotoError
from shapeshot.evaluation.features import Feature
from shapeshot.evaluation.scoring import samples_of
from shapeshot.scores.aspects import SHAPE
from shapeshot.scores.prediction import RESOLUTION, Prediction
from shapeshot.tuning.gallery import Gallery

if TYPE_CHECKING:
    from jaxtyping import Float, Float16, Float32, Int64, UInt8

# Views taken of each training object. All 24 would double time and memory for nearly the same nearest neighbours.
GALLERY_VIEWS = 12


@dataclass(frozen=True, eq=False)
class FeatureBank:
    """One kind of feature of all gallery views, centred by their mean and scaled to unit length.

    vectors: float16 [views, features] (half the memory; cosines agree to 1e-3). center: float32 [features].
    """

    feature: Feature
    vectors: Float16[np.ndarray, "views features"]
    center: Float32[np.ndarray, " features"]

    @classmethod
    def build(cls, feature: Feature, raw: Float32[np.ndarray, "views features"]) -> FeatureBank:
        """From the raw features of all views, float32 [views, features]."""
        center = raw.mean(axis=0)
        return cls(feature, _unit(raw - center).astype(np.float16), center)

    def cosines(self, view: UInt8[np.ndarray, "size size 4"]) -> Float32[np.ndarray, " views"]:
        """Cosine similarity of a view with every gallery view, float32 [views]. Raises PhotoError for an empty view."""
        query = _unit((self.feature(view) - self.center)[None])[0].astype(np.float32)
        # In blocks: a product in half precision is slow, and the whole bank in single precision is large.
        blocks = np.array_split(self.vectors, max(1, len(self.vectors) // 4096))
        return np.concatenate([block.astype(np.float32) @ query for block in blocks])


class RetrievalPredictor:
    """Answers with the true shape of the training object that owns the most similar view."""

    name, gives = "retrieval", SHAPE

    def __init__(
        self,
        gallery: Gallery,
        banks: Mapping[str, FeatureBank],
        owners: Int64[np.ndarray, " views"],
        tried: Mapping[str, float],
    ) -> None:
        self._gallery, self._owners = gallery, owners
        best = max(tried, key=lambda blend: tried[blend])
        self._banks = {name: banks[name] for name in best.split("+")}
        self.details: Mapping[str, Any] = {
            "features": best,
            "validation_iou_by_features": dict(tried),
            "gallery_objects": len(gallery),
            "gallery_views": len(owners),
        }

    @classmethod
    def fit(
        cls, gallery: Gallery, dataset: Dataset, features: Mapping[str, Feature], progress: bool = True
    ) -> RetrievalPredictor:
        """Chooses the blend of features with the best mean IoU on the validation split of `dataset`."""
        banks, owners = build_banks(gallery, features)
        samples = samples_of(dataset, "val")
        scores = [
            _blend_scores(sample, samples.views(sample), gallery, banks, owners)
            for sample in tqdm(samples, desc="retrieval features", disable=not progress)
        ]
        tried = {blend: float(np.mean([score[blend] for score in scores])) for blend in scores[0]}
        return cls(gallery, banks, owners, tried)

    def predict(self, view: UInt8[np.ndarray, "size size 4"]) -> Prediction:
        similarity = sum(bank.cosines(view) for bank in self._banks.values())
        return self._gallery.prediction(int(self._owners[np.argmax(similarity)]))


def build_banks(
    gallery: Gallery, features: Mapping[str, Feature]
) -> tuple[dict[str, FeatureBank], Int64[np.ndarray, " views"]]:
    """The banks of all gallery views and the object that owns each view, int64 [views]. Empty views are left out."""
    raw: dict[str, list[np.ndarray]] = {name: [] for name in features}
    owners = []
    for index, sample in enumerate(gallery.samples("training views")):
        for number in range(min(GALLERY_VIEWS, sample.num_views)):
            try:
                vectors = _vectors(sample.view(number), features)
            except PhotoError:
                continue
            owners.append(index)
            for name, vector in vectors.items():
                raw[name].append(vector)
    if not owners:
        raise PhotoError("no training view shows an object; build the dataset again")
    return {name: FeatureBank.build(features[name], np.stack(raw.pop(name))) for name in features}, np.array(owners)


def blends(names: list[str]) -> list[tuple[str, ...]]:
    """Every non-empty subset of the features, singles first."""
    return list(chain.from_iterable(combinations(names, size) for size in range(1, len(names) + 1)))


def _vectors(
    view: UInt8[np.ndarray, "size size 4"], features: Mapping[str, Feature]
) -> dict[str, Float32[np.ndarray, " features"]]:
    return {name: feature(view) for name, feature in features.items()}


def _blend_scores(
    sample: Sample,
    views: list[int],
    gallery: Gallery,
    banks: Mapping[str, FeatureBank],
    owners: Int64[np.ndarray, " views"],
) -> dict[str, float]:
    """Mean IoU over the views of one object for every blend; 0 for a view that shows nothing."""
    ious = gallery.ious(downsample_occupancy(sample.solid, RESOLUTION))
    scores: dict[str, list[float]] = {"+".join(blend): [] for blend in blends(list(banks))}
    for number in views:
        try:
            cosines = {name: bank.cosines(sample.view(number)) for name, bank in banks.items()}
        except PhotoError:
            cosines = {}
        for blend, values in scores.items():
            similarity = sum(cosines[name] for name in blend.split("+")) if cosines else None
            values.append(0.0 if similarity is None else float(ious[owners[np.argmax(similarity)]]))
    return {blend: float(np.mean(values)) for blend, values in scores.items()}


def _unit(vectors: Float[np.ndarray, "views features"]) -> Float[np.ndarray, "views features"]:
    normalised: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return normalised
