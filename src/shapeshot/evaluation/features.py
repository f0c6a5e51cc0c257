"""What retrieval compares views by: one function per kind of feature, each from the crop that a model would see."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from shapeshot.data.solids.silhouettes import view_silhouette
from shapeshot.errors import ModelError, UserError, unknown_name
from shapeshot.photo import Box, ObjectMask, crop_on_grey, object_box, prepare_photo

if TYPE_CHECKING:
    from jaxtyping import Float32, UInt8

    from shapeshot.model.field_model import FieldModel

# view uint8 [size, size, 4] -> float32 [features]; raises PhotoError where the view shows nothing.
Feature = Callable[[np.ndarray], np.ndarray]

THUMBNAIL_SIZE = 24
ENCODER_IMAGE_SIZE = 128
_SIDE = re.compile(r"@([1-9][0-9]{0,3})$")
MODEL = "model"  # what a trained model sees; the other features need no model
# What a field model sees is averaged over this many blocks a side: enough to keep where things are.
BLOCKS = 4


def silhouette(view: UInt8[np.ndarray, "size size 4"]) -> Float32[np.ndarray, " features"]:
    """The silhouette without colour: coverage of a 32 x 32 crop, float32 [1024] in [0, 1]."""
    return view_silhouette(view).ravel()


def thumbnail(view: UInt8[np.ndarray, "size size 4"]) -> Float32[np.ndarray, " features"]:
    """The crop at 24 x 24 pixels in colour, float32 [1728] in [-1, 1]."""
    return (_crop(view, THUMBNAIL_SIZE).ravel().astype(np.float32) - 128) / 128


def encoder_feature(name: str, weights: str = "pretrained", image_size: int = 0) -> Feature:
    """The pooled features of a frozen encoder of the lab, float32 [channels], at its own image size or another.

    weights: as `--encoder-weights`. Raises ModelError where there are none.
    """
    import torch

    from shapeshot.lab.encoders import ENCODERS

    try:
        encoder = ENCODERS[name](weights, image_size=image_size).eval()
    except ModelError as error:
        raise ModelError(
            f"{error}. For retrieval that is --features NAME=FOLDER, or features without weights"
        ) from error

    def feature(view: UInt8[np.ndarray, "size size 4"]) -> Float32[np.ndarray, " features"]:
        pixels = torch.from_numpy(_crop(view, encoder.image_size)).permute(2, 0, 1)[None]
        with torch.inference_mode():
            pooled: np.ndarray = encoder(pixels).pooled[0].numpy()
            return pooled

    return feature


def model_layout(model: FieldModel) -> Feature:
    """What a trained model sees where in a view, averaged over 4 x 4 blocks, float32; `Seen.layout`."""

    def feature(view: UInt8[np.ndarray, "size size 4"]) -> Float32[np.ndarray, " features"]:
        mask = ObjectMask(view[..., 3].astype(np.float32) / 255, "alpha")
        return model.see(prepare_photo(view, mask, model.image_size)).layout(BLOCKS)

    return feature


@dataclass(frozen=True)
class FeatureKind:
    """How a feature is made: of the model under test or None, of the weights asked for ("pretrained" or a path), and
    of the side of the image that the encoder sees, 0 for its own.

    takes_weights: whether it has an encoder whose weights can be others than the published ones.
    """

    make: Callable[[FieldModel | None, str, int], Feature]
    takes_weights: bool = False


def _of_encoder(name: str, image_size: int = 0) -> FeatureKind:
    return FeatureKind(
        lambda model, weights, size: encoder_feature(name, weights, size or image_size), takes_weights=True
    )


FEATURES: dict[str, FeatureKind] = {
    "silhouette": FeatureKind(lambda model, weights, size: silhouette),
    "thumbnail": FeatureKind(lambda model, weights, size: thumbnail),
    "imagenet": _of_encoder("efficientnet-lite0", ENCODER_IMAGE_SIZE),
    "efficientnet-lite1": _of_encoder("efficientnet-lite1"),
    "efficientnet-lite2": _of_encoder("efficientnet-lite2"),
    "resnet18": _of_encoder("resnet18"),
    "clip": _of_encoder("clip"),
    "dino": _of_encoder("dino"),
    "dinov2": _of_encoder("dinov2"),
    MODEL: FeatureKind(lambda model, weights, size: model_layout(cast("FieldModel", model))),
}
# What retrieval tries where nobody chose: all that come with the packages.
DEFAULT_FEATURES = ("silhouette", "thumbnail", "imagenet")


def require_features(chosen: Sequence[str], with_model: bool) -> None:
    """UserError for a name that is no feature, for weights of one that has none, and for "model" without a model."""
    for name, weights, _ in map(_parts, chosen):
        if name not in FEATURES:
            raise unknown_name("features", name, FEATURES)
        if weights and not FEATURES[name].takes_weights:
            raise UserError(f"the features {name!r} have no weights; give them without '={weights}'")
        if name == MODEL and not with_model:
            raise UserError("the features 'model' are those of a trained model; give its folder with --model")


def choose_features(chosen: Sequence[str], model: FieldModel | None) -> dict[str, Feature]:
    """The features asked for, each a name in FEATURES, NAME=WEIGHTS or NAME=WEIGHTS@SIDE.

    Weights are as `--encoder-weights`; the side is that of the image that the encoder sees, pixels.

    Without any, the default ones and those of the model, if there is one. Raises UserError, and ModelError for weights
    that cannot be had.
    """
    require_features(chosen, model is not None)
    wanted = chosen or DEFAULT_FEATURES + ((MODEL,) if model is not None else ())
    parts = map(_parts, wanted)
    return {name: FEATURES[name].make(model, weights or "pretrained", size) for name, weights, size in parts}


def _parts(text: str) -> tuple[str, str, int]:
    name, _, weights = text.partition("=")
    own_size = _SIDE.search(weights)
    return (name, weights[: own_size.start()], int(own_size[1])) if own_size else (name, weights, 0)


def _crop(view: UInt8[np.ndarray, "side side 4"], size: int) -> UInt8[np.ndarray, "size size 3"]:
    return crop_on_grey(view, _box(view), size)


def _box(view: UInt8[np.ndarray, "size size 4"]) -> Box:
    return object_box(view[..., 3].astype(np.float32) / 255)
