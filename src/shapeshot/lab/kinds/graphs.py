"""An ONNX graph to be exported: what goes in and out of it, and under which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from shapeshot.lab.model import SingleViewModel
from shapeshot.model.folder import SHAPE


@dataclass(frozen=True, eq=False)
class Graph:
    """file: its name. inputs: example tensors by name. free: axes of free length of inputs and outputs, by axis."""

    file: str
    module: nn.Module
    inputs: Mapping[str, Tensor]
    outputs: tuple[str, ...]
    free: Mapping[str, Mapping[int, str]] = field(default_factory=dict)


class _FromPixels(nn.Module):
    """From pixels to the decoder's output: the channels come last, as images are stored."""

    def __init__(self, model: SingleViewModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: UInt8[Tensor, "batch size size 3"]) -> Float[Tensor, "batch ..."]:
        output: Tensor = self.model(pixels.permute(0, 3, 1, 2))
        return output


def shape_graph(model: SingleViewModel, output: str) -> list[Graph]:
    """Make the one graph from pixels uint8 [batch, size, size, 3] to the decoder's output, under the name `output`."""
    return [pixels_graph(SHAPE, _FromPixels(model), model, (output,))]


def pixels_graph(file: str, module: nn.Module, model: SingleViewModel, outputs: tuple[str, ...]) -> Graph:
    """Make a graph from pixels uint8 [batch, size, size, 3] to `outputs`, for any number of images."""
    free = {name: {0: "batch"} for name in ("pixels", *outputs)}
    pixels = torch.zeros(2, model.image_size, model.image_size, 3, dtype=torch.uint8)
    return Graph(file, module, {"pixels": pixels}, outputs, free)
