"""The model, assembled on one screen: an encoder sees the photo, a decoder turns what it saw into a shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from shapeshot.errors import ModelError, unknown_name
from shapeshot.lab.decoders import DECODERS
from shapeshot.lab.decoders.triplane import TriplaneField
from shapeshot.lab.encoders import ENCODERS


@dataclass(frozen=True)
class ModelConfig:
    """What a model is built from; plain data, saved with every checkpoint."""

    encoder: str = "efficientnet-lite0"
    """A name in ENCODERS."""
    encoder_weights: str = "pretrained"
    """"pretrained", "none" (random) or a path."""
    num_frozen_layers: int = 0
    """Layers of the encoder, counted from the image, that are not trained."""
    update_statistics: bool = False
    """Whether training re-estimates the encoder's batch-norm statistics; needed for random weights."""
    decoder: str = "triplane"
    """A name in DECODERS."""
    image_size: int = 128
    """Side of the square photo crop, pixels."""
    width: int = 256
    """Channels of the decoder's transformer."""
    depth: int = 4
    """Blocks of the decoder's transformer."""
    num_heads: int = 4
    """Attention heads; must divide `width`."""
    channels: int = 64
    """Channels of each feature plane."""
    resolution: int = 32
    """Cells along each side of a plane; a multiple of 4."""
    hidden: int = 64
    """Hidden width of the networks that turn plane features into occupancy and colour."""
    dropout: float = 0.0
    """Dropped share of each residual branch in training."""


class SingleViewModel(nn.Module):
    """One photo -> the field of the object in it, in the canonical cube.

    `planes = model(pixels)` once, then `model.field.at(planes, points)` or `model.field.grid(planes, xs, ys, zs)`.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, config: ModelConfig) -> None:
        super().__init__()
        self.encoder, self.decoder, self.config = encoder, decoder, config

    @property
    def field(self) -> TriplaneField:
        """What evaluates the decoder's planes at points and on grids."""
        return cast(TriplaneField, self.decoder.field)

    def forward(self, pixels: Tensor) -> Tensor:
        """RGB pixels in 0..255, uint8 or float [batch, 3, size, size] -> planes float [batch, 3, C, R, R]."""
        size = self.config.image_size
        if tuple(int(side) for side in pixels.shape[1:]) != (3, size, size):
            raise ModelError(f"the model takes pixels [batch, 3, {size}, {size}]; got {list(pixels.shape)}")
        return self.decoder(self.encoder(pixels))


def build_model(config: ModelConfig) -> SingleViewModel:
    """The model that `config` describes. Raises UserError on unknown names and ModelError on values that do not fit."""
    if config.encoder not in ENCODERS:
        raise unknown_name("encoder", config.encoder, ENCODERS, ModelError)
    if config.decoder not in DECODERS:
        raise unknown_name("decoder", config.decoder, DECODERS, ModelError)
    encoder = ENCODERS[config.encoder](config.encoder_weights, config.num_frozen_layers, config.update_statistics)
    decoder = DECODERS[config.decoder](
        encoder.token_channels,
        encoder.pooled_channels,
        encoder.num_tokens(config.image_size),
        width=config.width,
        depth=config.depth,
        num_heads=config.num_heads,
        channels=config.channels,
        resolution=config.resolution,
        hidden=config.hidden,
        dropout=config.dropout,
    )
    return SingleViewModel(encoder, decoder, config)
