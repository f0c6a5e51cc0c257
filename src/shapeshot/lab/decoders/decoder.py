"""What every decoder is, and the vector that the classic ones start from."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from shapeshot.errors import ModelError
from shapeshot.lab.encoders.encoder import EncoderOutput


class Decoder(nn.Module):
    """A module from an EncoderOutput to one kind of output.

    kind: a row of `lab/kinds/`. reads_tokens: whether it looks at the tokens beside the pooled vector.
    has_mirror: whether it has a `mirror`, so that a photo can be read in the mirror, too.
    """

    kind: ClassVar[str]
    reads_tokens: ClassVar[bool]
    has_mirror: ClassVar[bool] = False

    def forward(self, encoded: EncoderOutput) -> Tensor:
        """Turn what the encoder saw of each image into an output."""
        raise NotImplementedError

    @staticmethod
    def mirror(output: Tensor) -> Tensor:
        """Return the output of the shape in the mirror, x -> -x. Outputs must be such that their mean is one, too."""
        raise NotImplementedError


def latent_projection(pooled_channels: int, latent: int) -> nn.Module:
    """Make the layers from pooled image features [batch, pooled_channels] to the vector [batch, latent].

    The norm makes decoders independent of how an encoder scales its features: ResNet's are small and positive,
    CLIP's of any sign and size.
    """
    return nn.Sequential(nn.LayerNorm(pooled_channels), nn.Linear(pooled_channels, latent))


def require_heads(width: int, num_heads: int) -> None:
    """ModelError for a transformer whose width its attention heads cannot share evenly."""
    if width % num_heads:
        raise ModelError(f"width must be a multiple of num_heads; got width {width}, num_heads {num_heads}")
