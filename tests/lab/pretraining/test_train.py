"""Pretraining from end to end: resumed as if never stopped, usable as an encoder, and errors in one line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from shapeshot.cli import main
from shapeshot.errors import ModelError, NotFiniteError, UserError
from shapeshot.lab.encoders import ENCODERS
from shapeshot.lab.pretraining import train
from shapeshot.lab.pretraining.config import PretrainConfig
from shapeshot.lab.pretraining.objectives import OBJECTIVES
from shapeshot.lab.pretraining.pictures import Pictures
from shapeshot.lab.pretraining.train import Pretraining, pretrain
from shapeshot.lab.run_folder import CONFIG, LAST, LOG


@pytest.fixture
def config(tiny_data: str) -> PretrainConfig:
    return PretrainConfig(
        data=(tiny_data,), max_iter=4, batch_size=4, image_size=32, text="words", amp=False, save_every=1
    )


def weights(encoder: Path) -> dict[str, torch.Tensor]:
    return load_file(encoder / "model.safetensors")


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_stopped_run_ends_as_one_that_was_not(
    objective: str, config: PretrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(config, objective=objective)
    whole = weights(pretrain(config, tmp_path / "whole", progress=False))

    class Killed(Exception):
        """The end of a process, as far as a test can have it."""

    def dies(run: Pretraining) -> None:
        save(run)
        if run.step == 2:
            raise Killed

    save = Pretraining.save
    monkeypatch.setattr(Pretraining, "save", dies)
    with pytest.raises(Killed):
        pretrain(config, tmp_path / "stopped", progress=False)
    monkeypatch.setattr(Pretraining, "save", save)
    resumed = weights(pretrain(config, tmp_path / "stopped", progress=False))
    assert resumed.keys() == whole.keys()
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


@pytest.mark.parametrize("objective", ["label", "dino"])
def test_what_was_learned_is_an_encoder(objective: str, config: PretrainConfig, tmp_path: Path) -> None:
    place = pretrain(replace(config, objective=objective), tmp_path, progress=False)
    told = json.loads((place / CONFIG).read_text())
    assert told["pretraining"]["objective"] == objective
    pictures = Pictures(config.data, 32, progress=False)
    learned = Pretraining(replace(config, objective=objective), pictures, tmp_path).objective.learned.eval()
    for path in (place, place / "model.safetensors"):
        encoder = ENCODERS["resnet18"](str(path), image_size=32).eval()
        torch.testing.assert_close(encoder(pictures.views[0]).pooled, learned(pictures.views[0]).pooled)


def test_pictures_of_a_step_are_of_different_objects_and_all_come_equally_often(config: PretrainConfig) -> None:
    pictures = Pictures(config.data, 32, progress=False)
    count = len(pictures.views)
    first = [pictures.batch(step, 2, 5) for step in range(count)]
    objects = torch.cat([batch.objects for batch in first]).tolist()
    assert sorted(objects[:count]) == sorted(objects[count:]) == list(range(count))
    again = pictures.batch(3, 2, 5)
    assert torch.equal(again.pixels, first[3].pixels)
    assert torch.equal(again.objects, first[3].objects)


def test_the_steps_of_a_time_are_decided_once(config: PretrainConfig, tmp_path: Path, tiny_data: str) -> None:
    pretrain(config, tmp_path, seconds=1e-9, progress=False)
    assert json.loads((tmp_path / CONFIG).read_text())["max_iter"] == 1
    pretrain(config, tmp_path, seconds=1e9, progress=False)
    assert json.loads((tmp_path / CONFIG).read_text())["max_iter"] == 1
    assert [json.loads(line)["step"] for line in (tmp_path / LOG).read_text().splitlines()] == [1]


def test_a_finished_run_is_left_as_it_is(config: PretrainConfig, tmp_path: Path) -> None:
    place = pretrain(config, tmp_path, progress=False)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    assert len(times) == 2
    assert pretrain(config, tmp_path, progress=False) == place
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")} == times


def test_what_cannot_go_on_is_told(config: PretrainConfig, tmp_path: Path) -> None:
    place = pretrain(config, tmp_path, progress=False)
    with pytest.raises(UserError, match="other settings"):
        pretrain(replace(config, seed=1), tmp_path, progress=False)
    (place / CONFIG).write_text("{")
    save_file({"model/x": torch.zeros(1)}, tmp_path / LAST)
    with pytest.raises(ModelError, match="is not a checkpoint"):
        pretrain(config, tmp_path, progress=False)
    (tmp_path / CONFIG).write_text("{")
    with pytest.raises(UserError, match=r"config\.json cannot be read"):
        pretrain(config, tmp_path, progress=False)


def test_a_run_that_diverges_says_so(config: PretrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "_lr_factor", lambda progress: float("nan"))
    with pytest.raises(NotFiniteError, match="lower --lr"):
        pretrain(config, tmp_path, progress=False)


def test_the_command_pretrains(tiny_data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    sizes = ["--image-size", "32", "--batch-size", "4", "--max-iter", "2", "--quiet"]
    assert main(["pretrain", "--data", tiny_data, "--objective", "none", "--out", str(out), *sizes]) == 0
    assert capsys.readouterr().out == f"encoder: --arch resnet18 --encoder-weights {out / 'encoder'}\n"


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ([], "no data to pretrain on"),
        (["--data", "d", "--objective", "lable"], "Did you mean 'label'"),
        (["--data", "d", "--image-size", "40"], "must be a multiple of 32"),
        (["--data", "d", "--text", "word"], "Did you mean 'words'"),
        (["--data", "d", "--seconds", "0"], "--seconds must be greater than 0"),
        (["--data", "d", "--seconds", "9", "--max-iter", "9"], "leave one of --seconds and --max-iter out"),
        (["--data", "nowhere"], "nowhere holds no dataset"),
    ],
)
def test_bad_input(
    flags: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["pretrain", *flags]) == 2
    assert told in capsys.readouterr().err
