"""From a vector to 32^3 occupancy logits, by 3D transposed convolutions with batch norm.

After Girdhar et al., "Learning a Predictable and Generative Vector Representation for Objects" (ECCV 2016), and Choy et
al., "3D-R2N2" (ECCV 2016): each layer doubles the grid and halves the channels.
"""

from __future__ import annotations

from typing import cast

from jaxtyping import Float
from torch import Tensor, nn

from shapeshot.errors import ModelError
from shapeshot.lab.decoders.decoder import Decoder, latent_projection
from shapeshot.lab.encoders.encoder import EncoderOutput

RESOLUTION = 32
COARSEST = 4  # the grid that the first layer makes of the vector
DOUBLINGS = 3  # 4 -> 8 -> 16 -> 32
PRIOR_LOGIT = -2.2  # 10 % of the cells: the mean over the furniture catalogues (0.102)


class VoxelDecoder(Decoder):
    """Draws occupancy logits [batch, 32, 32, 32], indexed [x, y, z], from pooled image features.

    pooled_channels: of the encoder. latent: of the vector (512). channels: of the 4^3 grid (256), a multiple of 8.
    """

    kind = "vox"
    reads_tokens = False

    def __init__(self, pooled_channels: int, latent: int = 512, channels: int = 256) -> None:
        super().__init__()
        if channels < 8 or channels % 2**DOUBLINGS:
            raise ModelError(f"voxel_channels must be a multiple of {2**DOUBLINGS}; got {channels}")
        self.read_pooled = latent_projection(pooled_channels, latent)
        layers: list[nn.Module] = [
            nn.Unflatten(1, (latent, 1, 1, 1)),
            nn.ConvTranspose3d(latent, channels, COARSEST, bias=False),
            nn.BatchNorm3d(channels),
            nn.ReLU(inplace=True),
        ]
        for _ in range(DOUBLINGS):
            layers += [
                nn.ConvTranspose3d(channels, channels // 2, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm3d(channels // 2),
                nn.ReLU(inplace=True),
            ]
            channels //= 2
        last = nn.Conv3d(channels, 1, 1)
        # The usual share of occupied cells from the start (as Lin et al., "Focal Loss for Dense Object Detection",
        # ICCV 2017, section 4.1, do for rare classes): Adam moves a bias by at most the learning rate a step.
        nn.init.constant_(cast(Tensor, last.bias), PRIOR_LOGIT)
        self.layers = nn.Sequential(*layers, last)

    def forward(self, encoded: EncoderOutput) -> Float[Tensor, "batch 32 32 32"]:
        logits: Tensor = self.layers(self.read_pooled(encoded.pooled))
        return logits.squeeze(1)
