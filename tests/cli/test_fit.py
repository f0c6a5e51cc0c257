"""`shapeshot fit` through the real command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

pytest.importorskip("torch", reason="needs the extra `train`")

Run = Callable[..., Any]


@pytest.fixture
def box(tmp_path: Path) -> Path:
    path = tmp_path / "box.ply"
    trimesh.creation.box((1, 0.6, 0.4)).export(path)
    return path


FORMS = [("vox", "voxels", "iou", 0.99), ("point", "points", "f_score_5", 0.99), ("mesh", "mesh", "f_score_5", 0.95)]


@pytest.mark.parametrize(("kind", "form", "score", "bar"), FORMS)
def test_a_box(shapeshot_command: Run, box: Path, kind: str, form: str, score: str, bar: float) -> None:
    out = box.parent / "out"
    out.mkdir()
    (out / "mesh.glb").write_text("of an earlier fit")
    (out / "mine.txt").write_text("not ours")
    (out / "result.json").write_text('{"files": {"mesh": "mesh.glb", "text": "mine.txt"}}')
    done = shapeshot_command("fit", box, "--type", kind, "--steps", 150, "--out", out, "--quiet")
    assert (done.code, done.err) == (0, "")
    facts = json.loads((out / "result.json").read_text())
    assert facts["scores"][score] >= bar
    assert (facts["steps"], facts["interrupted"], facts["type"]) == (150, False, kind)
    assert next(iter(facts["files"])) == form
    assert {path.name for path in out.iterdir()} == {*facts["files"].values(), "result.json", "mine.txt"}
    with Image.open(out / "turntable.webp") as animation:
        assert animation.n_frames == 24
        assert animation.width == 2 * animation.height
    for name in ("turntable.png", "loss.png"):
        assert np.asarray(Image.open(out / name).convert("L")).std() > 5, "something is drawn"


def test_a_fit_does_not_overwrite_its_target_or_what_is_not_its_own(shapeshot_command: Run, box: Path) -> None:
    target = box.parent / "mesh.glb"
    trimesh.creation.box((1, 0.6, 0.4)).export(target)
    before = target.read_bytes()
    refused = shapeshot_command("fit", target, "--type", "vox", "--steps", 5, "--out", box.parent, "--quiet")
    assert refused.code == 2
    assert "overwrite its target" in refused.err
    out = box.parent / "out"
    out.mkdir()
    (out / "mesh.glb").write_bytes(before)
    done = shapeshot_command("fit", target, "--type", "point", "--steps", 5, "--out", out, "--quiet")
    assert done.code == 0
    assert target.read_bytes() == (out / "mesh.glb").read_bytes() == before


@pytest.mark.slow
def test_control_c_leaves_what_there_is(box: Path) -> None:
    out = box.parent / "out"
    out.mkdir()
    (out / "result.json").write_text("of an earlier fit")
    words = ["fit", box, "--type", "point", "--steps", "1000000", "--out", out]
    process = subprocess.Popen([sys.executable, "-m", "shapeshot", *map(str, words)], stderr=subprocess.PIPE)
    assert process.stderr is not None
    seen = b""
    while b"chamfer=" not in seen and (piece := process.stderr.read1(4096)):  # type: ignore[attr-defined]
        seen += piece
    assert not (out / "result.json").exists()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode == 130
    facts = json.loads((out / "result.json").read_text())
    assert facts["interrupted"]
    assert 0 < facts["steps"] < 1_000_000
    assert {path.name for path in out.iterdir()} == {*facts["files"].values(), "result.json"}


@pytest.mark.parametrize("name", ["caf\udce9.ply", "...ply", "a\nb.ply"])
def test_targets_of_any_name(shapeshot_command: Run, box: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    folder = box.parent / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    box.rename(folder / name)
    done = shapeshot_command("fit", name, "--type", "point", "--steps", 2, "--quiet")
    assert (done.code, done.err) == (0, "")
    assert "\n" not in done.out.rstrip("\n")
    (out,) = (folder / "out" / "fit").iterdir()
    assert out.name.endswith("-point")
    assert json.loads((out / "result.json").read_text())["steps"] == 2
    assert sorted(path.name for path in folder.iterdir()) == sorted([name, "out"])


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([], "one target"),
        (["{box}", "--data", "x", "--object", "y"], "one target"),
        (["--data", "nowhere"], "--object"),
        (["{box}", "--object", "y"], "--data"),
        (["--data", "nowhere", "--object", "y"], "nowhere"),
        (["nowhere.ply"], "nowhere.ply"),
        (["{box}", "--steps", "0"], "step"),
        (["{box}", "--steps", "many"], "--steps"),
        (["{box}", "--optimizer", "adam"], "adamw"),
        (["{box}", "--lr", "-1"], "lr"),
        (["{box}", "--w-normal", "-1"], "w_normal"),
        (["{box}", "--chamfer", "average"], "mean"),
        (["{box}", "--seed", "-1"], "--seed"),
        (["{box}", "--smooth", "1"], "--w-smooth"),
        (["{box}", "--type", "voxx"], "'vox'"),
        (["{box}", "--out", "{box}"], "cannot write"),
    ],
)
def test_requests_that_cannot_be_carried_out(
    shapeshot_command: Run, box: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], named: str
) -> None:
    monkeypatch.chdir(box.parent)
    done = shapeshot_command("fit", "--type", "mesh", *(word.format(box=box) for word in words), "--quiet")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert named in done.err
