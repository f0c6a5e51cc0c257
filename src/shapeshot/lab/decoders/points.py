"""From a vector to a point cloud, fully connected: 512 -> 1024 -> 2048 -> N x 3.

After Fan et al., "A Point Set Generation Network for 3D Object Reconstruction from a Single Image" (CVPR 2017).
"""

from __future__ import annotations

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from shapeshot.errors import ModelError
from shapeshot.lab.decoders.decoder import Decoder, latent_projection
from shapeshot.lab.encoders.encoder import EncoderOutput

HIDDEN = (1024, 2048)
HALF_SIDE = 0.5  # of the canonical cube: what tanh's +-1 stands for


def fully_connected(latent: int, outputs: int) -> nn.Sequential:
    """Make the layers 512 -> 1024 -> 2048 -> outputs with ReLU between: the trunk of the point and the mesh decoder."""
    widths = (latent, *HIDDEN)
    layers: list[nn.Module] = []
    for inputs, width in pairwise(widths):
        layers += [nn.Linear(inputs, width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Linear(HIDDEN[-1], outputs))


class PointDecoder(Decoder):
    """Places points [batch, num_points, 3] in the canonical cube, from pooled image features.

    tanh: keeps every point inside the cube; without it nothing does, and gradients do not fade towards the walls.
    """

    kind = "point"
    reads_tokens = False

    def __init__(self, pooled_channels: int, latent: int = 512, num_points: int = 1000, tanh: bool = True) -> None:
        super().__init__()
        if num_points < 1:
            raise ModelError(f"num_points must be at least 1; got {num_points}")
        self.read_pooled = latent_projection(pooled_channels, latent)
        self.layers = fully_connected(latent, num_points * 3)
        self.squash = nn.Tanh() if tanh else nn.Identity()

    def forward(self, encoded: EncoderOutput) -> Float[Tensor, "batch points 3"]:
        raw = self.layers(self.read_pooled(encoded.pooled)).unflatten(1, (-1, 3))
        points: Tensor = HALF_SIDE * self.squash(raw)
        return points
