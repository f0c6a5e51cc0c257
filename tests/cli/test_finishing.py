"""`shapeshot reconstruct --simplify, --smooth, --printable`, with a model whose shape is known: an ellipsoid."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def _model_with_a_speck(use_model: Run, analytic_field: Run) -> None:
    use_model(analytic_field(speck_radius=0.07))


def loaded(path: Path) -> trimesh.Trimesh:
    return trimesh.load(path, force="mesh")


@pytest.mark.parametrize("suffix", ["glb", "obj", "ply", "stl"])
def test_fewer_faces_and_still_closed(shapeshot_command: Run, photo_file: Path, tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("fast_simplification", reason="needs the extra `finish`")
    path = tmp_path / f"a.{suffix}"
    done = shapeshot_command("reconstruct", photo_file, "--out", path, "--simplify", 500, "--size", "height=80cm")
    assert (done.code, done.err) == (0, "")
    assert "500 faces" in done.out
    found = loaded(path)
    assert len(found.faces) == 500
    assert found.is_watertight
    unit = 1000 if suffix == "stl" else 1  # slicers read millimetres
    assert found.extents[1] == pytest.approx(0.8 * unit, rel=1e-4)


def test_smoothing_keeps_the_size_that_was_given(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.ply"
    assert shapeshot_command("reconstruct", photo_file, "--out", path, "--size", "width=1m", "--smooth").code == 0
    assert loaded(path).extents[0] == pytest.approx(1.0, abs=1e-4)


def test_printable_reports_the_solid(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    words = ("reconstruct", photo_file, "--as", "mesh", "--size", "depth=60mm", "--out")
    shapeshot_command(*words, tmp_path / "plain")
    done = shapeshot_command(*words, tmp_path / "out", "--printable", "--smooth", 2)
    assert done.code == 0
    found = loaded(tmp_path / "out/disc/mesh.glb")
    assert loaded(tmp_path / "plain/disc/mesh.glb").body_count == 2
    assert found.body_count == 1
    np.testing.assert_allclose(found.extents, [0.04, 0.08, 0.06], atol=1e-3)  # as deep as asked without the speck, too
    facts = json.loads((tmp_path / "out/disc/result.json").read_text())
    finish = facts["finish"]
    assert finish["options"] == {"simplify": None, "smooth": 2, "printable": True}
    assert finish["pieces_dropped"] == 1
    assert finish["volume"] == pytest.approx(found.volume, rel=1e-4)
    np.testing.assert_allclose(finish["center_of_mass"], found.center_mass, atol=1e-6)
    assert f"1 loose piece left out; thinnest wall {1000 * finish['wall_thickness']['thinnest']:.0f} mm" in done.out
    assert [warning for warning in facts["warnings"] if "1 loose piece, 1" in warning] == facts["warnings"]
    assert done.err == f"shapeshot: warning: {photo_file}: {facts['warnings'][0]}\n"
    assert {"finish", "total"} <= set(facts["timings"])


def test_a_part_that_lies_near_is_joined_and_told(
    shapeshot_command: Run, use_model: Run, analytic_field: Run, photo_file: Path, tmp_path: Path
) -> None:
    """As a chair's leg that the field has a cell away: it was cut off without a word."""
    use_model(analytic_field(half_axes=(0.55, 0.55, 0.55), speck_radius=0.2))
    words = ("reconstruct", photo_file, "--as", "mesh", "--size", "depth=60mm", "--out")
    assert shapeshot_command(*words, tmp_path / "plain").code == 0
    assert loaded(tmp_path / "plain/disc/mesh.glb").body_count == 2
    done = shapeshot_command(*words, tmp_path / "out", "--printable")
    assert (done.code, done.err) == (0, "")
    assert loaded(tmp_path / "out/disc/mesh.glb").body_count == 1
    finish = json.loads((tmp_path / "out/disc/result.json").read_text())["finish"]
    assert (finish["pieces_joined"], finish["pieces_dropped"]) == (1, 0)
    assert "; 1 loose piece joined; thinnest wall " in done.out


def test_walls_too_thin_to_print_are_told(
    shapeshot_command: Run, use_model: Run, analytic_field: Run, photo_file: Path, tmp_path: Path
) -> None:
    use_model(analytic_field(half_axes=(0.4, 0.4, 0.03)))
    words = ("reconstruct", photo_file, "--as", "mesh", "--printable", "--out")
    done = shapeshot_command(*words, tmp_path / "out", "--size", "height=4mm")
    assert done.code == 0
    facts = json.loads((tmp_path / "out/disc/result.json").read_text())
    thinnest = 1000 * facts["finish"]["wall_thickness"]["thinnest"]
    assert 0 < thinnest < 0.4
    assert f"{thinnest:.2g} mm at the thinnest, where a printer needs 0.4 mm" in facts["warnings"][0]
    assert done.err == f"shapeshot: warning: {photo_file}: {facts['warnings'][0]}\n"
    assert shapeshot_command(*words, tmp_path / "large", "--size", "height=80cm").err == ""


def test_a_result_with_other_finishing_is_made_again(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    photo_file.with_name("other.png").write_bytes(photo_file.read_bytes())
    words = ("reconstruct", photo_file.parent, "--as", "mesh", "--out", tmp_path / "out")
    assert "2 done" in shapeshot_command(*words).out
    assert "2 kept" in shapeshot_command(*words).out
    assert "2 done" in shapeshot_command(*words, "--smooth", 3).out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--out", "a.glb", "--simplify", "3"], "at least 4 faces"),
        (["--out", "a.glb", "--smooth", "-1"], "rounds of smoothing"),
        (["--out", "a.npz", "--printable"], "for meshes"),
        (["--out", "a.glb", "--category", "Office"], ".sh3f"),
    ],
)
def test_requests_that_cannot_be_carried_out(
    shapeshot_command: Run, photo_file: Path, words: list[str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photo_file.parent)
    done = shapeshot_command("reconstruct", photo_file, *words)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert named in done.err
    assert [path.name for path in photo_file.parent.iterdir()] == ["disc.png"]


@pytest.mark.parametrize(
    ("module", "words", "extra"),
    [("fast_simplification", ["a.glb", "--simplify", "100"], "finish"), ("pxr", ["a.usdz"], "usd")],
)
def test_a_missing_extra_is_named_before_any_work(
    shapeshot_command: Run,
    photo_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    words: list[str],
    extra: str,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    done = shapeshot_command("reconstruct", photo_file, "--out", tmp_path / words[0], *words[1:])
    assert done.code == 2
    assert f"pip install 'shapeshot[{extra}]'" in done.err
    assert not (tmp_path / words[0]).exists()
