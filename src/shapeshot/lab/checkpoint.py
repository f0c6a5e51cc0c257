"""Checkpoints: one safetensors file with the tensors, and JSON for everything else in its header.

One file, so that it can be replaced atomically; data only, so that loading one never executes code.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from shapeshot.errors import ExportError, ModelError
from shapeshot.files import atomic_path
from shapeshot.lab.encoders.weights_file import first_line

FORMAT = "shapeshot-checkpoint"
VERSION = "2"
FIRST_VERSION = "1"  # may have no digest; one damaged bit does not turn a "2" into a "1"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds: groups of tensors ("model", "ema", "optimizer") and plain values (settings, scores)."""

    tensors: dict[str, dict[str, torch.Tensor]]
    values: dict[str, Any]


def save_checkpoint(
    path: str | Path, tensors: Mapping[str, Mapping[str, torch.Tensor]], values: Mapping[str, Any]
) -> None:
    """Write a checkpoint in one step: a run killed at any moment, or a full disk, leaves the earlier file whole.

    Raises ExportError where it cannot be written.
    """
    flat = {
        f"{group}/{name}": tensor.detach().contiguous().clone()
        for group, members in tensors.items()
        for name, tensor in members.items()
    }
    metadata = {"format": FORMAT, "version": VERSION, "values": json.dumps(values)}
    metadata["sha256"] = _digest(flat, metadata["values"])
    content = save(flat, metadata=metadata)  # safetensors' own writer leaves a file of its own behind when it is killed
    with atomic_path(path) as temporary:
        try:
            temporary.write_bytes(content)
        except OSError as error:
            raise ExportError(
                f"cannot write the checkpoint {path} ({error}); free some space and run again: an earlier one is intact"
            ) from error


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint. Raises ModelError for a missing, damaged or foreign file; a pickle is refused unread."""
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"no checkpoint at {path}; train one with `shapeshot train`")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            version = metadata.get("version")
            if metadata.get("format") != FORMAT or version not in (FIRST_VERSION, VERSION):
                raise ModelError(f"{path} is not a checkpoint of this version of shapeshot; train again")
            flat = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (the handle is not a dict)
            values = json.loads(metadata["values"])
    except (SafetensorError, OSError, ValueError, KeyError, RecursionError) as error:
        raise ModelError(f"{path} is damaged or not a safetensors checkpoint ({error})") from error
    digest = _digest(flat, metadata["values"])
    told = metadata.get("sha256", digest if version == FIRST_VERSION else None)
    if told != digest or not isinstance(values, dict):
        raise ModelError(f"{path} is damaged: its content is not what was saved; copy it again, or train again")
    tensors: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in flat.items():
        group, _, member = name.partition("/")
        tensors.setdefault(group, {})[member] = tensor
    return Checkpoint(tensors, values)


def _digest(tensors: Mapping[str, torch.Tensor], values: str) -> str:
    """Compute the SHA-256 of the values and of each tensor's name, type, shape and bytes, in the order of the names."""
    digest = hashlib.sha256(values.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


@dataclass(frozen=True)
class Progress:
    """How far a run came. step: the steps it made. best: its best validation score. seconds: how long that took."""

    step: int
    best: float
    seconds: float


def resume(
    checkpoint: Checkpoint,
    name: str | Path,
    model: nn.Module,
    ema: nn.Module,
    optimizer: torch.optim.Optimizer,
    max_iter: int,
) -> Progress:
    """Put a run back where its checkpoint left it. Raises ModelError where that does not hold such a state."""
    try:
        model.load_state_dict(checkpoint.tensors["model"])
        ema.load_state_dict(checkpoint.tensors["ema"])
        restore_optimizer(optimizer, checkpoint.tensors["optimizer"])
        step, best, seconds = (checkpoint.values[key] for key in ("step", "best", "seconds"))
        if type(step) is not int or not 0 <= step <= max_iter:
            raise ValueError(f"step must be a whole number in 0..{max_iter}; got {step!r:.40}")
        for number in (best, seconds):
            if type(number) not in (int, float) or not math.isfinite(number):
                raise ValueError(f"best and seconds must be finite numbers; got {number!r:.40}")
    except (KeyError, ValueError, TypeError, RuntimeError, IndexError, OverflowError) as error:
        raise ModelError(
            f"{name} is not a state that this run could have left ({first_line(error)}); remove it to start again"
        ) from error
    return Progress(step, float(best), float(seconds))


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Return an optimizer's state as flat named tensors."""
    state = optimizer.state_dict()["state"]
    return {
        f"{index}.{name}": torch.as_tensor(value) for index, slots in state.items() for name, value in slots.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    """Undo `optimizer_tensors`, for an optimizer over the same parameters. Raises ValueError where they do not fit."""
    state = optimizer.state_dict()
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    slots: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, slot = name.partition(".")
        if not index.isdecimal() or int(index) >= len(parameters):
            raise ValueError(f"the optimizer has no parameter {index!r}")
        if tensor.ndim and tensor.shape != parameters[int(index)].shape:
            raise ValueError(f"the optimizer's {name} has the shape {list(tensor.shape)}")
        slots.setdefault(int(index), {})[slot] = tensor
    if len({frozenset(members) for members in slots.values()}) > 1:
        raise ValueError("the optimizer's parameters have different states")
    optimizer.load_state_dict({"state": slots, "param_groups": state["param_groups"]})
