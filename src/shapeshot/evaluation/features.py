"""What retrieval compares views by: one function per kind of feature, each from the crop that a model would see."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.photo import crop_on_grey, object_box

if TYPE_CHECKING:
    from shapeshot.field_model import FieldModel

# view uint8 [size, size, 4] -> float32 [features]; raises PhotoError where the view shows nothing.
Feature = Callable[[np.ndarray], np.ndarray]

SILHOUETTE_SIZE = 32
THUMBNAIL_SIZE = 24
ENCODER_IMAGE_SIZE = 128
# Each plane of a field model is averaged over this many blocks a side: enough to keep where things are.
PLANE_BLOCKS = 4


def silhouette(view: np.ndarray) -> np.ndarray:
    """The outline without colour: coverage of a 32 x 32 crop, float32 [1024] in [0, 1]."""
    white = np.full_like(view, 255)
    white[..., 3] = view[..., 3]
    return (_crop(white, SILHOUETTE_SIZE)[..., 0].ravel().astype(np.float32) - 128) / 127


def thumbnail(view: np.ndarray) -> np.ndarray:
    """The crop at 24 x 24 pixels in colour, float32 [1728] in [-1, 1]."""
    return (_crop(view, THUMBNAIL_SIZE).ravel().astype(np.float32) - 128) / 128


def imagenet() -> Feature:
    """The pooled features of a frozen EfficientNet-Lite0 trained on ImageNet, float32 [1280]. Raises ModelError."""
    import torch

    from shapeshot.lab.encoders.efficientnet_lite0 import EfficientNetLite0

    encoder = EfficientNetLite0(weights="pretrained").eval()

    def feature(view: np.ndarray) -> np.ndarray:
        pixels = torch.from_numpy(_crop(view, ENCODER_IMAGE_SIZE)).permute(2, 0, 1)[None]
        with torch.inference_mode():
            return encoder(pixels).pooled[0].numpy()

    return feature


def model_planes(model: FieldModel) -> Feature:
    """What a trained model encodes a view to: each of its planes averaged over 4 x 4 blocks, float32."""

    def feature(view: np.ndarray) -> np.ndarray:
        planes = model.encode(_crop(view, model.image_size))
        planes = planes.reshape(-1, *planes.shape[-2:])
        count = min(PLANE_BLOCKS, planes.shape[-1])
        bands = [band.mean(axis=1) for band in np.array_split(planes, count, axis=1)]
        blocks = [block.mean(axis=1) for band in bands for block in np.array_split(band, count, axis=1)]
        return np.concatenate(blocks).astype(np.float32)

    return feature


def all_features(model: FieldModel | None) -> dict[str, Feature]:
    """Every feature by name; "model" only where a model is given."""
    features: dict[str, Feature] = {"silhouette": silhouette, "thumbnail": thumbnail, "imagenet": imagenet()}
    return features if model is None else features | {"model": model_planes(model)}


def _crop(view: np.ndarray, size: int) -> np.ndarray:
    return crop_on_grey(view, object_box(view[..., 3].astype(np.float32) / 255), size)
