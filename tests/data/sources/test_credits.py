"""credits.csv: whose the meshes of a folder are, and whether their fronts are known."""

from __future__ import annotations

from pathlib import Path

import pytest
import trimesh

from shapeshot.data.build import build_dataset
from shapeshot.data.build_options import BuildOptions
from shapeshot.data.dataset import info_from_json, info_to_json
from shapeshot.data.sources.credits import CREDITS
from shapeshot.data.sources.folder import FolderSource
from shapeshot.errors import DatasetError
from shapeshot.lab.loading.training_set import TrainingSet

HEAD = "path,licence,creator,front\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three boxes, two of them on a shelf."""
    meshes = tmp_path / "meshes"
    (meshes / "found").mkdir(parents=True)
    for size, name in enumerate(("own.ply", "found/near.ply", "found/far.ply"), start=1):
        trimesh.creation.box((1, 2, size)).export(meshes / name)
    return meshes


def test_the_longest_path_counts(folder: Path) -> None:
    rows = ['.,CC0-1.0,"Maker, A.",+z', "found,CC-BY-4.0,B,unknown", "found/far.ply,MIT,C,+z"]
    (folder / CREDITS).write_text(HEAD + "\n".join(rows))
    infos = {entry.info.id: entry.info for entry in FolderSource(folder).entries()}
    said = {key: (info.licence, info.creator, info.has_front) for key, info in infos.items()}
    assert said == {
        "own": ("CC0-1.0", "Maker, A.", True),
        "found-near": ("CC-BY-4.0", "B", False),
        "found-far": ("MIT", "C", True),
    }


def test_without_the_file_nothing_is_claimed(folder: Path) -> None:
    info = FolderSource(folder).entries()[0].info
    assert (info.licence, info.creator, info.has_front) == ("unknown", "", True)
    assert "has_front" not in info_to_json(info)


@pytest.mark.parametrize(
    "text",
    [
        "path,licence\n.,MIT\n",
        HEAD + ".,MIT,A,-x\n",
        HEAD + ",MIT,A,+z\n",
        HEAD + ".,MIT,A,+z,more\n",
        HEAD + ".,MIT\n",
        "",
    ],
    ids=["columns", "front", "path", "long", "short", "empty"],
)
def test_what_is_wrong_is_told(folder: Path, text: str) -> None:
    (folder / CREDITS).write_text(text)
    with pytest.raises(DatasetError, match=r"credits\.csv") as error:
        FolderSource(folder).entries()
    assert "\n" not in str(error.value)


def test_a_front_that_is_not_known_reaches_training(folder: Path, tmp_path: Path) -> None:
    (folder / CREDITS).write_text(HEAD + ".,CC0-1.0,A,+z\nfound,CC0-1.0,A,unknown\n")
    options = BuildOptions(views=1, size=32, samples=1, split="train")
    dataset = build_dataset(FolderSource(folder), tmp_path / "data", options, workers=1, progress=False)
    sample = dataset.sample("found-near")
    assert info_from_json(info_to_json(sample.info)) == sample.info
    fronts = {
        item.id: item.has_front for item in TrainingSet([str(tmp_path / "data")], "train", progress=False).objects
    }
    assert fronts == {"own": True, "found-near": False, "found-far": False}
