"""Checkpoints are data: they come back whole, and whatever else poses as one is refused without being executed."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from shapeshot.errors import ModelError
from shapeshot.lab.checkpoint import load_checkpoint, optimizer_tensors, restore_optimizer, save_checkpoint


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
