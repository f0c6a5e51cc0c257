"""The exported folder: parity with torch, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hand_models import shown

from shapeshot.errors import ExportError, ModelError
from shapeshot.geometry import cell_centers
from shapeshot.lab.export.to_onnx import export_model
from shapeshot.lab.kinds.field import FieldModelConfig
from shapeshot.lab.model import SingleViewModel, build_model
from shapeshot.model.field_model import FieldModel
from shapeshot.model.network import Network

TINY = FieldModelConfig(
    encoder_weights="none", image_size=64, width=32, depth=1, num_heads=2, channels=16, resolution=16, hidden=16
)
CARD = {"threshold": 0.4, "name": "test"}


@pytest.fixture(scope="module", params=[False, True], ids=["", "mirror"])
def model(request: pytest.FixtureRequest) -> SingleViewModel:
    torch.manual_seed(0)
    return build_model(replace(TINY, mirror=request.param)).eval()


@pytest.fixture(scope="module")
def folder(model: SingleViewModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny"
    export_model(model, CARD, path)
    return path


def test_runtime_equals_torch(model: SingleViewModel, folder: Path) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    points = rng.uniform(-0.6, 0.6, (500, 3)).astype(np.float32)
    runtime = FieldModel.load(folder, num_threads=1)
    planes, features = Network(folder, 64, num_threads=1).encode(pixels)
    *_, seen = runtime.see_batch([shown(one) for one in pixels])
    axis = torch.from_numpy(cell_centers(12))
    with torch.no_grad():
        expected, pooled = model.see(torch.from_numpy(pixels).permute(0, 3, 1, 2))
        grid = model.field.grid(expected, axis, axis, axis)
        logits, colors = model.field.at(expected, torch.from_numpy(points).expand(3, -1, -1))
    assert expected.std() > 0.1  # else the comparison would be of zeros
    np.testing.assert_allclose(planes, expected.numpy(), atol=1e-4)
    assert features is not None
    assert pooled.std() > 0
    np.testing.assert_allclose(features, pooled.numpy(), atol=1e-4)
    np.testing.assert_allclose(seen.features, pooled[2].numpy(), atol=1e-4)
    np.testing.assert_allclose(seen.field(12).logits, grid[2].numpy(), atol=1e-4)
    np.testing.assert_allclose(seen.logits_at(points), logits[2].numpy(), atol=1e-4)
    np.testing.assert_allclose(seen.colors_at(points), colors[2].numpy(), atol=1e-4)


def test_card_tells_the_truth(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    assert (card["name"], card["threshold"], card["image_size"]) == ("test", 0.4, 64)
    assert card["architecture"]["channels"] == 16
    assert sorted(path.name for path in folder.iterdir()) == sorted([*card["sha256"], "card.json"])
    for name, digest in card["sha256"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_graphs_are_plain_onnx_of_opset_17(folder: Path) -> None:
    for name in ("encoder.onnx", "grid.onnx", "points.onnx"):
        graph = onnx.load(folder / name)
        onnx.checker.check_model(graph)
        used = {node.domain for node in graph.graph.node}
        assert used == {""}
        assert [entry.version for entry in graph.opset_import if entry.domain == ""] == [17]


def test_export_is_repeatable_and_leaves_the_model_as_it_was(model: SingleViewModel, tmp_path: Path) -> None:
    model.train()
    export_model(model, CARD, tmp_path / "model")
    first = (tmp_path / "model" / "card.json").read_bytes()
    export_model(model, CARD, tmp_path / "model")
    assert (tmp_path / "model" / "card.json").read_bytes() == first  # it holds the graphs' checksums
    assert model.training
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    model.eval()


def test_failed_export_keeps_the_old_model(
    model: SingleViewModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "model"
    target.mkdir()
    (target / "card.json").write_text("old")

    def full_disk(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(ExportError, match="No space left"):
        export_model(model, CARD, target)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (target / "card.json").read_text() == "old"


def test_foreign_folders_are_not_replaced(model: SingleViewModel, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ExportError, match="no model folder"):
        export_model(model, CARD, tmp_path)
    assert (tmp_path / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize("card", [{}, {"threshold": 1.5}, {"threshold": "0.5"}])
def test_a_card_needs_a_threshold(model: SingleViewModel, tmp_path: Path, card: dict) -> None:
    with pytest.raises(ModelError, match="threshold"):
        export_model(model, card, tmp_path / "model")
    assert not (tmp_path / "model").exists()
