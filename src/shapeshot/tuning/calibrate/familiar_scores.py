"""How well familiarity tells photos of held-out objects from pictures of other things."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from shapeshot.errors import PhotoError
from shapeshot.model.heads import FamiliarityHead, Look
from shapeshot.photo import PreparedPhoto, look_at
from shapeshot.tuning.calibrate.other_images import MAKERS

if TYPE_CHECKING:
    from jaxtyping import Float, Num, UInt8

    from shapeshot.model.field_model import FieldModel

NUM_IMAGES = 40
SEED = 0


def auroc(familiar: Num[np.ndarray, " familiar"], other: Num[np.ndarray, " other"]) -> float:
    """The probability that a picture of something else has the larger distance, ties counting half (Mann-Whitney U)."""
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([familiar, other]))[len(familiar) :]
    return float((ranks.sum() - len(other) * (len(other) + 1) / 2) / (len(familiar) * len(other)))


def other_scores(
    model: FieldModel,
    look: Look,
    head: FamiliarityHead,
    familiar: Float[np.ndarray, " photos"],
    num_images: int = NUM_IMAGES,
    progress: bool = True,
) -> dict[str, dict[str, Any]]:
    """For each kind of other image and each way to the crop ("auto", and "keep" for the whole frame) how it fares.

    familiar: distances of photos of held-out objects. refused: the share in which no object is found, an error before
    the model is asked; warned: of the rest, the share over the limit; auroc: of the rest against `familiar`.
    """
    rows: dict[str, dict[str, Any]] = {}
    for name, maker in MAKERS.items():
        seeds = [np.random.default_rng([SEED, zlib.crc32(name.encode()), index]) for index in range(num_images)]
        images = [_rgba(maker(seed)) for seed in tqdm(seeds, desc=name, disable=not progress)]
        for background in ("auto", "keep") if images[0][..., 3].all() else ("auto",):
            crops = [
                crop for crop in (_crop(image, model.image_size, background) for image in images) if crop is not None
            ]
            features = [model.see(crop).features for crop in crops]
            distances = head.distances(look.directions(np.array(features))) if crops else np.zeros(0)
            rows[f"{name}, {background}"] = {
                "images": num_images,
                "refused": 1 - len(crops) / num_images,
                "warned": float((distances > head.limit).mean()) if crops else None,
                "auroc": auroc(familiar, distances) if crops else None,
            }
    return rows


def _crop(rgba: UInt8[np.ndarray, "height width 4"], size: int, background: str) -> PreparedPhoto | None:
    try:
        return look_at(rgba, size, background).photo
    except PhotoError:
        return None


def _rgba(image: UInt8[np.ndarray, "height width channels"]) -> UInt8[np.ndarray, "height width 4"]:
    return image if image.shape[2] == 4 else np.concatenate([image, np.full_like(image[..., :1], 255)], axis=2)
