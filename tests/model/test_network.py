"""The graphs of a model: asked for the right values, in pieces or at once, and held to what they must give."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hand_models import SIZE, write_card, write_encoder
from onnx import TensorProto

from shapeshot.errors import ModelError
from shapeshot.model import network
from shapeshot.model.folder import CARD
from shapeshot.model.network import Network

PLANES = np.ones((SIZE, SIZE, 3), np.float32)


def test_pixels_in_planes_out(folder: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8)
    planes, features = Network(folder, SIZE).encode(pixels)
    assert planes.dtype == np.float32
    np.testing.assert_array_equal(planes, pixels)
    assert features is None


@pytest.mark.parametrize("points_per_run", [1, 4, 6, 10**6])
def test_points(folder: Path, monkeypatch: pytest.MonkeyPatch, points_per_run: int) -> None:
    monkeypatch.setattr(network, "POINTS_PER_RUN", points_per_run)
    points = np.random.default_rng(0).random((6, 3))
    logits, colors = Network(folder, SIZE).at(PLANES, points)
    np.testing.assert_allclose(logits, points.sum(axis=1) + 1, rtol=1e-6)
    np.testing.assert_allclose(colors, points, rtol=1e-6)
    logits, colors = Network(folder, SIZE).at(PLANES, np.zeros((0, 3)))
    assert (logits.shape, colors.shape) == ((0,), (0, 3))


@pytest.mark.parametrize(
    "pixels", [np.zeros((1, SIZE, SIZE, 4), np.uint8), np.zeros((1, SIZE, SIZE, 3)), np.zeros((1, 5, 5, 3), np.uint8)]
)
def test_wrong_pixels(folder: Path, pixels: np.ndarray) -> None:
    with pytest.raises(ModelError, match=r"uint8 \[batch, 4, 4, 3\]"):
        Network(folder, SIZE).encode(pixels)


def test_wrong_points(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"\[points, 3\]"):
        Network(folder, SIZE).at(PLANES, np.zeros((4, 2)))


def test_outputs_of_another_type_are_told(folder: Path) -> None:
    write_encoder(folder, TensorProto.DOUBLE)
    with pytest.raises(ModelError, match=r"encoder\.onnx gives planes as float64 \[1, 4, 4, 3\], not float32"):
        Network(folder, SIZE).encode(np.zeros((1, SIZE, SIZE, 3), np.uint8))


def test_outputs_of_another_shape_are_told(folder: Path) -> None:
    (folder / "points.onnx").write_bytes((folder / "grid.onnx").read_bytes())
    with pytest.raises(ModelError, match=r"points\.onnx cannot be run") as caught:
        Network(folder, SIZE).at(PLANES, np.zeros((4, 3)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("factor", [float("nan"), float("inf")])
def test_values_that_are_no_numbers_are_a_broken_model_and_no_empty_shape(folder: Path, factor: float) -> None:
    write_encoder(folder, factor=factor)
    with pytest.raises(ModelError, match="planes that are not finite"):
        Network(folder, SIZE).encode(np.full((1, SIZE, SIZE, 3), 9, np.uint8))
    with pytest.raises(ModelError, match="logits that are not finite"):
        Network(folder, SIZE).logits(PLANES * np.float32(factor), *[np.zeros(2, np.float32)] * 3)


def test_a_graph_that_cannot_be_loaded_says_so_in_one_line(folder: Path) -> None:
    (folder / "encoder.onnx").write_bytes(b"not a graph")
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        Network(folder, SIZE).encode(np.zeros((1, SIZE, SIZE, 3), np.uint8))
    assert "\n" not in str(caught.value)


def test_a_graph_whose_names_are_no_text_is_told_and_nothing_is_printed(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = folder / "encoder.onnx"
    path.write_bytes(path.read_bytes().replace(b"Cast", b"\xb6\xb6\xb6\xb6"))
    with pytest.raises(ModelError, match="cannot be loaded"):
        Network(folder, SIZE).encode(np.zeros((1, SIZE, SIZE, 3), np.uint8))
    assert capfd.readouterr() == ("", "")


def test_importing_starts_no_runtime() -> None:
    code = "import sys, shapeshot.model.field_model as m; assert not {'onnxruntime', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_runtime_is_told_to_be_silent_before_it_is_imported(folder: Path) -> None:
    write_card(folder)
    code = f"""if True:
        import os, sys
        from importlib.abc import MetaPathFinder
        os.environ.pop("ORT_DISABLE_TELEMETRY", None)
        found = []
        class Watch(MetaPathFinder):
            def find_spec(self, name, path=None, target=None):
                if name == "onnxruntime":
                    found.append(os.environ.get("ORT_DISABLE_TELEMETRY"))
        sys.meta_path.insert(0, Watch())
        from shapeshot.model.field_model import FieldModel
        FieldModel.load({str(folder)!r}).warm_up()
        assert found == ["1"], found
    """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert (folder / CARD).is_file()


def test_nothing_else_imports_onnx_runtime() -> None:
    package = Path(network.__file__).parents[1]
    users = [
        path
        for path in package.rglob("*.py")
        if "import onnxruntime" in path.read_text() or "from onnxruntime" in path.read_text()
    ]
    assert users == []
