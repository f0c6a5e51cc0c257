"""The ONNX graphs of each kind of model: what goes in and out of them, and under which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from shapeshot.lab.decoders.triplane import TriplaneField, gather_planes
from shapeshot.lab.model import SingleViewModel
from shapeshot.model.folder import ENCODER, GRID, POINTS, SHAPE
from shapeshot.model.network import FEATURES, PLANES


@dataclass(frozen=True, eq=False)
class Graph:
    """file: its name. inputs: example tensors by name. free: axes of free length of inputs and outputs, by axis."""

    file: str
    module: nn.Module
    inputs: Mapping[str, Tensor]
    outputs: tuple[str, ...]
    free: Mapping[str, Mapping[int, str]] = field(default_factory=dict)


class _FromPixels(nn.Module):
    """pixels uint8 [batch, size, size, 3] -> the decoder's output: the channels come last, as images are stored."""

    def __init__(self, model: SingleViewModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        return self.model(pixels.permute(0, 3, 1, 2))


class _Planes(nn.Module):
    """pixels uint8 [batch, size, size, 3] -> planes [batch, 3, C, R, R], features [batch, features]: one pass, both."""

    def __init__(self, model: SingleViewModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        return self.model.see(pixels.permute(0, 3, 1, 2))


class _Grid(nn.Module):
    """planes [3, C, R, R], xs [x], ys [y], zs [z] -> logits [x, y, z]."""

    def __init__(self, field: TriplaneField) -> None:
        super().__init__()
        self.field = field

    def forward(self, planes: Tensor, xs: Tensor, ys: Tensor, zs: Tensor) -> Tensor:
        return self.field.grid(planes[None], xs, ys, zs)[0]


class _Points(nn.Module):
    """planes [3, C, R, R], points [points, 3] -> logits [points], colors [points, 3]."""

    def __init__(self, field: TriplaneField) -> None:
        super().__init__()
        self.field = field

    def forward(self, planes: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        return self.field.evaluate(gather_planes(planes, points))


def shape_graph(model: SingleViewModel, output: str) -> list[Graph]:
    """pixels uint8 [batch, size, size, 3] -> `output`: "logits", "points" or "vertices"."""
    return [_pixels_graph(SHAPE, _FromPixels(model), model, (output,))]


def field_graphs(model: SingleViewModel) -> list[Graph]:
    """The three graphs that `shapeshot.model.network` runs."""
    with torch.no_grad():
        planes = model(_pixels(model).permute(0, 3, 1, 2))[0]
    axes = {name: torch.linspace(-0.4, 0.4, count) for name, count in (("xs", 3), ("ys", 4), ("zs", 5))}
    free = {"xs": {0: "x"}, "ys": {0: "y"}, "zs": {0: "z"}}
    points = {"planes": planes, "points": torch.zeros(7, 3)}
    return [
        _pixels_graph(ENCODER, _Planes(model), model, (PLANES, FEATURES)),
        Graph(GRID, _Grid(model.field), {"planes": planes, **axes}, ("logits",), free),
        Graph(POINTS, _Points(model.field), points, ("logits", "colors"), {"points": {0: "points"}}),
    ]


def _pixels_graph(file: str, module: nn.Module, model: SingleViewModel, outputs: tuple[str, ...]) -> Graph:
    free = {name: {0: "batch"} for name in ("pixels", *outputs)}
    return Graph(file, module, {"pixels": _pixels(model)}, outputs, free)


def _pixels(model: SingleViewModel) -> Tensor:
    return torch.zeros(2, model.image_size, model.image_size, 3, dtype=torch.uint8)
