"""Image encoders: one row each.

`ENCODERS[name](weights, num_frozen_layers, update_statistics, image_size=0, architecture=None)` makes a module that
turns pixels in 0..255 into an EncoderOutput. It says its `image_size`, `token_channels`, `pooled_channels`,
`num_tokens(image_size)` and `architecture`: a plain dictionary that, given back with the weights "none", builds the
same module, as a checkpoint does. Normalisation of pixels is its own affair. tests/contracts/test_encoders.py holds
each of them to it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from shapeshot.lab.encoders.efficientnet_lite0 import EfficientNetLite0, EfficientNetLite1, EfficientNetLite2
from shapeshot.lab.encoders.encoder import Encoder, EncoderOutput
from shapeshot.lab.encoders.families import CLIP, DINO, DINOV2, RESNET18
from shapeshot.lab.encoders.hub_encoder import HubEncoder

ENCODERS: dict[str, Callable[..., Encoder]] = {
    "efficientnet-lite0": EfficientNetLite0,
    "efficientnet-lite1": EfficientNetLite1,
    "efficientnet-lite2": EfficientNetLite2,
    "resnet18": partial(HubEncoder, RESNET18),
    "clip": partial(HubEncoder, CLIP),
    "dino": partial(HubEncoder, DINO),
    "dinov2": partial(HubEncoder, DINOV2),
}

__all__ = ["ENCODERS", "EfficientNetLite0", "Encoder", "EncoderOutput", "HubEncoder"]
