"""A view model whose graph is written by hand: whatever it is shown, it sees a slab about the object's centre."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from shapeshot.geometry.frustum import HALF_DEPTH, bin_depths
from shapeshot.model.folder import VIEW, VIEW_FORMAT
from shapeshot.model.view_network import OUTPUTS

SIZE, GRID, DEPTHS, BINS, FEATURES = 64, 32, 32, 36, 5
AZIMUTH_DEG = 20.0


def write_view_model(
    folder: Path, depths: int = DEPTHS, columns: int = GRID, drop: str = "", value: float | None = None
) -> Path:
    """The model's folder. The other arguments break what the graph gives."""
    slab = np.where(np.abs(bin_depths(depths or 1)) < 0.25, 4.0, -4.0)[:depths]
    centers = np.arange(BINS) * (2 * np.pi / BINS)
    given = {
        "occupancy": np.broadcast_to(slab[:, None, None], (depths, GRID, columns)),
        "colors": np.full((3, 8, GRID // 2, GRID // 2), 0.5),
        "azimuth": 15 * np.cos(centers - np.radians(AZIMUTH_DEG)),
        "pose": np.array([0.2, 0.0, np.log(3.0)]),
        "features": np.ones(FEATURES),
    }
    if value is not None:
        given["pose"] = np.array([value, 0.0, 1.0])
    nodes = [
        helper.make_node("Shape", ["pixels"], ["shape"]),
        helper.make_node("Slice", ["shape", "zero", "one"], ["batch"]),
    ]
    constants = {"zero": np.array([0], np.int64), "one": np.array([1], np.int64)}
    outputs = []
    for name in OUTPUTS:
        if name == drop:
            continue
        array = given[name].astype(np.float32)[None]
        constants |= {f"{name}_value": array, f"{name}_axes": np.array(array.shape[1:], np.int64)}
        nodes += [
            helper.make_node("Concat", ["batch", f"{name}_axes"], [f"{name}_shape"], axis=0),
            helper.make_node("Expand", [f"{name}_value", f"{name}_shape"], [name]),
        ]
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *array.shape[1:]]))
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIZE, SIZE, 3])
    weights = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "view", [pixels], outputs, weights)
    folder.mkdir(parents=True, exist_ok=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / VIEW)
    digest = hashlib.sha256((folder / VIEW).read_bytes()).hexdigest()
    card = {"format": VIEW_FORMAT, "format_version": 1, "image_size": SIZE, "threshold": 0.5}
    card |= {"half_depth": HALF_DEPTH, "sha256": {VIEW: digest}}
    (folder / "card.json").write_text(json.dumps(card))
    return folder
