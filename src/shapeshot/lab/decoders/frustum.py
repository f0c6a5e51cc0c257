"""From feature maps to a frustum grid: for every pixel of the crop the occupancy of all depths along its ray.

That volumes can be drawn by convolutions over the picture, with depth as channels, was shown by Jackson et al., "Large
Pose 3D Face Reconstruction from a Single Image via Direct Volumetric CNN Regression" (ICCV 2017). A ray is decided as a
whole, by what lies around its own pixel and by a transformer that has seen the whole crop; so the silhouette follows
the photo, also for kinds of objects that were never seen (Shin et al., "Pixels, voxels, and views", CVPR 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from shapeshot.errors import ModelError
from shapeshot.lab.decoders.decoder import Decoder, require_heads
from shapeshot.lab.decoders.triplane import Attention
from shapeshot.lab.encoders.encoder import EncoderOutput

STRIDES = (8, 4, 2)  # of the stages: pixels of the crop for each of their cells
AZIMUTH_BINS = 36  # of the distribution over the camera's azimuth; bin 0 is centred at 0 degrees
COLOR_DEPTHS = 16  # of the grid of colours, which is half as fine as that of occupancy along rows and columns, too


class ViewOutput(NamedTuple):
    """What is predicted of a view; see `geometry.frustum` for the axes of the grids.

    occupancy: logits. colors: logits of sRGB. azimuth: logits over AZIMUTH_BINS. pose: elevation and roll in radians,
    and the logarithm of the camera's distance in sides of the crop.
    """

    occupancy: Float[Tensor, "batch depths rows columns"]
    colors: Float[Tensor, "batch 3 color_depths color_rows color_columns"]
    azimuth: Float[Tensor, "batch bins"]
    pose: Float[Tensor, "batch 3"]


class FrustumDecoder(Decoder):
    """Tokens attend to each other, then grow to half the crop's resolution with the encoder's maps beside them.

    Its output is one row of numbers for each image, which `split` makes a ViewOutput of.

    token_channels, pooled_channels, num_tokens, map_channels: what the encoder gives for an image of `image_size`
    pixels; the maps lie at strides 2, 4 and 8; an encoder may have none. width, depth, num_heads: of the transformer.
    channels: of the stages at strides 8, 4 and 2. depths: cells along each ray.
    Raises ModelError where the image's side is no multiple of 8 or the width not one of num_heads.
    """

    kind = "view"
    reads_tokens = True
    has_mirror = True

    def __init__(
        self,
        token_channels: int,
        pooled_channels: int,
        num_tokens: int,
        map_channels: Sequence[int],
        image_size: int,
        *,
        width: int = 256,
        depth: int = 3,
        num_heads: int = 4,
        channels: Sequence[int] = (160, 112, 80),
        depths: int = 64,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if len(channels) != len(STRIDES):
            raise ModelError(f"a view is drawn in {len(STRIDES)} stages; got {len(channels)} counts of channels")
        require_heads(width, num_heads)
        if image_size % STRIDES[0]:
            raise ModelError(f"the image's side must be a multiple of {STRIDES[0]}; got {image_size}")
        self.depths, self.sides = depths, [image_size // stride for stride in STRIDES]
        self.num_maps = len(map_channels)
        self.width, self.side = width, round(num_tokens**0.5)
        self.read_tokens = nn.Linear(token_channels, width)
        self.read_pooled = nn.Linear(pooled_channels, width)
        self.positions = nn.Parameter(torch.randn(1, num_tokens + 1, width) * 0.02)
        self.blocks = nn.ModuleList(SelfBlock(width, num_heads, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        inputs, skips = (width, *channels[:-1]), tuple(reversed(map_channels)) or (0,) * len(channels)
        self.stages = nn.ModuleList(Stage(*counts) for counts in zip(inputs, skips, channels, self.sides, strict=True))
        last = channels[-1]
        self.occupancy = nn.Sequential(nn.Conv2d(last, 2 * depths, 1), nn.ReLU(), nn.Conv2d(2 * depths, depths, 1))
        self.colors = nn.Conv2d(channels[-2], 3 * COLOR_DEPTHS, 1)
        self.camera = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, AZIMUTH_BINS + 3))

    def forward(self, encoded: EncoderOutput) -> Float[Tensor, "batch values"]:
        """Draw the grids of each image of the batch, and tell its camera."""
        if len(encoded.maps) != self.num_maps:
            raise ModelError("a view needs the encoder's feature maps, which a frozen one does not keep: train it")
        tokens = [self.read_pooled(encoded.pooled)[:, None], self.read_tokens(encoded.tokens)]
        x = torch.cat(tokens, dim=1) + self.positions
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        camera = self.camera(x[:, 0])
        grown = x[:, 1:].transpose(1, 2).reshape(-1, self.width, self.side, self.side)
        stages = []
        finer: list[Tensor | None] = list(reversed(encoded.maps)) or [None] * len(self.stages)
        for stage, skip in zip(self.stages, finer, strict=True):
            grown = stage(grown, skip)
            stages.append(grown)
        # Rows, columns, channels, as convolutions leave them: the values of a ray lie together, and nothing is moved.
        grids = [grid.permute(0, 2, 3, 1) for grid in (self.occupancy(grown), self.colors(stages[-2]))]
        return torch.cat([part.float().flatten(1) for part in (*grids, camera)], dim=1)

    def split(self, output: Float[Tensor, "batch values"]) -> ViewOutput:
        """Name the parts of what `forward` returned."""
        grids = [(self.depths, self.sides[-1]), (3 * COLOR_DEPTHS, self.sides[-2])]
        sizes = [depths * side**2 for depths, side in grids]
        occupancy, colors, azimuth, pose = output.split([*sizes, AZIMUTH_BINS, 3], dim=1)
        colors = colors.unflatten(1, (self.sides[-2], self.sides[-2], 3, COLOR_DEPTHS))
        return ViewOutput(
            occupancy.unflatten(1, (self.sides[-1], self.sides[-1], self.depths)).permute(0, 3, 1, 2),
            colors.permute(0, 3, 4, 1, 2),
            azimuth,
            _pose(pose),
        )

    def mirror(self, output: Float[Tensor, "batch values"]) -> Float[Tensor, "batch values"]:  # type: ignore[override]
        """Turn the output of a photo into that of the photo in the mirror: columns, azimuth and roll change sides."""
        side, half = self.sides[-1], self.sides[-2]
        sizes = [self.depths * side**2, 3 * COLOR_DEPTHS * half**2]
        occupancy, colors, azimuth, pose = output.split([*sizes, AZIMUTH_BINS, 3], dim=1)
        return torch.cat(
            [
                occupancy.unflatten(1, (side, side, -1)).flip(2).flatten(1),
                colors.unflatten(1, (half, half, -1)).flip(2).flatten(1),
                azimuth.flip(1).roll(1, 1),  # bin k is that of -k
                pose * pose.new_tensor([1.0, -1.0, 1.0]),
            ],
            dim=1,
        )


def _pose(raw: Float[Tensor, "batch 3"]) -> Float[Tensor, "batch 3"]:
    """At first an ordinary photo: 20 degrees from above, upright, three sides of the crop away."""
    return raw * 0.3 + torch.tensor([0.35, 0.0, 1.1], device=raw.device)


class SelfBlock(nn.Module):
    """A pre-norm transformer block (Vaswani et al., 2017): tokens attend to each other and pass through an MLP."""

    def __init__(self, width: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.attention = Attention(width, num_heads)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Float[Tensor, "batch n width"]) -> Float[Tensor, "batch n width"]:
        normed = self.norms[0](x)
        x = x + self.dropout(self.attention(normed, normed))
        x = x + self.dropout(self.mlp(self.norms[1](x)))
        return x


class Stage(nn.Module):
    """Rows and columns up to `side`, what the encoder saw at that resolution, and a residual pair of convolutions.

    skip: channels of the encoder's map, 0 for none.
    """

    def __init__(self, inputs: int, skip: int, outputs: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.grow = nn.Conv2d(inputs, outputs, 1)
        self.skip = nn.Conv2d(skip, outputs, 1) if skip else None
        self.first = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        nn.init.normal_(self.grow.weight, std=inputs**-0.5)
        # The residual branch starts small.
        nn.init.kaiming_normal_(self.first.weight, nonlinearity="relu")
        nn.init.normal_(self.second.weight, std=0.1 * (outputs * 9) ** -0.5)

    def forward(
        self, x: Float[Tensor, "batch inputs rows columns"], finer: Float[Tensor, "batch skip side side"] | None
    ) -> Float[Tensor, "batch outputs side side"]:
        x = self.grow(x.contiguous(memory_format=torch.channels_last))
        x = F.interpolate(x, size=(self.side, self.side), mode="bilinear", align_corners=False)
        x = torch.relu(x if finer is None or self.skip is None else x + self.skip(finer))
        y: Tensor = self.second(self.first(x).relu())
        return (x + y).relu()
