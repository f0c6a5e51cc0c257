"""Shapes that no photo decides: each is a parameter itself, in the place where a decoder's output would be.

What `shapeshot fit` optimises. Each starts where the decoder of its kind starts: occupancy 1/2 everywhere, points in a
ball, a sphere, planes of noise. One shape, so the batch axis is 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from shapeshot.lab.decoders.mesh import RADIUS, DeformedSphere
from shapeshot.lab.decoders.triplane import PLANE_AXES, TriplaneField
from shapeshot.lab.decoders.voxels import RESOLUTION

if TYPE_CHECKING:
    from shapeshot.lab.model import ModelConfig


class FreeVoxels(nn.Module):
    """Occupancy logits [1, 32, 32, 32]."""

    kind = "vox"

    def __init__(self) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros((1, *(RESOLUTION,) * 3)))

    @classmethod
    def build(cls, config: ModelConfig) -> FreeVoxels:
        """Always the same."""
        return cls()

    def forward(self) -> Tensor:
        return self.logits


class FreePoints(nn.Module):
    """Points [1, num_points, 3], at first uniform in a ball."""

    kind = "point"

    def __init__(self, num_points: int) -> None:
        super().__init__()
        directions = nn.functional.normalize(torch.randn(1, num_points, 3), dim=-1)
        self.points = nn.Parameter(RADIUS * torch.rand(1, num_points, 1) ** (1 / 3) * directions)

    @classmethod
    def build(cls, config: ModelConfig) -> FreePoints:
        """As many as `config` says, from the global random state."""
        return cls(config.num_points)

    def forward(self) -> Tensor:
        return self.points


class FreeMesh(DeformedSphere):
    """Vertices [1, vertices, 3] of an icosphere, each moved by itself."""

    kind = "mesh"

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.displacement = nn.Parameter(torch.zeros(1, *self.sphere.shape))

    @classmethod
    def build(cls, config: ModelConfig) -> FreeMesh:
        """As fine as `config` says."""
        return cls(config.ico_level)

    def forward(self) -> Tensor:
        return self.sphere + self.displacement


class FreeField(nn.Module):
    """Feature planes [1, 3, C, R, R] and the networks that read them."""

    kind = "field"

    def __init__(self, channels: int, resolution: int, hidden: int) -> None:
        super().__init__()
        self.planes = nn.Parameter(torch.randn(1, len(PLANE_AXES), channels, resolution, resolution) * 0.5)
        self.field = TriplaneField(channels, hidden)

    @classmethod
    def build(cls, config: ModelConfig) -> FreeField:
        """As `config` describes it, from the global random state."""
        return cls(config.channels, config.resolution, config.hidden)

    def forward(self) -> Tensor:
        return self.planes
