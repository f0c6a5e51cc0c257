"""Checkpoints of training: damaged files, and whole ones whose values or tensors nobody would have saved."""

from __future__ import annotations

import copy
import json
import random
import tempfile
from pathlib import Path
from typing import Any

from bundles import Files, damaged, written
from isolated import MIB

NAME = "best.safetensors"
ODD = (None, True, -1, 0, 1e400, float("nan"), 2**70, 10**9, "x" * 40, "../x", [], {}, [[]], {"a": 1}, 0.5, 64, 3)


def odd_values(values: Any, chance: random.Random) -> Any:
    """The same plain values but for one, anywhere among them."""
    values = copy.deepcopy(values)
    at = values
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            return values
        key = chance.choice(keys)
        if isinstance(at[key], dict | list) and at[key] and chance.random() < 0.8:
            at = at[key]
            continue
        if chance.random() < 0.2:
            del at[key]
        else:
            at[key] = chance.choice(ODD)
        return values


def network() -> Any:
    """A small network with its settings."""
    import torch

    from shapeshot.lab.kinds.field import FieldConfig, FieldModelConfig

    torch.manual_seed(0)
    model = FieldModelConfig(encoder_weights="none", image_size=32, width=16, depth=1, num_heads=2, channels=8,
                             resolution=8, hidden=8)  # fmt: skip
    return FieldConfig(data=("data",), model=model, batch_size=2, max_iter=4)


class Checkpoints:
    """Reads each as a resumed run and as an exported model would."""

    seconds, memory = 10.0, 1024 * MIB

    def __init__(self) -> None:
        from shapeshot.lab.checkpoint import load_checkpoint, save_checkpoint
        from shapeshot.lab.settings import to_json

        self._save, self._load = save_checkpoint, load_checkpoint
        values = {"config": to_json(network()), "threshold": 0.4, "step": 2, "best": 0.5, "seconds": 3.0}
        self._values = json.loads(json.dumps(values))
        self._tensors = _tensors()
        self.good = [{NAME: self._saved(self._tensors, self._values)}]

    def make(self, chance: random.Random) -> Files:
        """A damaged file; or one that was saved so, with one odd value or tensor."""
        kind = chance.random()
        if kind < 0.4:
            return damaged(self.good[0], self.good, chance)
        if kind < 0.8:
            return {NAME: self._saved(self._tensors, odd_values(self._values, chance))}
        return {NAME: self._saved(_odd_tensors(self._tensors, chance), self._values)}

    def read(self, files: Files, folder: Path) -> str:
        """Settings, network, threshold; and the state of a run."""
        import torch

        from shapeshot.lab.checkpoint import resume
        from shapeshot.lab.runs import open_checkpoint, threshold_of

        checkpoint = open_checkpoint(written(files, folder) / NAME)
        layer, other = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
        threshold_of(checkpoint)
        resume(checkpoint, NAME, layer, other, torch.optim.AdamW(layer.parameters()), 4)
        return "read"

    def _saved(self, tensors: dict[str, dict[str, Any]], values: Any) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            self._save(Path(folder) / NAME, tensors, values)
            return (Path(folder) / NAME).read_bytes()


def _tensors() -> dict[str, dict[str, Any]]:
    """Those of a run of a layer."""
    import torch

    from shapeshot.lab.checkpoint import optimizer_tensors

    layer = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return {"model": layer.state_dict(), "ema": layer.state_dict(), "optimizer": optimizer_tensors(optimizer)}


def _odd_tensors(tensors: dict[str, dict[str, Any]], chance: random.Random) -> dict[str, dict[str, Any]]:
    import torch

    changed = {group: dict(members) for group, members in tensors.items()}
    group = chance.choice(sorted(changed))
    name = chance.choice(sorted(changed[group]))
    odd = (torch.zeros(0), torch.tensor(float("nan")), torch.zeros(3, 2, dtype=torch.int64), torch.zeros(10**6))
    changed[group][name] = chance.choice((*odd, changed[group][name].to(torch.float16), changed[group][name][None]))
    if chance.random() < 0.3:
        changed[group][chance.choice(("x", "9.step", "a.step", "0", "-1.exp_avg"))] = changed[group].pop(name)
    return changed
