"""Our own GLB goes back in: through `data build folder` and `fit`, with its shape and its colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh

from shapeshot.cli import main
from shapeshot.data.dataset import Dataset
from shapeshot.export import write_shape
from shapeshot.geometry import Mesh
from shapeshot.lab.fit_target import target_from_file

RED, BLUE = (0.9, 0.1, 0.08), (0.08, 0.15, 0.86)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ball, red on its right half and blue on its left, written by the exporter."""
    ball = trimesh.creation.icosphere(subdivisions=3, radius=0.4)
    colors = np.where(ball.vertices[:, :1] > 0, RED, BLUE).astype(np.float32)
    path = tmp_path / "Balls" / "ball.glb"
    path.parent.mkdir()
    write_shape(Mesh(np.asarray(ball.vertices, np.float32), np.asarray(ball.faces, np.int32), colors), path)
    return path


def assert_two_halves(points: np.ndarray, colors: np.ndarray) -> None:
    for side, color in ((points[:, 0] > 0.1, RED), (points[:, 0] < -0.1, BLUE)):
        assert np.abs(colors[side] - np.array(color) * 255).max() <= 2


def test_fit_takes_it(path: Path) -> None:
    target = target_from_file(path)
    assert target.left_out == ()
    assert target.solid.sum() == pytest.approx(128**3 * np.pi / 6, rel=0.01)
    assert_two_halves(target.item.points.astype(np.float32), target.item.colors.astype(float))


def test_data_build_takes_it_and_tells_what_it_leaves_out(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path.parent / "plain.obj").write_text("mtllib lost.mtl\n" + trimesh.creation.box().export(file_type="obj"))
    out = path.parents[1] / "set"
    flags = ["--views", "1", "--size", "32", "--samples", "1", "--workers", "1", "--split", "train", "--quiet"]
    assert main(["data", "build", "folder", "--folder", str(path.parents[0].parent), "--out", str(out), *flags]) == 0
    dataset = Dataset.open(out)
    sample = dataset.sample("balls-ball")
    assert_two_halves(sample.points, sample.colors.astype(float))
    view = sample.view(0)
    shown = view[view[..., 3] > 200][:, :3].astype(int)
    assert np.abs(shown[:, 0] - shown[:, 2]).max() > 60, "the picture is coloured, too"
    assert dataset.manifest["left_out"] == [{"name": "balls-plain", "reason": "the materials lost.mtl are missing"}]
    assert "left out   1\n    balls-plain: the materials lost.mtl are missing" in capsys.readouterr().out
