"""What every encoder is and returns."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor, nn


class EncoderOutput(NamedTuple):
    """What an encoder saw.

    tokens: [batch, tokens, token_channels], row by row from the image's top left.
    pooled: [batch, pooled_channels], the whole image.
    """

    tokens: Tensor
    pooled: Tensor


class Encoder(nn.Module):
    """A module from pixels uint8 or float [batch, 3, size, size] in 0..255 to an EncoderOutput.

    image_size: side of the square crop that it takes, pixels. token_channels, pooled_channels: of what it returns.
    architecture: plain JSON values that, given back with the weights "none", build the same module.
    """

    image_size: int
    token_channels: int
    pooled_channels: int
    architecture: dict[str, Any]

    def num_tokens(self, image_size: int) -> int:
        """Tokens of a square image of that side. Raises ModelError on a side that does not suit."""
        raise NotImplementedError
