"""Published splits in the forms in which they come."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shapeshot.data.sources.split_files import image_splits, model_splits
from shapeshot.data.splits import with_validation
from shapeshot.errors import DatasetError

CSV = "id,synsetId,subSynsetId,modelId,split\n0,3001627,3001627,a,train\n1,3001627,1,b,val\n2,04379243,1,a,test\n"


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_csv_and_a_json_of_models(tmp_path: Path) -> None:
    table = file(tmp_path, "all.csv", CSV)
    more = file(tmp_path, "more.json", json.dumps({"train": {"02691156": ["c"]}, "test": {"02691156": {"d": [0, 3]}}}))
    assert model_splits([table, more]) == {
        ("03001627", "a"): "train",
        ("03001627", "b"): "val",
        ("04379243", "a"): "test",
        ("02691156", "c"): "train",
        ("02691156", "d"): "test",
    }


def test_lists_of_images(tmp_path: Path) -> None:
    paths = [
        file(tmp_path, f"pix3d_s2_{split}.json", json.dumps({"images": [{"file_name": f"img/{split}.png"}]}))
        for split in ("train", "test")
    ]
    assert image_splits(paths) == {"img/train.png": "train", "img/test.png": "test"}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "synset,model\n1,2\n", "columns synsetId"),
        ("a.csv", "id,synsetId,subSynsetId,modelId,split\n0,1\n", "columns synsetId"),
        ("a.csv", CSV + "3,3001627,1,a,test\n", "must choose one"),
        ("a.csv", CSV.replace("val", "dev"), "'dev'"),
        ("a.json", "{", "JSON"),
        ("a.json", "[" * 100_000, "JSON"),
        ("a.json", "[1, 2]", "JSON {split"),
        ("a.json", '{"train": {"02691156": 3}}', "JSON {split"),
        ("a.json", '{"dev": {"02691156": ["c"]}}', "'dev'"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(DatasetError, match=name.replace(".", r"\.")) as error:
        model_splits([file(tmp_path, name, text)])
    assert told in str(error.value)


def test_bad_lists_of_images_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="expected train, val or test"):
        image_splits([file(tmp_path, "mine.json", "{}")])
    with pytest.raises(DatasetError, match="file_name"):
        image_splits([file(tmp_path, "a_train.json", '{"images": [3]}')])
    with pytest.raises(DatasetError, match=r"cannot read the split file .*gone_test\.json"):
        image_splits([tmp_path / "gone_test.json"])


def test_a_validation_split_is_taken_from_train_where_there_is_none() -> None:
    given = {f"o{index}": "train" if index < 40 else "test" for index in range(50)}
    chosen = with_validation(given)
    assert sum(split == "val" for split in chosen.values()) == 4
    assert all(chosen[key] == "test" for key in given if given[key] == "test")
    assert with_validation(given) == chosen
    assert with_validation(given, seed=1) != chosen
    assert with_validation(chosen) == chosen
    assert with_validation({"a": "train"}) == {"a": "train"}
