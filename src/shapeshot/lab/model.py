"""The model, assembled on one screen: an encoder sees the photo, a decoder turns what it saw into a shape.

Each kind of output adds the settings of its decoder to ModelConfig, in `lab/kinds/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn

from shapeshot.errors import ModelError, unknown_name
from shapeshot.lab.decoders import DECODERS, Decoder
from shapeshot.lab.decoders.triplane import TriplaneField
from shapeshot.lab.encoders import ENCODERS, Encoder, EncoderOutput
from shapeshot.lab.settings import Bounds, Names, check

NO_WEIGHTS = "none"


@dataclass(frozen=True)
class ModelConfig:
    """What a model is built from, apart from its decoder's own settings; plain data, saved with every checkpoint."""

    type: str = field(default="", init=False)
    """What it predicts: a name in KINDS, fixed by the class."""
    encoder: Annotated[str, Names("encoder", ENCODERS)] = "efficientnet-lite0"
    """The network that sees the photo."""
    encoder_weights: str = "pretrained"
    """What the encoder starts from: "pretrained", "none" (random) or a path."""
    num_frozen_layers: Annotated[int, Bounds(low=-1)] = 0
    """Layers of the encoder, counted from the image, that are not trained; -1 for all."""
    update_statistics: bool | None = None
    """Whether training re-estimates the encoder's batch-norm statistics; unless told, where it starts from random
    weights, which have none of their own."""
    decoder: str = ""
    """The network that makes the shape; empty for the type's first."""
    image_size: Annotated[int, Bounds(low=0, high=4096)] = 0
    """Side of the square photo crop, pixels; 0 for the encoder's own."""

    def __post_init__(self) -> None:
        check(self, ModelError)
        decoder_name(self)

    @property
    def updates_statistics(self) -> bool:
        """Whether training re-estimates the encoder's batch-norm statistics."""
        return self.encoder_weights == NO_WEIGHTS if self.update_statistics is None else self.update_statistics

    @property
    def keeps_empty_statistics(self) -> bool:
        """Whether trained layers keep the statistics of random weights, 0 and 1: seldom what is wanted."""
        return self.encoder_weights == NO_WEIGHTS and not self.updates_statistics

    def build_decoder(self, encoder: Encoder) -> Decoder:
        """Build the decoder that these settings describe, for what `encoder` gives."""
        raise NotImplementedError


class SingleViewModel(nn.Module):
    """Predicts the shape of the object in one photo, in the canonical cube.

    What `model(pixels)` returns is the decoder's: voxel logits [batch, 32, 32, 32], points [batch, points, 3], vertices
    [batch, vertices, 3], or feature planes, which `model.field` evaluates anywhere.
    """

    def __init__(self, encoder: Encoder, decoder: Decoder, config: ModelConfig) -> None:
        super().__init__()
        self.encoder, self.decoder, self.config = encoder, decoder, config
        self.mirror = bool(getattr(config, "mirror", False))
        if self.mirror and not decoder.has_mirror:
            raise ModelError(f"what the {decoder.kind} decoder gives for a photo and its mirror has no mean; no mirror")

    @property
    def kind(self) -> str:
        """Return what it predicts, a name in KINDS."""
        return self.decoder.kind

    @property
    def image_size(self) -> int:
        """Return the side of the crop that it takes, pixels."""
        return self.encoder.image_size

    @property
    def field(self) -> TriplaneField:
        """Return the network that evaluates a field decoder's planes at points and on grids."""
        return cast(TriplaneField, self.decoder.field)

    def forward(self, pixels: Num[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch ..."]:
        """Predict from RGB pixels in 0..255, uint8 or float. Raises ModelError for another size than `image_size`."""
        return self.see(pixels)[0]

    def see(
        self, pixels: Num[Tensor, "batch 3 height width"]
    ) -> tuple[Float[Tensor, "batch ..."], Float[Tensor, "batch features"]]:
        """Predict as `forward` does, and also return what the encoder saw, pooled.

        Where the mirror image is read too, what it saw is the mean of both.
        """
        encoded = self.look(pixels)
        output, pooled = self.read(encoded), encoded.pooled
        return output, pooled.unflatten(0, (2, -1)).mean(dim=0) if self.reads_mirror else pooled

    @property
    def reads_mirror(self) -> bool:
        """Whether photos are now also read in the mirror: where the settings ask for it, and outside training."""
        return self.mirror and not self.training

    def look(self, pixels: Num[Tensor, "batch 3 height width"]) -> EncoderOutput:
        """Return what the encoder sees: of each image and, where `reads_mirror`, then of each mirror image."""
        size = self.image_size
        if tuple(int(side) for side in pixels.shape[1:]) != (3, size, size):
            raise ModelError(f"the model takes pixels [batch, 3, {size}, {size}]; got {list(pixels.shape)}")
        output: EncoderOutput = self.encoder(torch.cat([pixels, pixels.flip(-1)]) if self.reads_mirror else pixels)
        return output

    def read(self, encoded: EncoderOutput) -> Float[Tensor, "batch ..."]:
        """Return the decoder's output for what `look` returned; where `reads_mirror`, the mean of both readings."""
        if not self.reads_mirror:
            return self.decode(encoded)
        # Split by shape: a traced `chunk` would keep the number of images that it was traced with.
        straight, mirrored = self.decode(encoded).unflatten(0, (2, -1))
        mean: Tensor = (straight + self.decoder.mirror(mirrored)) / 2
        return mean

    def decode(self, encoded: EncoderOutput) -> Float[Tensor, "batch ..."]:
        """Return the decoder's output for each image that the encoder saw."""
        output: Tensor = self.decoder(encoded)
        return output


def build_model(config: ModelConfig, architecture: Mapping[str, Any] | None = None) -> SingleViewModel:
    """Build the model that `config` describes. Raises ModelError on values that do not fit together.

    architecture: of the encoder, as `model.encoder.architecture` of the model that a checkpoint was saved from; by
    default the published one.
    """
    encoder = ENCODERS[config.encoder](
        config.encoder_weights,
        config.num_frozen_layers,
        config.updates_statistics,
        image_size=config.image_size,
        architecture=architecture,
    )
    return SingleViewModel(encoder, config.build_decoder(encoder), config)


def decoder_name(config: ModelConfig) -> str:
    """Name the decoder that a config asks for, or its type's first. Raises ModelError for one that does not suit."""
    if not config.decoder:
        return next((name for name, decoder in DECODERS.items() if decoder.kind == config.type), "")
    if config.decoder not in DECODERS:
        raise unknown_name("decoder", config.decoder, DECODERS, ModelError)
    kind = DECODERS[config.decoder].kind
    if kind != config.type:
        raise ModelError(f"the decoder {config.decoder} predicts {kind}, not {config.type}; change one of the two")
    return config.decoder
