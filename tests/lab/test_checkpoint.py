"""Checkpoints are data: they come back whole, and whatever else poses as one is refused without being executed."""

from __future__ import annotations

import os
import pickle
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from shapeshot.errors import ModelError, UserError
from shapeshot.lab.checkpoint import Checkpoint, load_checkpoint, optimizer_tensors, restore_optimizer, save_checkpoint
from shapeshot.lab.run_folder import LAST
from shapeshot.lab.train import train
from shapeshot.lab.train_config import TrainConfig


def test_tensors_and_values_come_back(tmp_path: Path) -> None:
    tensors = {"model": {"a.weight": torch.randn(3, 2), "b": torch.tensor(4)}, "ema": {"a.weight": torch.zeros(1)}}
    save_checkpoint(tmp_path / "c.safetensors", tensors, {"step": 7, "best": 0.5})
    loaded = load_checkpoint(tmp_path / "c.safetensors")
    assert loaded.values == {"step": 7, "best": 0.5}
    assert torch.equal(loaded.tensors["model"]["a.weight"], tensors["model"]["a.weight"])
    assert loaded.tensors["model"]["b"] == 4
    assert set(loaded.tensors) == {"model", "ema"}


def test_optimizer_state_comes_back() -> None:
    layer = torch.nn.Linear(3, 2)
    first = torch.optim.AdamW(layer.parameters(), lr=0.1)
    layer(torch.ones(1, 3)).sum().backward()
    first.step()
    second = torch.optim.AdamW(layer.parameters(), lr=0.1)
    restore_optimizer(second, optimizer_tensors(first))
    for parameter in layer.parameters():
        for name, value in first.state[parameter].items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(second.state[parameter][name])), name


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (os.environ["BOMB"],)


def test_a_pickle_is_refused_and_not_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOMB", str(tmp_path / "executed"))
    (tmp_path / "c.safetensors").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelError, match="damaged or not a safetensors"):
        load_checkpoint(tmp_path / "c.safetensors")
    assert not (tmp_path / "executed").exists()


def test_foreign_and_missing_files_are_named(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="not a checkpoint of this version"):
        load_checkpoint(tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="no checkpoint at"):
        load_checkpoint(tmp_path / "nothing.safetensors")
    (tmp_path / "empty.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="damaged"):
        load_checkpoint(tmp_path / "empty.safetensors")


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077])
def test_permissions_are_those_of_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        save_checkpoint(tmp_path / "c.safetensors", {"model": {"a": torch.zeros(1)}}, {})
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "c.safetensors").stat().st_mode) == 0o666 & ~umask


@pytest.fixture(scope="module")
def half_way(tiny_config: TrainConfig, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """The state of a run after two of its four steps."""
    folder = tmp_path_factory.mktemp("half")
    train(replace(tiny_config, tracker="none"), folder, progress=False, stop_after=2)
    return load_checkpoint(folder / LAST)


def _without(checkpoint: Checkpoint, key: str) -> Checkpoint:
    return Checkpoint(checkpoint.tensors, {name: value for name, value in checkpoint.values.items() if name != key})


def _with(checkpoint: Checkpoint, **values: object) -> Checkpoint:
    return Checkpoint(checkpoint.tensors, checkpoint.values | values)


def _with_tensors(checkpoint: Checkpoint, group: str, **tensors: torch.Tensor) -> Checkpoint:
    return Checkpoint(checkpoint.tensors | {group: checkpoint.tensors[group] | tensors}, checkpoint.values)


@pytest.mark.parametrize(
    "tampered",
    [
        lambda c: _without(c, "config"),
        lambda c: _without(c, "step"),
        lambda c: _with(c, config=[1]),
        lambda c: _with(c, config={"model": {"type": "vox", "width": 3}, "lr": "x"}),
        lambda c: _with(c, config={"model": 3}),
        lambda c: _with(c, step="2"),
        lambda c: _with(c, step=-1),
        lambda c: _with(c, step=10**30),
        lambda c: _with(c, step=True),
        lambda c: _with(c, best=None),
        lambda c: _with(c, seconds=1e999),
        lambda c: Checkpoint({"model": c.tensors["model"]}, c.values),
        lambda c: Checkpoint(c.tensors | {"ema": {}}, c.values),
        lambda c: _with_tensors(c, "optimizer", **{"99.exp_avg": torch.zeros(1)}),
        lambda c: _with_tensors(c, "optimizer", **{"x.exp_avg": torch.zeros(1)}),
        lambda c: _with_tensors(c, "optimizer", **{"0.exp_avg": torch.zeros(3, 1, 4)}),
        lambda c: _with_tensors(c, "optimizer", **{"0.more": torch.zeros(())}),
    ],
)
def test_tampered_resumes_end_in_one_line(
    half_way: Checkpoint, tiny_config: TrainConfig, tmp_path: Path, tampered: Callable[[Checkpoint], Checkpoint]
) -> None:
    """With a sound digest, as somebody who means it would write them."""
    changed = tampered(half_way)
    save_checkpoint(tmp_path / LAST, changed.tensors, changed.values)
    with pytest.raises(UserError) as caught:
        train(replace(tiny_config, tracker="none"), tmp_path, progress=False)
    assert "\n" not in str(caught.value)
    assert LAST in str(caught.value)
