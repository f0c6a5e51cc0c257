"""A finder's training: it learns, resumes to the bit, and tells what is wrong with its settings."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from shapeshot.data.build import build_dataset
from shapeshot.data.build_options import BuildOptions
from shapeshot.data.sources import make_source
from shapeshot.errors import DatasetError, UserError
from shapeshot.lab.checkpoint import load_checkpoint
from shapeshot.lab.finder.backgrounds import Photographs
from shapeshot.lab.finder.config import FinderConfig
from shapeshot.lab.finder.data import read_composer, read_cutouts
from shapeshot.lab.finder.export import export_finder
from shapeshot.lab.finder.network import FinderOutput
from shapeshot.lab.finder.train import FinderRun, finder_losses, train_finder
from shapeshot.lab.run_folder import LAST


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> FinderConfig:
    root = tmp_path_factory.mktemp("finder")
    options = BuildOptions(views=2, rooms=1, size=64, samples=1, seed=1)
    build_dataset(make_source("procedural", count=8, seed=1), root / "data", options, workers=1, progress=False)
    (root / "photos").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    Image.fromarray(noise).save(root / "photos" / "noise.png")
    stages = ((3, 64, 2), (3, 96, 2))
    few = {"val_every": 3, "val_scenes": 3, "save_every": 2, "warmup": 2, "weights": "none"}
    return FinderConfig((str(root / "data"),), str(root / "photos"), stages=stages, **few)


def test_it_trains_and_a_finished_run_stays(config: FinderConfig, tmp_path: Path) -> None:
    best = train_finder(config, tmp_path, progress=False)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [3, 6]
    assert {"val_iou", "val_mended", "val_quality_error"} <= rows[-1].keys()
    before = best.read_bytes()
    assert train_finder(config, tmp_path, progress=False).read_bytes() == before


def test_a_stopped_run_ends_with_the_same_weights(
    config: FinderConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shapeshot.lab.finder.train as module

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train_finder(config, whole, progress=False)
    step = module.FinderRun.train_step

    def interrupted(run: module.FinderRun) -> dict[str, float]:
        if run.step == 5:
            raise KeyboardInterrupt
        return step(run)

    monkeypatch.setattr(module.FinderRun, "train_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_finder(config, parts, progress=False)
    monkeypatch.setattr(module.FinderRun, "train_step", step)
    train_finder(config, parts, progress=False)
    first, second = (load_checkpoint(folder / "last.safetensors") for folder in (whole, parts))
    for name, tensor in first.tensors["model"].items():
        assert torch.equal(tensor, second.tensors["model"][name]), name


def test_a_run_starts_from_another_s_average(config: FinderConfig, tmp_path: Path) -> None:
    first = train_finder(config, tmp_path / "first", progress=False)
    still = dataclasses.replace(config, init=str(first), stages=((1, 64, 2),), lr=0.0, encoder_lr=0.0)
    second = train_finder(still, tmp_path / "second", progress=False)
    before, after = (load_checkpoint(path).tensors["ema"] for path in (first, second))
    assert torch.equal(before["stem.conv.weight"], after["stem.conv.weight"])


def test_another_run_s_folder_is_refused(config: FinderConfig, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(dataclasses.replace(config, lr=0.5).to_json()))
    with pytest.raises(UserError, match="other settings"):
        train_finder(config, tmp_path, progress=False)


def test_a_dataset_without_anything_to_find_is_told(config: FinderConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapeshot.lab.finder.data.LEAST_COVERED", 2.0)
    with pytest.raises(DatasetError, match="no train object"):
        read_composer(config.data, "train", Photographs.read(Path(config.photos)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"stages": [[10, 50, 2]]}, "multiple of 32"),
        ({"stages": []}, "at least one"),
        ({"data": []}, "at least one"),
        ({"learning_rate": 1}, "no setting 'learning_rate'"),
        ({"stages": [["x", 64, 2]]}, "wrong value"),
    ],
)
def test_settings_that_no_training_can_have(config: FinderConfig, change: dict[str, object], told: str) -> None:
    with pytest.raises(UserError, match=told):
        FinderConfig.from_json({**config.to_json(), **change})


def test_settings_survive_a_file(config: FinderConfig, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(config.to_json()))
    assert FinderConfig.read(tmp_path / "a.json") == config
    (tmp_path / "b.json").write_text("{")
    with pytest.raises(UserError, match="cannot read"):
        FinderConfig.read(tmp_path / "b.json")


def test_the_stages_follow_one_another() -> None:
    config = FinderConfig(("a",), "b", stages=((2, 64, 4), (3, 96, 2)))
    assert [config.stage(step) for step in range(5)] == [(64, 4)] * 2 + [(96, 2)] * 3
    assert config.max_iter == 5


def test_losses_prefer_the_truth() -> None:
    masks = torch.zeros(2, 32, 32)
    masks[0, 8:24, 8:24] = 1  # the second picture shows no object
    scores = torch.tensor([[3.0, 3.0], [3.0, -3.0]])
    right = finder_losses(FinderOutput((masks - 0.5) * 16, scores), masks)
    wrong = finder_losses(FinderOutput((0.5 - masks) * 16, scores), masks)
    assert right["loss"] < 0.2 * wrong["loss"]
    assert right["iou"] > 0.98
    absent = finder_losses(FinderOutput((masks - 0.5) * 16, -scores), masks)
    assert absent["presence"] > right["presence"]


def test_further_cut_outs_are_trained_on(config: FinderConfig, tmp_path: Path) -> None:
    folder = tmp_path / "cutouts"
    folder.mkdir()
    with pytest.raises(UserError, match="no cut-out"):
        read_cutouts(folder)
    Image.new("RGB", (40, 30), "red").save(folder / "opaque.png")  # no cut-out: all of it is opaque
    leaf = np.zeros((40, 30, 4), np.uint8)
    leaf[10:30, 5:20] = (10, 200, 30, 255)
    Image.fromarray(leaf).save(folder / "leaf.png")
    (read,) = read_cutouts(folder)
    np.testing.assert_array_equal(read, leaf)
    cutouts = ((str(folder),), (str(folder), *config.data))
    run = FinderRun(dataclasses.replace(config, cutouts=cutouts, further=0.6), tmp_path, progress=False)
    (known,), both = run.composer.further
    np.testing.assert_array_equal(known, leaf)
    assert len(both) == 1 + len(run.composer.cutouts)  # of a dataset the training objects outside rooms
    assert run.composer.shares.further == 0.6
    assert not run.val_composer.further
    run.save(LAST)
    export_finder(load_checkpoint(tmp_path / LAST), tmp_path / "finder")
    card = json.loads((tmp_path / "finder" / "finder.json").read_text())
    assert card["training"]["cutouts"] == [["cutouts"], ["cutouts", *(Path(name).name for name in config.data)]]
    licences = (tmp_path / "finder" / "LICENSES.md").read_text()
    named = ["## Cut-outs in cutouts", *(f"## {Path(name).name}" for name in config.data)]
    assert [licences.count(line) for line in named] == [1] * len(named)


def test_folders_of_one_collection_are_read_from_json(config: FinderConfig) -> None:
    values = config.to_json() | {"cutouts": ["emoji", ["games", "stamps"]], "other_meant": 0.7}
    read = FinderConfig.from_json(values)
    assert read.cutouts == (("emoji",), ("games", "stamps"))
    assert FinderConfig.from_json(read.to_json()) == read
    with pytest.raises(UserError, match="other_meant is a share"):
        FinderConfig.from_json(values | {"other_meant": 1.5})


@pytest.mark.parametrize("wrong", [{"further": "a lot"}, {"further": None}, {"cutouts": "emoji"}, {"cutouts": [[]]}])
def test_settings_of_the_wrong_type_are_told(config: FinderConfig, wrong: dict) -> None:
    with pytest.raises(UserError, match="wrong value"):
        FinderConfig.from_json(config.to_json() | wrong)
