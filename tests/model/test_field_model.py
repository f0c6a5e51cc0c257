"""The runtime twin, without torch: on graphs that this file writes by hand, and on broken folders."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from shapeshot.errors import ModelError
from shapeshot.model import field_model
from shapeshot.model.field_model import FieldModel
from shapeshot.model.heads import Calibration, Heads
from shapeshot.model.memory import CERTAINTY, ShapeMemory, pack_shapes
from shapeshot.photo import Box, PreparedPhoto

SIZE = 4


def value(name: str, shape: list[int | str], kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def save(path: Path, nodes: list, inputs: list, outputs: list, constants: dict[str, list[int]]) -> None:
    initializers = [helper.make_tensor(name, TensorProto.INT64, [len(v)], v) for name, v in constants.items()]
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """planes = pixels as float; logits = x + 10 y + 100 z + mean of planes; colors = points."""
    planes = value("planes", ["a", "b", "c"])
    save(
        tmp_path / "encoder.onnx",
        [helper.make_node("Cast", ["pixels"], ["planes"], to=TensorProto.FLOAT)],
        [value("pixels", ["n", SIZE, SIZE, 3], TensorProto.UINT8)],
        [value("planes", ["n", SIZE, SIZE, 3])],
        {},
    )
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
    inputs = [planes, *(value(f"{axis}s", [axis]) for axis in axes)]
    constants = {f"{axis}_axes": numbers for axis, numbers in axes.items()}
    save(tmp_path / "grid.onnx", nodes, inputs, [value("logits", ["x", "y", "z"])], constants)
    nodes = [
        helper.make_node("ReduceMean", ["planes"], ["mean"], keepdims=0),
        helper.make_node("ReduceSum", ["points", "last"], ["sum"], keepdims=0),
        helper.make_node("Add", ["sum", "mean"], ["logits"]),
        helper.make_node("Identity", ["points"], ["colors"]),
    ]
    outputs = [value("logits", ["n"]), value("colors", ["n", 3])]
    save(tmp_path / "points.onnx", nodes, [planes, value("points", ["n", 3])], outputs, {"last": [1]})
    write_card(tmp_path)
    return tmp_path


def write_card(folder: Path, **changes: object) -> None:
    graphs = ("encoder.onnx", "grid.onnx", "points.onnx")
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in graphs}
    card = {"format": field_model.FORMAT, "format_version": 1, "image_size": SIZE, "threshold": 0.25}
    (folder / "card.json").write_text(json.dumps({**card, "sha256": digests, **changes}))


@pytest.mark.parametrize("cells_per_run", [1, 30, 10**6])
def test_grid_is_indexed_xyz_at_cell_centres(folder: Path, monkeypatch: pytest.MonkeyPatch, cells_per_run: int) -> None:
    monkeypatch.setattr(field_model, "CELLS_PER_RUN", cells_per_run)
    field = FieldModel.load(folder).grid(np.full((SIZE, SIZE, 3), 2, np.float32), 5)
    x, y, z = np.meshgrid(*[(np.arange(5) + 0.5) / 5 - 0.5] * 3, indexing="ij")
    np.testing.assert_allclose(field.logits, x + 10 * y + 100 * z + 2, atol=1e-5)
    assert field.logits.dtype == np.float32
    assert field.resolution == 5
    probability = 1 / (1 + np.exp(-field.logits.astype(np.float64)))
    assert np.array_equal(field.occupancy, probability > 0.25)


def test_encode_is_one_row_of_encode_batch(folder: Path) -> None:
    model = FieldModel.load(folder)
    pixels = np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8)
    batch = model.encode_batch(pixels)
    assert batch.dtype == np.float32
    assert np.array_equal(model.encode(pixels[1]), batch[1])


@pytest.mark.parametrize("points_per_run", [1, 4, 6, 10**6])
def test_points(folder: Path, monkeypatch: pytest.MonkeyPatch, points_per_run: int) -> None:
    monkeypatch.setattr(field_model, "POINTS_PER_RUN", points_per_run)
    model, planes = FieldModel.load(folder), np.ones((SIZE, SIZE, 3), np.float32)
    points = np.random.default_rng(0).random((6, 3))
    logits, colors = model.at(planes, points)
    np.testing.assert_allclose(logits, points.sum(axis=1) + 1, rtol=1e-6)
    np.testing.assert_allclose(colors, points, rtol=1e-6)
    np.testing.assert_array_equal(model.colors_at(planes, points), colors)
    logits, colors = model.at(planes, np.zeros((0, 3)))
    assert (logits.shape, colors.shape) == ((0,), (0, 3))


@pytest.mark.parametrize(
    "pixels", [np.zeros((SIZE, SIZE, 4), np.uint8), np.zeros((SIZE, SIZE, 3)), np.zeros((5, 5, 3), np.uint8)]
)
def test_wrong_pixels(folder: Path, pixels: np.ndarray) -> None:
    with pytest.raises(ModelError, match=r"uint8 \[batch, 4, 4, 3\]"):
        FieldModel.load(folder).encode(pixels)


def test_wrong_points_and_resolution(folder: Path) -> None:
    model, planes = FieldModel.load(folder), np.ones((SIZE, SIZE, 3), np.float32)
    with pytest.raises(ModelError, match=r"\[points, 3\]"):
        model.at(planes, np.zeros((4, 2)))
    with pytest.raises(ModelError, match="at least 1"):
        model.grid(planes, 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "other"}, "no card"),
        ({"format_version": 2}, "format version 2"),
        ({"image_size": None}, "image_size"),
        ({"threshold": 1.5}, "threshold"),
        ({"sha256": {"encoder.onnx": "0"}}, "SHA-256"),
        ({"sha256": {}}, "SHA-256"),
    ],
)
def test_bad_cards(folder: Path, changes: dict, message: str) -> None:
    write_card(folder, **changes)
    with pytest.raises(ModelError, match=message) as caught:
        FieldModel.load(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00"])
def test_card_that_is_no_card(folder: Path, content: str) -> None:
    (folder / "card.json").write_text(content)
    with pytest.raises(ModelError, match=r"card\.json"):
        FieldModel.load(folder)


def test_missing_folder_card_and_graph(folder: Path) -> None:
    with pytest.raises(ModelError, match="no model in"):
        FieldModel.load(folder / "nowhere")
    (folder / "grid.onnx").unlink()
    with pytest.raises(ModelError, match="lacks"):
        FieldModel.load(folder)


def test_tampered_and_broken_graphs(folder: Path) -> None:
    (folder / "encoder.onnx").write_bytes(b"not a graph")
    with pytest.raises(ModelError, match="SHA-256 differs"):
        FieldModel.load(folder)
    write_card(folder)  # now the card agrees, and the graph is still none
    model = FieldModel.load(folder)
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        model.encode(np.zeros((SIZE, SIZE, 3), np.uint8))
    assert "\n" not in str(caught.value)


def test_importing_starts_no_runtime() -> None:
    code = "import sys, shapeshot.model.field_model as m; assert not {'onnxruntime', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def write_part(folder: Path, content: bytes, name: str = "heads.npz") -> None:
    (folder / name).write_bytes(content)
    card = json.loads((folder / "card.json").read_text())
    card["sha256"][name] = hashlib.sha256(content).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


def test_heads_are_read_where_the_card_lists_them(folder: Path) -> None:
    (folder / "heads.npz").write_bytes(b"of nobody's card")
    assert FieldModel.load(folder).heads.calibration is None
    write_part(folder, Heads(calibration=Calibration(1.5)).encode())
    assert FieldModel.load(folder).heads.calibration == Calibration(1.5)


def test_tampered_missing_and_broken_heads(folder: Path) -> None:
    write_part(folder, Heads(calibration=Calibration(1.5)).encode())
    (folder / "heads.npz").write_bytes(Heads(calibration=Calibration(1.4)).encode())
    with pytest.raises(ModelError, match=r"heads\.npz is not what its card describes"):
        FieldModel.load(folder)
    (folder / "heads.npz").unlink()
    with pytest.raises(ModelError, match=r"lacks .*heads\.npz"):
        FieldModel.load(folder)
    write_part(folder, b"no arrays")  # the card agrees, and still nothing can be read
    with pytest.raises(ModelError, match="calibrate the model again"):
        _ = FieldModel.load(folder).heads


def test_an_encoder_without_features_gives_none(folder: Path) -> None:
    planes, features = FieldModel.load(folder).see(np.zeros((SIZE, SIZE, 3), np.uint8))
    assert planes.shape == (SIZE, SIZE, 3)
    assert features is None


def small_memory(weight: float = 0.3) -> ShapeMemory:
    """One object, the left half of the cube, whatever the outline."""
    half = np.zeros((32, 32, 32), bool)
    half[:16] = True
    packed, ends = pack_shapes([half])
    center, basis = np.zeros(4, np.float32), np.ones((4, 1), np.float32)
    keys, starts = np.full((1, 1), 127, np.int8), np.zeros(1, np.int64)
    return ShapeMemory(center, basis, keys, starts, packed, ends, weight, 0.1, 1, 0.0)


def test_a_memory_joins_the_field_where_it_is_asked_to(folder: Path) -> None:
    photo = PreparedPhoto(np.zeros((SIZE, SIZE, 3), np.uint8), Box(0.0, 0.0, 1.0), "alpha", np.eye(2, dtype=np.float32))
    assert FieldModel.load(folder).recall(photo) is None
    write_part(folder, small_memory().encode(), "memory.npz")
    model = FieldModel.load(folder)
    planes, recalled = model.encode(photo.pixels), model.recall(photo)
    assert recalled is not None
    alone = model.grid(planes, 32).logits
    joined = model.grid(planes, 32, recalled=recalled).logits
    half = np.arange(32)[:, None, None] < 16
    expected = np.clip(0.7 / (1 + np.exp(-alone)) + 0.3 * half, CERTAINTY, 1 - CERTAINTY)
    np.testing.assert_allclose(1 / (1 + np.exp(-joined)), expected, atol=1e-5)


def test_tampered_missing_and_broken_memories(folder: Path) -> None:
    write_part(folder, small_memory().encode(), "memory.npz")
    (folder / "memory.npz").write_bytes(small_memory(0.9).encode())
    with pytest.raises(ModelError, match=r"memory\.npz is not what its card describes"):
        FieldModel.load(folder)
    (folder / "memory.npz").unlink()
    with pytest.raises(ModelError, match=r"lacks .*memory\.npz"):
        FieldModel.load(folder)
    write_part(folder, b"no arrays", "memory.npz")
    with pytest.raises(ModelError, match="export the model again"):
        _ = FieldModel.load(folder).memory
