"""What every encoder is and returns."""

from __future__ import annotations

from typing import Any, NamedTuple

from jaxtyping import Float
from torch import Tensor, nn


class EncoderOutput(NamedTuple):
    """What an encoder saw.

    tokens: row by row from the image's top left. pooled: the whole image. maps: feature maps, finest first, of
    encoders that have them.
    """

    tokens: Float[Tensor, "batch tokens token_channels"]
    pooled: Float[Tensor, "batch pooled_channels"]
    maps: tuple[Tensor, ...] = ()


class Encoder(nn.Module):
    """A module from pixels uint8 or float [batch, 3, size, size] in 0..255 to an EncoderOutput.

    image_size: side of the square crop that it takes, pixels. token_channels, pooled_channels: of what it returns.
    architecture: plain JSON values that, given back with the weights "none", build the same module.
    map_channels: of each of its feature maps; map k has a stride of 2^(k + 1) pixels. None for encoders without.
    """

    image_size: int
    token_channels: int
    pooled_channels: int
    architecture: dict[str, Any]
    map_channels: tuple[int, ...] = ()

    def num_tokens(self, image_size: int) -> int:
        """Count the tokens of a square image of that side. Raises ModelError on a side that does not suit."""
        raise NotImplementedError
