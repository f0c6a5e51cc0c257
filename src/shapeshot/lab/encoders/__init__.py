"""Image encoders: one row each.

A class takes (weights, num_frozen_layers, update_statistics), turns pixels in 0..255 into an EncoderOutput, and says
its `token_channels`, `pooled_channels` and `num_tokens(image_size)`. Normalisation of pixels is its own affair.
"""

from __future__ import annotations

from shapeshot.lab.encoders.efficientnet_lite0 import EfficientNetLite0
from shapeshot.lab.encoders.output import EncoderOutput

ENCODERS = {
    "efficientnet-lite0": EfficientNetLite0,
}

__all__ = ["ENCODERS", "EfficientNetLite0", "EncoderOutput"]
