"""Field models whose graphs are written by hand, node by node, and photos that need no camera."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from shapeshot.model.folder import FORMAT, GRAPHS
from shapeshot.model.memory import ShapeMemory, pack_shapes
from shapeshot.photo import Box, PreparedPhoto

SIZE = 4  # pixels along each side of what the model sees


def shown(pixels: np.ndarray, silhouette: np.ndarray | None = None) -> PreparedPhoto:
    """A crop uint8 [size, size, 3] as a model takes it, with a silhouette for its memory."""
    return PreparedPhoto(
        pixels, Box(0.0, 0.0, 1.0), "keep", np.zeros((32, 32), np.float32) if silhouette is None else silhouette
    )


def write_model(folder: Path) -> Path:
    """planes = pixels as float; logits = x + 10 y + 100 z + mean of planes; colors = points."""
    planes = _value("planes", ["a", "b", "c"])
    write_encoder(folder)
    axes = {"x": [1, 2], "y": [0, 2], "z": [0, 1]}
    nodes = [helper.make_node("Unsqueeze", [f"{axis}s", f"{axis}_axes"], [f"{axis}_cube"]) for axis in axes]
    nodes += [
        helper.make_node("Constant", [], ["ten"], value_float=10.0),
        helper.make_node("ReduceMean", ["planes"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["z_cube", "ten"], ["z10"]),
        helper.make_node("Add", ["y_cube", "z10"], ["yz"]),
        helper.make_node("Mul", ["yz", "ten"], ["yz10"]),
        helper.make_node("Add", ["x_cube", "yz10"], ["xyz"]),
        helper.make_node("Add", ["xyz", "mean"], ["logits"]),
    ]
    inputs = [planes, *(_value(f"{axis}s", [axis]) for axis in axes)]
    constants = {f"{axis}_axes": numbers for axis, numbers in axes.items()}
    _save(folder / "grid.onnx", nodes, inputs, [_value("logits", ["x", "y", "z"])], constants)
    nodes = [
        helper.make_node("ReduceMean", ["planes"], ["mean"], keepdims=0),
        helper.make_node("ReduceSum", ["points", "last"], ["sum"], keepdims=0),
        helper.make_node("Add", ["sum", "mean"], ["logits"]),
        helper.make_node("Identity", ["points"], ["colors"]),
    ]
    outputs = [_value("logits", ["n"]), _value("colors", ["n", 3])]
    _save(folder / "points.onnx", nodes, [planes, _value("points", ["n", 3])], outputs, {"last": [1]})
    write_card(folder)
    return folder


def write_encoder(folder: Path, kind: int = TensorProto.FLOAT, factor: float | None = None) -> None:
    """The encoder, with planes of another type or, with a factor, planes = pixels * factor."""
    nodes = [helper.make_node("Cast", ["pixels"], ["planes" if factor is None else "cast"], to=kind)]
    if factor is not None:
        nodes += [
            helper.make_node("Constant", [], ["factor"], value_float=factor),
            helper.make_node("Mul", ["cast", "factor"], ["planes"]),
        ]
    pixels = _value("pixels", ["n", SIZE, SIZE, 3], TensorProto.UINT8)
    _save(folder / "encoder.onnx", nodes, [pixels], [_value("planes", ["n", SIZE, SIZE, 3], kind)], {})


def write_card(folder: Path, **changes: Any) -> None:
    """A card that tells the truth about the graphs, less `changes`."""
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in GRAPHS}
    card = {"format": FORMAT, "format_version": 1, "image_size": SIZE, "threshold": 0.25}
    (folder / "card.json").write_text(json.dumps({**card, "sha256": digests, **changes}))


def write_part(folder: Path, content: bytes, name: str = "heads.npz") -> None:
    """Another file of a model, listed on its card."""
    (folder / name).write_bytes(content)
    card = json.loads((folder / "card.json").read_text())
    card["sha256"][name] = hashlib.sha256(content).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


def small_memory(weight: float = 0.3, pixels: int = 32 * 32) -> ShapeMemory:
    """One object, the left half of the cube, whatever the silhouette."""
    half = np.zeros((32, 32, 32), bool)
    half[:16] = True
    packed, ends = pack_shapes([half])
    center, basis = np.zeros(pixels, np.float32), np.ones((pixels, 1), np.float32)
    keys, starts = np.full((1, 1), 127, np.int8), np.zeros(1, np.int64)
    return ShapeMemory(center, basis, keys, starts, packed, ends, weight, 0.1, 1, 0.0)


def _value(name: str, shape: list[int | str], kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def _save(path: Path, nodes: list, inputs: list, outputs: list, constants: dict[str, list[int]]) -> None:
    initializers = [helper.make_tensor(name, TensorProto.INT64, [len(v)], v) for name, v in constants.items()]
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
