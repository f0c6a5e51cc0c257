"""The finder's network: EfficientNet-Lite0 features, decoded from coarse to fine into a mask."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn
from torch.nn import functional as F

from shapeshot.lab.encoders.efficientnet_lite0 import PIXEL_MEAN, PIXEL_SCALE, EfficientNetLite0

STRIDE = 32  # both sides of a photo must be multiples of it
# The encoder's layers whose outputs are decoded, counted from the stem, by stride 2, 4, 8, 16 and 32; their channels.
LEVELS = (1, 3, 5, 11, 16)
ENCODED = (16, 24, 40, 112, 320)
DECODED = (24, 40, 56, 80, 128)
HINTS = 2  # channels: what is the object, what is not


class FinderOutput(NamedTuple):
    """logits: of each pixel belonging to the object, [batch, height, width].

    scores: [batch, 2], logits: of the mask's IoU with the truth, and of there being an object at all.
    """

    logits: Tensor
    scores: Tensor


class FinderNetwork(nn.Module):
    """Finds the object in RGB photos of any shape whose sides are multiples of 32 pixels.

    A U-Net (Ronneberger et al., MICCAI 2015) of depthwise-separable convolutions over EfficientNet-Lite0. Its coarsest
    features also see their own mean over the photo: whether something is the object depends on what else there is.
    Hints are added after the stem and at stride 16, by weights that start at zero.

    weights: of the encoder, as EfficientNetLite0 takes them.
    """

    def __init__(self, weights: str = "pretrained") -> None:
        super().__init__()
        encoder = EfficientNetLite0(weights)
        self.stem = encoder.stem
        self.blocks = encoder.blocks
        self.fine_hints = nn.Conv2d(HINTS, 32, 3, stride=2, padding=1, bias=False)
        self.coarse_hints = nn.Conv2d(HINTS, DECODED[3], 1, bias=False)
        self.context = nn.Linear(ENCODED[-1], DECODED[-1])
        self.laterals = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(ENCODED, DECODED, strict=True))
        self.steps = nn.ModuleList(UpStep(DECODED[level + 1], DECODED[level]) for level in range(len(DECODED) - 1))
        self.mask = nn.Sequential(Separable(DECODED[0], DECODED[0]), nn.Conv2d(DECODED[0], 4, 1))
        self.scores = nn.Sequential(nn.Linear(DECODED[-1] + DECODED[0], 64), nn.ReLU(), nn.Linear(64, 2))
        for layer in (self.fine_hints, self.coarse_hints):
            nn.init.zeros_(layer.weight)

    def forward(
        self, pixels: Num[Tensor, "batch 3 height width"], hints: Float[Tensor, "batch 2 height width"]
    ) -> FinderOutput:
        """Look at RGB pixels in 0..255 with hints in 0..1 (all 0 where nobody pointed)."""
        x = ((pixels.float() - PIXEL_MEAN) / PIXEL_SCALE).contiguous(memory_format=torch.channels_last)
        x = self.stem(x) + self.fine_hints(hints)
        levels = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index + 1 in LEVELS:
                levels.append(x)
        lateral = [layer(level) for layer, level in zip(self.laterals, levels, strict=True)]
        context = self.context(levels[-1].mean(dim=(2, 3)))
        y = F.relu(lateral[-1] + context[:, :, None, None])
        lateral[3] = lateral[3] + self.coarse_hints(F.max_pool2d(hints, 16))
        for level in reversed(range(len(self.steps))):
            y = self.steps[level](y, lateral[level])
        logits = F.pixel_shuffle(self.mask(y), 2)[:, 0]
        seen = torch.cat([F.relu(context), _mean_inside(y, logits)], dim=1)
        return FinderOutput(logits, self.scores(seen.detach()))

    def train(self, mode: bool = True) -> FinderNetwork:
        """Set training mode; the encoder's batch norms keep the statistics that they were loaded with."""
        super().train(mode)
        for module in (*self.stem.modules(), *self.blocks.modules()):
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self


class Separable(nn.Module):
    """A 3 x 3 filter of each channel, then a mixture of the channels, each normalised; ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.filter = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False)
        self.mix = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch outputs height width"]:
        """Filter and mix."""
        y: Tensor = F.relu(self.norm(self.mix(self.filter(x))))
        return y


class UpStep(nn.Module):
    """One step of the decoder: twice the resolution, with what the encoder saw there."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(inputs, outputs, 1)
        self.first, self.second = Separable(outputs, outputs), Separable(outputs, outputs)

    def forward(
        self,
        coarse: Float[Tensor, "batch inputs rows columns"],
        lateral: Float[Tensor, "batch outputs height width"],
    ) -> Float[Tensor, "batch outputs height width"]:
        """Join a map with the encoder's at twice its resolution."""
        raised = F.interpolate(self.project(coarse), scale_factor=2.0, mode="bilinear", align_corners=False)
        joined = self.first(F.relu(raised + lateral))
        y: Tensor = joined + self.second(joined)
        return y


def _mean_inside(
    features: Float[Tensor, "batch channels rows columns"], logits: Float[Tensor, "batch height width"]
) -> Float[Tensor, "batch channels"]:
    """Average the features over the mask that was found."""
    inside = F.avg_pool2d(torch.sigmoid(logits)[:, None], 2)
    mean: Tensor = (features * inside).sum(dim=(2, 3)) / (inside.sum(dim=(2, 3)) + 1e-3)
    return mean
