"""Random crops of pictures, whole batches at a time: where, how large, mirrored or not, and in what light."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

MIDDLE = 127.5


@dataclass(frozen=True)
class CropOptions:
    """low, high: the shares of the picture's area that a crop shows. light, color: as of `AugmentOptions`.

    grey: the chance of a crop without colour.
    """

    low: float = 0.5
    high: float = 1.0
    light: float = 0.3
    color: float = 0.12
    grey: float = 0.1


def random_crops(
    pictures: UInt8[Tensor, "batch 3 side side"], size: int, options: CropOptions, generator: torch.Generator
) -> Float[Tensor, "batch 3 size size"]:
    """Cut a random square out of each picture, half of them mirrored; values stay in 0..255."""
    return _relit(_cut(pictures, size, options, generator), options, generator)


def _cut(pictures: Tensor, size: int, options: CropOptions, generator: torch.Generator) -> Tensor:
    count = len(pictures)
    area, place_x, place_y, mirror = torch.rand(4, count, generator=generator)
    side = (options.low + (options.high - options.low) * area).sqrt()
    # An affine map from the crop's -1..1 to the picture's: half as wide as `side`, centred anywhere it fits.
    maps = torch.zeros(count, 2, 3)
    maps[:, 0, 0] = side * torch.where(mirror < 0.5, -1.0, 1.0)
    maps[:, 1, 1] = side
    maps[:, 0, 2] = (1 - side) * (2 * place_x - 1)
    maps[:, 1, 2] = (1 - side) * (2 * place_y - 1)
    grid = F.affine_grid(maps, [count, 3, size, size], align_corners=False)
    cut: Tensor = F.grid_sample(pictures.float(), grid, padding_mode="border", align_corners=False)
    return cut


def _relit(pixels: Tensor, options: CropOptions, generator: torch.Generator) -> Tensor:
    count = len(pixels)
    exposure, contrast = torch.exp(options.light / 2 * torch.randn(2, count, 1, 1, 1, generator=generator))
    tint = torch.exp(options.color / 2 * torch.randn(count, 3, 1, 1, generator=generator))
    is_grey = torch.rand(count, 1, 1, 1, generator=generator) < options.grey
    pixels = torch.where(is_grey, pixels.mean(dim=1, keepdim=True), pixels)
    relit: Tensor = ((pixels * exposure * tint - MIDDLE) * contrast + MIDDLE).clamp(0, 255)
    return relit
