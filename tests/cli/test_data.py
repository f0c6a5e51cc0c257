"""`shapeshot data` on tiny sources: good ones, and every bad one that a user can hand over."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

Run = Callable[..., Any]
TINY = ("--views", 1, "--size", 32, "--samples", 1, "--workers", 1, "--quiet")


def test_build_and_info(shapeshot_command: Run, tmp_path: Path) -> None:
    meshes = tmp_path / "meshes"
    meshes.mkdir()
    trimesh.creation.box((1, 2, 0.5)).export(meshes / "box.ply")
    trimesh.creation.icosphere(2).export(meshes / "ball.stl")
    built = shapeshot_command("data", "build", "folder", "--folder", meshes, "--out", tmp_path / "set", *TINY)
    assert (built.code, built.err) == (0, "")
    told = shapeshot_command("data", "info", tmp_path / "set")
    assert told.code == 0
    assert "2 objects from folder" in told.out
    assert "unreadable 0" in told.out


def write_bad_mesh(path: Path, kind: str) -> None:
    """A mesh file with NaN vertices, without faces, or that is no mesh."""
    if kind == "nan":
        path.write_text("v 0 0 0\nv 1 0 0\nv nan 1 0\nf 1 2 3\n")
    elif kind == "faceless":
        path.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\n")
    else:
        path.write_bytes(np.random.default_rng(0).bytes(500))


@pytest.mark.parametrize("kind", ["nan", "faceless", "noise"])
def test_a_bad_mesh_is_named_and_counted(shapeshot_command: Run, tmp_path: Path, kind: str) -> None:
    meshes = tmp_path / "meshes"
    meshes.mkdir()
    trimesh.creation.box((1, 2, 0.5)).export(meshes / "box.ply")
    write_bad_mesh(meshes / "broken.obj", kind)
    done = shapeshot_command("data", "build", "folder", "--folder", meshes, "--out", tmp_path / "set", *TINY)
    assert done.code == 1
    assert "unreadable 1" in done.out
    assert "broken" in done.out
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert len(manifest["objects"]) == 1
    assert len(manifest["unreadable"]) == 1


@pytest.mark.parametrize("kind", ["nan", "faceless", "noise"])
def test_nothing_but_bad_meshes_is_an_error(shapeshot_command: Run, tmp_path: Path, kind: str) -> None:
    meshes = tmp_path / "meshes"
    meshes.mkdir()
    write_bad_mesh(meshes / "broken.obj", kind)
    done = shapeshot_command("data", "build", "folder", "--folder", meshes, "--out", tmp_path / "set", *TINY)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "broken" in done.err
    assert not (tmp_path / "set" / "manifest.json").exists()


def catalog(members: dict[str, str]) -> bytes:
    """A .sh3f archive with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


ESCAPING = catalog(
    {
        "PluginFurnitureCatalog.properties": (
            "id#1=a\nname#1=A\nmodel#1=../../etc/a.obj\nwidth#1=1\ndepth#1=1\nheight#1=1\n"
        ),
        "../../etc/a.obj": "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
    }
)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a zip archive", catalog({"a.txt": "no catalogue"}), ESCAPING, ESCAPING[:-30]],
    ids=["empty", "text", "no-catalogue", "escaping", "truncated"],
)
def test_bad_catalogues(shapeshot_command: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.sh3f"
    path.write_bytes(content)
    out = tmp_path / "sets" / "set"
    done = shapeshot_command("data", "build", "sweethome3d", "--catalog", path, "--out", out, *TINY)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert not (out / "manifest.json").exists()
    assert {item.name for item in tmp_path.iterdir()} <= {"bad.sh3f", "sets"}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["build", "shapenett"], "shapenett"),
        (["build", "folder"], "--folder"),
        (["build", "procedural", "--folder", "x"], "--folder"),
        (["build", "sweethome3d", "--count", "3"], "--count"),
        (["build", "folder", "--folder", "nowhere"], "nowhere"),
        (["build", "sweethome3d", "--catalog", "nowhere.sh3f"], "nowhere.sh3f"),
        (["build", "shapenet"], "--folder"),
        (["build", "r2n2", "--folder", "nowhere"], "nowhere"),
        (["build", "pix3d", "--folder", "nowhere"], "nowhere"),
        (["build", "shapenet", "--folder", ".", "--category", "chairs"], "'chair'"),
        (["build", "shapenet", "--folder", ".", "--split-file", "gone.csv"], "gone.csv"),
        (["build", "shapenet", "--folder", "."], "no models"),
        (["build", "shapenet", "--folder", ".", "--shapenet", "."], "--shapenet is for r2n2"),
        (["build", "procedural", "--category", "chair"], "--category"),
        (["build", "procedural", "--split-file", "all.csv"], "--split-file"),
        (["build", "procedural", "--views", "0"], "views"),
        (["build", "procedural", "--count", "-1"], "count"),
        (["build", "procedural", "--seed", "-1"], "seed"),
        (["build", "procedural", "--workers", "0"], "--workers"),
        (["build", "procedural", "--split", "half"], "half"),
    ],
)
def test_requests_that_cannot_be_carried_out(
    shapeshot_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = shapeshot_command("data", *words, "--out", "set")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert named in done.err


@pytest.mark.parametrize("manifest", [None, "{", "{}", '{"format": "shapeshot-dataset", "version": 999}'])
def test_info_of_what_is_no_dataset(shapeshot_command: Run, tmp_path: Path, manifest: str | None) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    done = shapeshot_command("data", "info", tmp_path)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
