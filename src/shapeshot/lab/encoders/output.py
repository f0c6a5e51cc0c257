"""What every encoder returns."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class EncoderOutput(NamedTuple):
    """What an encoder saw.

    tokens: [batch, tokens, token_channels], row by row from the image's top left.
    pooled: [batch, pooled_channels], the whole image.
    """

    tokens: Tensor
    pooled: Tensor
