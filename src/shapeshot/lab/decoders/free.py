"""Shapes that no photo decides: each is a parameter itself, in the place where a decoder's output would be.

What `shapeshot fit` optimises. Each starts where the decoder of its kind starts: occupancy 1/2 everywhere, points in a
ball, a sphere, planes of noise. One shape, so the batch axis is 1; an encoder and what it saw play no part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from shapeshot.lab.decoders.decoder import Decoder
from shapeshot.lab.decoders.mesh import RADIUS, DeformedSphere
from shapeshot.lab.decoders.triplane import PLANE_AXES, TriplaneField
from shapeshot.lab.decoders.voxels import RESOLUTION
from shapeshot.lab.encoders.encoder import Encoder, EncoderOutput

if TYPE_CHECKING:
    from shapeshot.lab.model import ModelConfig


class FreeVoxels(Decoder):
    """Occupancy logits [1, 32, 32, 32]."""

    kind = "vox"
    reads_tokens = False

    def __init__(self) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros((1, *(RESOLUTION,) * 3)))

    @classmethod
    def build(cls, encoder: Encoder, config: ModelConfig) -> FreeVoxels:
        """Always the same."""
        return cls()

    def forward(self, encoded: EncoderOutput | None = None) -> Tensor:
        return self.logits


class FreePoints(Decoder):
    """Points [1, num_points, 3], at first uniform in a ball."""

    kind = "point"
    reads_tokens = False

    def __init__(self, num_points: int) -> None:
        super().__init__()
        directions = nn.functional.normalize(torch.randn(1, num_points, 3), dim=-1)
        self.points = nn.Parameter(RADIUS * torch.rand(1, num_points, 1) ** (1 / 3) * directions)

    @classmethod
    def build(cls, encoder: Encoder, config: ModelConfig) -> FreePoints:
        """As many as `config` says, from the global random state."""
        return cls(config.num_points)

    def forward(self, encoded: EncoderOutput | None = None) -> Tensor:
        return self.points


class FreeMesh(DeformedSphere):
    """Vertices [1, vertices, 3] of an icosphere, each moved by itself."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.displacement = nn.Parameter(torch.zeros(1, *self.sphere.shape))

    @classmethod
    def build(cls, encoder: Encoder, config: ModelConfig) -> FreeMesh:
        """As fine as `config` says."""
        return cls(config.ico_level)

    def forward(self, encoded: EncoderOutput | None = None) -> Tensor:
        return self.sphere + self.displacement


class FreeField(Decoder):
    """Feature planes [1, 3, C, R, R] and the networks that read them."""

    kind = "field"
    reads_tokens = False

    def __init__(self, channels: int, resolution: int, hidden: int) -> None:
        super().__init__()
        self.planes = nn.Parameter(torch.randn(1, len(PLANE_AXES), channels, resolution, resolution) * 0.5)
        self.field = TriplaneField(channels, hidden)

    @classmethod
    def build(cls, encoder: Encoder, config: ModelConfig) -> FreeField:
        """As `config` describes it, from the global random state."""
        return cls(config.channels, config.resolution, config.hidden)

    def forward(self, encoded: EncoderOutput | None = None) -> Tensor:
        return self.planes
