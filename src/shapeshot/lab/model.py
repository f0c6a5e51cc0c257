"""The model, assembled on one screen: an encoder sees the photo, a decoder turns what it saw into a shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from shapeshot.errors import ModelError, unknown_name
from shapeshot.lab.decoders import DECODERS, Decoder
from shapeshot.lab.decoders.triplane import TriplaneField
from shapeshot.lab.encoders import ENCODERS, Encoder, EncoderOutput


@dataclass(frozen=True)
class ModelConfig:
    """What a model is built from; plain data, saved with every checkpoint."""

    type: str = "field"
    """What it predicts: vox, point, mesh or field; a row of `lab/representations.py`."""
    encoder: str = "efficientnet-lite0"
    """A name in ENCODERS."""
    encoder_weights: str = "pretrained"
    """"pretrained", "none" (random) or a path."""
    num_frozen_layers: int = 0
    """Layers of the encoder, counted from the image, that are not trained."""
    update_statistics: bool = False
    """Whether training re-estimates the encoder's batch-norm statistics; needed for random weights."""
    decoder: str = ""
    """A name in DECODERS; empty for the first of the type's."""
    image_size: int = 0
    """Side of the square photo crop, pixels; 0 for the encoder's own."""
    latent: int = 512
    """Vox, point, mesh: channels of the vector that the decoder starts from."""
    voxel_channels: int = 256
    """Vox: channels of the decoder's 4^3 grid; each doubling of the grid halves them."""
    num_points: int = 1000
    """Point: points of the predicted cloud."""
    tanh: bool = True
    """Point: whether a tanh keeps the points in the cube."""
    ico_level: int = 4
    """Mesh: subdivisions of the icosphere."""
    width: int = 256
    """Field: channels of the decoder's transformer."""
    depth: int = 4
    """Field: blocks of the decoder's transformer."""
    num_heads: int = 4
    """Field: attention heads; must divide `width`."""
    channels: int = 64
    """Field: channels of each feature plane."""
    resolution: int = 32
    """Field: cells along each side of a plane; a multiple of 4."""
    hidden: int = 64
    """Field: hidden width of the networks that turn plane features into occupancy and colour."""
    dropout: float = 0.0
    """Field: dropped share of each residual branch in training."""
    mirror: bool = False
    """Field: outside training the photo is also read in the mirror, and the planes are averaged: at twice the time."""


class SingleViewModel(nn.Module):
    """One photo -> the shape of the object in it, in the canonical cube.

    What `model(pixels)` returns is the decoder's: voxel logits [batch, 32, 32, 32], points [batch, points, 3], vertices
    [batch, vertices, 3], or feature planes, which `model.field` evaluates anywhere.
    """

    def __init__(self, encoder: Encoder, decoder: Decoder, config: ModelConfig) -> None:
        super().__init__()
        self.encoder, self.decoder, self.config = encoder, decoder, config

    @property
    def kind(self) -> str:
        """vox, point, mesh or field."""
        return self.decoder.kind

    @property
    def image_size(self) -> int:
        """Side of the crop that it takes, pixels."""
        return self.encoder.image_size

    @property
    def field(self) -> TriplaneField:
        """What evaluates a field decoder's planes at points and on grids."""
        return cast(TriplaneField, self.decoder.field)

    def forward(self, pixels: Tensor) -> Tensor:
        """RGB pixels in 0..255, uint8 or float [batch, 3, size, size] -> the decoder's output. Raises ModelError."""
        return self.see(pixels)[0]

    def see(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """As `forward`, and what the encoder saw, pooled [batch, features]: of the mirror image, too, where that is
        read."""
        size = self.image_size
        if tuple(int(side) for side in pixels.shape[1:]) != (3, size, size):
            raise ModelError(f"the model takes pixels [batch, 3, {size}, {size}]; got {list(pixels.shape)}")
        if self.training or not self.config.mirror:
            encoded = self.encoder(pixels)
            return self.decode(encoded), encoded.pooled
        encoded = self.encoder(torch.cat([pixels, pixels.flip(-1)]))
        # Split by shape: a traced `chunk` would keep the number of images that it was traced with.
        straight, mirrored = self.decode(encoded).unflatten(0, (2, -1))
        return (straight + self.decoder.mirror(mirrored)) / 2, encoded.pooled.unflatten(0, (2, -1)).mean(dim=0)

    def decode(self, encoded: EncoderOutput) -> Tensor:
        """The decoder's output for images that the encoder saw before."""
        return self.decoder(encoded)


def build_model(config: ModelConfig, architecture: Mapping[str, Any] | None = None) -> SingleViewModel:
    """The model that `config` describes. Raises UserError on unknown names and ModelError on values that do not fit.

    architecture: of the encoder, as `model.encoder.architecture` of the model that a checkpoint was saved from; by
    default the published one.
    """
    require_names(config)
    encoder = ENCODERS[config.encoder](
        config.encoder_weights,
        config.num_frozen_layers,
        config.update_statistics,
        image_size=config.image_size,
        architecture=architecture,
    )
    decoder = DECODERS[decoder_name(config)]
    if config.mirror and not decoder.has_mirror:
        raise ModelError(f"what the {decoder.kind} decoder gives for a photo and its mirror has no mean; no mirror")
    return SingleViewModel(encoder, decoder.build(encoder, config), config)


def require_names(config: ModelConfig) -> None:
    """ModelError for an encoder, type or decoder that does not exist."""
    if config.encoder not in ENCODERS:
        raise unknown_name("encoder", config.encoder, ENCODERS, ModelError)
    decoder_name(config)


def decoder_name(config: ModelConfig) -> str:
    """The decoder that a config asks for, or its type's own. Raises ModelError on unknown names and other types."""
    own = {decoder.kind: name for name, decoder in reversed(DECODERS.items())}
    if config.type not in own:
        raise unknown_name("type", config.type, own, ModelError)
    name = config.decoder or own[config.type]
    if name not in DECODERS:
        raise unknown_name("decoder", name, DECODERS, ModelError)
    if DECODERS[name].kind != config.type:
        raise ModelError(f"the decoder {name} predicts {DECODERS[name].kind}, not {config.type}; change one of the two")
    return name
