"""Exports a trained field model to the folder of ONNX graphs that the runtime loads.

The graphs are traced with torch's TorchScript exporter: it writes opset 17, the newest that onnxruntime 1.17 reads in
full, and needs no further package.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import onnxruntime
import torch
from torch import Tensor, nn

from shapeshot.errors import ExportError, ModelError
from shapeshot.field_model import CARD, ENCODER, FORMAT, FORMAT_VERSION, GRID, POINTS
from shapeshot.lab.decoders.triplane import TriplaneField, gather_planes
from shapeshot.lab.model import SingleViewModel

OPSET = 17


class _EncoderGraph(nn.Module):
    """pixels uint8 [batch, size, size, 3] -> planes [batch, 3, C, R, R]."""

    def __init__(self, model: SingleViewModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        return self.model(pixels.permute(0, 3, 1, 2))


class _GridGraph(nn.Module):
    """planes [3, C, R, R], xs [x], ys [y], zs [z] -> logits [x, y, z]."""

    def __init__(self, field: TriplaneField) -> None:
        super().__init__()
        self.field = field

    def forward(self, planes: Tensor, xs: Tensor, ys: Tensor, zs: Tensor) -> Tensor:
        return self.field.grid(planes[None], xs, ys, zs)[0]


class _PointsGraph(nn.Module):
    """planes [3, C, R, R], points [points, 3] -> logits [points], colors [points, 3]."""

    def __init__(self, field: TriplaneField) -> None:
        super().__init__()
        self.field = field

    def forward(self, planes: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        return self.field.evaluate(gather_planes(planes, points))


def export_field_model(model: SingleViewModel, card: Mapping[str, Any], folder: str | Path) -> None:
    """Write `encoder.onnx`, `grid.onnx`, `points.onnx` and `card.json` to `folder`: all of it or nothing.

    card: what is known about the model; must hold `threshold`, the occupancy probability of the surface, in (0, 1).
        Format, image size, architecture and each file's SHA-256 are added.
    An existing model folder is replaced. Raises ModelError on a card without a threshold, ExportError where `folder`
    cannot be written or holds something else.
    """
    threshold = card.get("threshold")
    if not isinstance(threshold, float) or not 0 < threshold < 1:
        raise ModelError(f"the card's threshold must be a probability between 0 and 1; got {threshold!r}")
    target = Path(folder)
    if target.exists() and not (target / CARD).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise ExportError(f"{target} exists and is no model folder; choose another")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as room:
            new = Path(room) / "new"
            new.mkdir()
            _write_graphs(model, new)
            (new / CARD).write_text(json.dumps(_full_card(model, card, new), indent=2, ensure_ascii=False) + "\n")
            _swap(new, target, Path(room) / "old")
    except OSError as error:
        reason = error.strerror or error
        raise ExportError(f"cannot write {target}: {reason}; choose a folder you can write to") from error


def _write_graphs(model: SingleViewModel, folder: Path) -> None:
    was_training, size = model.training, model.config.image_size
    model.eval()
    try:
        with torch.no_grad():
            pixels = torch.zeros(2, size, size, 3, dtype=torch.uint8)
            _export(_EncoderGraph(model), (pixels,), folder / ENCODER, {"pixels": {0: "batch"}}, ["planes"])
            planes = model(pixels.permute(0, 3, 1, 2))[0]
            axes = tuple(torch.linspace(-0.4, 0.4, count) for count in (3, 4, 5))
            names = {"planes": {}, "xs": {0: "x"}, "ys": {0: "y"}, "zs": {0: "z"}}
            _export(_GridGraph(model.field), (planes, *axes), folder / GRID, names, ["logits"])
            names, points = {"planes": {}, "points": {0: "points"}}, torch.zeros(7, 3)
            _export(_PointsGraph(model.field), (planes, points), folder / POINTS, names, ["logits", "colors"])
    finally:
        model.train(was_training)


def _export(
    graph: nn.Module, inputs: tuple[Tensor, ...], path: Path, names: dict[str, dict[int, str]], outputs: list[str]
) -> None:
    """`names`: each input's name with its axes of free length; those names reach the outputs by inference."""
    with warnings.catch_warnings():
        # Deprecation of this exporter, and reminders that the image size is traced as a constant, as it should be.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph.eval(),
            inputs,
            str(path),
            input_names=list(names),
            output_names=outputs,
            dynamic_axes={name: axes for name, axes in names.items() if axes},
            opset_version=OPSET,
            dynamo=False,
        )
    _simplify(path)


def _simplify(path: Path) -> None:
    """Fold constants and drop dead nodes now rather than at each start: halves the time a session takes to load.

    Only the basic optimisations: the graph stays plain ONNX, for any processor.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    simplified = path.with_suffix(".simplified.onnx")
    options.optimized_model_filepath = str(simplified)
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    simplified.replace(path)


def _full_card(model: SingleViewModel, card: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (ENCODER, GRID, POINTS)}
    return {
        **card,
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "image_size": model.config.image_size,
        "architecture": asdict(model.config),
        "sha256": files,
    }


def _swap(new: Path, target: Path, old: Path) -> None:
    """Put `new` in the place of `target`; where that fails, `target` is as it was."""
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
