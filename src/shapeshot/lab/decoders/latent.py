"""The vector that the classic decoders start from."""

from __future__ import annotations

from torch import nn


def latent_projection(pooled_channels: int, latent: int) -> nn.Module:
    """Pooled image features [batch, pooled_channels] -> the vector [batch, latent].

    The norm makes decoders independent of how an encoder scales its features: ResNet's are small and positive,
    CLIP's of any sign and size.
    """
    return nn.Sequential(nn.LayerNorm(pooled_channels), nn.Linear(pooled_channels, latent))
