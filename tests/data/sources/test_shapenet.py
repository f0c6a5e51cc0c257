"""ShapeNetCore in both layouts: found, named, turned to our axes, split as published, and never outside its folder."""

from __future__ import annotations

import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shapeshot.data.objects import ObjectModel
from shapeshot.data.sources import make_source
from shapeshot.data.sources.readers.wavefront import read_obj
from shapeshot.data.sources.shapenet import LICENCE
from shapeshot.errors import DatasetError, MeshError


def corners(model: ObjectModel) -> np.ndarray:
    vertices, _ = model.canonical()[0].merged()
    return np.unique(vertices.round(5), axis=0)


@pytest.mark.parametrize("version", [1, 2])
def test_the_front_faces_plus_z(tmp_path: Path, published: Any, version: int) -> None:
    published.shapenet(tmp_path, version, count=3)
    entry = make_source("shapenet", folder=tmp_path).entries()[2]
    true = read_obj(published.chair_obj(published.ours, 1.0).encode(), "chair", lambda name: None)
    np.testing.assert_allclose(corners(entry.load()), corners(true), atol=1e-5)


def test_what_is_known_of_a_model(tmp_path: Path, published: Any) -> None:
    published.shapenet(tmp_path)
    published.write(tmp_path / "09999999/odd/model.obj", published.chair_obj(published.front_x))
    source = make_source("shapenet", folder=tmp_path)
    info = source.entries()[0].info
    assert (info.id, info.kind, info.source) == ("03001627_model0", "chair", "shapenet")
    assert info.licence == LICENCE
    assert "non-commercial" in info.licence
    assert source.entries()[-1].info.kind == "gadget"
    assert source.splits() is None


def test_the_published_split(tmp_path: Path, published: Any) -> None:
    published.shapenet(tmp_path)
    published.write(tmp_path / published.chair / "new" / "model.obj", published.chair_obj(published.front_x))
    source = make_source("shapenet", folder=tmp_path, split_files=[tmp_path / "all.csv"])
    splits = source.splits()
    assert splits is not None
    assert list(splits.values()) == ["train"] * 4 + ["val", "test"]
    assert [item.name for item in source.unreadable()] == ["03001627/new"]


def test_categories_are_chosen_by_name_or_synset(tmp_path: Path, published: Any) -> None:
    published.shapenet(tmp_path)
    published.write(tmp_path / published.table / "t" / "model.obj", published.chair_obj(published.front_x))
    for category in ("table", published.table):
        entries = make_source("shapenet", folder=tmp_path, categories=[category]).entries()
        assert [entry.info.id for entry in entries] == ["04379243_t"]
    with pytest.raises(DatasetError, match="Did you mean 'chair'"):
        make_source("shapenet", folder=tmp_path, categories=["chairs"])


def test_a_model_without_a_mesh_is_reported(tmp_path: Path, published: Any) -> None:
    published.shapenet(tmp_path)
    (tmp_path / published.chair / "model2" / "model.obj").unlink()
    source = make_source("shapenet", folder=tmp_path)
    assert len(source.entries()) == 5
    assert [item.name for item in source.unreadable()] == ["03001627/model2"]


def test_materials_are_read_beside_the_model_and_nowhere_else(tmp_path: Path, published: Any) -> None:
    folder, secret = tmp_path / "set", tmp_path / "secret.mtl"
    secret.write_text("newmtl m\nKd 1 0 0\n")
    below = folder / published.chair / "a" / "model.obj"
    published.write(below, published.chair_obj(published.front_x, head=["mtllib own.mtl", "usemtl m"]))
    published.write(below.with_name("own.mtl"), "newmtl m\nKd 0 1 0\n")
    green = make_source("shapenet", folder=folder).entries()[0].load().parts[0].material.color
    assert green[1] > 0.9 > 0.1 > green[0]
    outside = "../" * 3 + "secret.mtl"
    published.write(below, published.chair_obj(published.front_x, head=[f"mtllib {outside}", "usemtl m"]))
    assert make_source("shapenet", folder=folder).entries()[0].load().parts[0].material.color[0] < 0.9
    below.unlink()
    (tmp_path / "secret.obj").write_text(published.chair_obj(published.front_x))
    below.symlink_to(tmp_path / "secret.obj")
    with pytest.raises(MeshError, match=r"a/model\.obj cannot be read"):
        make_source("shapenet", folder=folder).entries()[0].load()


def zipped(folder: Path, synset: str) -> Path:
    """A synset's folder as the archive that is downloaded."""
    path = folder / f"{synset}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((folder / synset).rglob("*.*")):
            archive.write(file, file.relative_to(folder))
    shutil.rmtree(folder / synset)
    return path


@pytest.mark.parametrize("version", [1, 2])
def test_archives_are_read_in_place(tmp_path: Path, published: Any, version: int) -> None:
    published.shapenet(tmp_path, version)
    below = next((tmp_path / published.chair / "model0").rglob("*.obj"))
    below.write_text(published.chair_obj(published.front_x, head=["mtllib own.mtl", "usemtl m"]))
    below.with_name("own.mtl").write_text("newmtl m\nKd 0 1 0\n")
    before = make_source("shapenet", folder=tmp_path).entries()
    merged = [entry.load().merged()[0] for entry in before]
    zipped(tmp_path, published.chair)
    source = make_source("shapenet", folder=tmp_path, split_files=[tmp_path / "all.csv"])
    assert [entry.info for entry in source.entries()] == [entry.info for entry in before]
    for entry, vertices in zip(source.entries(), merged, strict=True):
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(entry)).load().merged()[0], vertices)
    assert source.entries()[0].load().parts[0].material.color[1] > 0.9


@pytest.mark.parametrize("as_archive", [False, True])
def test_textures_of_version_2_lie_beside_its_models(tmp_path: Path, published: Any, as_archive: bool) -> None:
    model = tmp_path / published.chair / "a"
    head = ["mtllib model_normalized.mtl", "usemtl m", "vt 0 0", "vt 1 0", "vt 1 1", "vt 0 1"]
    text = published.chair_obj(published.front_back, head=head)
    lines = [
        "f " + " ".join(f"{corner}/{index + 1}" for index, corner in enumerate(line.split()[1:]))
        if line[0] == "f"
        else line
        for line in text.splitlines()
    ]
    published.write(model / "models" / "model_normalized.obj", "\n".join(lines))
    published.write(model / "models" / "model_normalized.mtl", "newmtl m\nmap_Kd ../images/t.png\n")
    (model / "images").mkdir()
    Image.new("RGB", (4, 4), (10, 200, 30)).save(model / "images" / "t.png")
    if as_archive:
        zipped(tmp_path, published.chair)
    texture = make_source("shapenet", folder=tmp_path).entries()[0].load().parts[0].material.texture
    assert texture is not None
    assert texture[0, 0, :3].tolist() == [10, 200, 30]


def test_bad_archives_are_named(tmp_path: Path, published: Any) -> None:
    path = tmp_path / f"{published.chair}.zip"
    path.write_bytes(b"PK no archive")
    with pytest.raises(DatasetError, match=r"03001627\.zip"):
        make_source("shapenet", folder=tmp_path).entries()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../outside/model.obj", published.chair_obj(published.front_x))
    with pytest.raises(DatasetError, match="outside itself"):
        make_source("shapenet", folder=tmp_path).entries()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{published.chair}/a/model.obj", "#" * 40_000_000)
    with pytest.raises(DatasetError, match="unpacks to"):
        make_source("shapenet", folder=tmp_path).entries()[0].load()


def test_other_folders_are_refused(tmp_path: Path, published: Any) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        make_source("shapenet", folder=tmp_path / "gone")
    with pytest.raises(DatasetError, match="holds no models"):
        make_source("shapenet", folder=tmp_path).entries()
    published.write(tmp_path / "taxonomy.json", "[3]")
    with pytest.raises(DatasetError, match=r"taxonomy\.json"):
        make_source("shapenet", folder=tmp_path)
