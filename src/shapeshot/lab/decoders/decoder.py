"""What every decoder is, and the vector that the classic ones start from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from torch import Tensor, nn

from shapeshot.lab.encoders.encoder import Encoder

if TYPE_CHECKING:
    from shapeshot.lab.model import ModelConfig


class Decoder(nn.Module):
    """A module from an EncoderOutput to one kind of output.

    kind: a row of `lab/representations.py`. reads_tokens: whether it looks at the tokens beside the pooled vector.
    has_mirror: whether `mirror` exists.
    """

    kind: ClassVar[str]
    reads_tokens: ClassVar[bool]
    has_mirror: ClassVar[bool] = False

    @classmethod
    def build(cls, encoder: Encoder, config: ModelConfig) -> Decoder:
        """As `config` describes it, for what `encoder` gives."""
        raise NotImplementedError

    @staticmethod
    def mirror(output: Tensor) -> Tensor:
        """The output of the same shape in the mirror, x -> -x. It must be one that may be averaged with another."""
        raise NotImplementedError


def latent_projection(pooled_channels: int, latent: int) -> nn.Module:
    """Pooled image features [batch, pooled_channels] -> the vector [batch, latent].

    The norm makes decoders independent of how an encoder scales its features: ResNet's are small and positive,
    CLIP's of any sign and size.
    """
    return nn.Sequential(nn.LayerNorm(pooled_channels), nn.Linear(pooled_channels, latent))
