"""Who is tried and how two encoders are compared, for the contract tests of encoders."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from shapeshot.errors import ModelError
from shapeshot.lab.encoders import ENCODERS
from shapeshot.lab.encoders.families import CLIP, DINO, DINOV2, RESNET18

SIZE = 32
HUB = {"resnet18": RESNET18, "clip": CLIP, "dino": DINO, "dinov2": DINOV2}
EVERY = pytest.mark.parametrize("name", ENCODERS)
EVERY_HUB = pytest.mark.parametrize("name", HUB)
Folders = dict[str, Path]


def pixels(batch: int = 2, size: int = SIZE, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8, generator=generator)


def load(name: str, folders: Folders, frozen: int = 0, statistics: bool = False, size: int = SIZE) -> nn.Module:
    return ENCODERS[name](str(folders[name]), frozen, statistics, image_size=size)


def assert_same(first: nn.Module, second: nn.Module, size: int = SIZE) -> None:
    with torch.no_grad():
        a, b = first.eval()(pixels(size=size)), second.eval()(pixels(size=size))
        for one, other in zip((a.tokens, a.pooled, *a.maps), (b.tokens, b.pooled, *b.maps), strict=True):
            assert torch.equal(one, other)


def one_line(error: pytest.ExceptionInfo[ModelError]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)
