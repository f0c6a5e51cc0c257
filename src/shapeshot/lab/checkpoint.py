"""Checkpoints: one safetensors file with the tensors, and JSON for everything else in its header.

One file, so that it can be replaced atomically; data only, so that loading one never executes code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from shapeshot.errors import ExportError, ModelError
from shapeshot.files import atomic_path

FORMAT = "shapeshot-checkpoint"
VERSION = "1"


@dataclass(frozen=True)
class Checkpoint:
    """Named groups of tensors ("model", "ema", "optimizer") and plain values (configuration, step, scores)."""

    tensors: dict[str, dict[str, torch.Tensor]]
    values: dict[str, Any]


def save_checkpoint(
    path: str | Path, tensors: Mapping[str, Mapping[str, torch.Tensor]], values: Mapping[str, Any]
) -> None:
    """Write in one step: a run that is killed at any moment, or a full disk, leaves the earlier file whole.

    Raises ExportError where it cannot be written.
    """
    flat = {
        f"{group}/{name}": tensor.detach().contiguous().clone()
        for group, members in tensors.items()
        for name, tensor in members.items()
    }
    metadata = {"format": FORMAT, "version": VERSION, "values": json.dumps(values)}
    metadata["sha256"] = _digest(flat, metadata["values"])
    with atomic_path(path) as temporary:
        try:
            save_file(flat, temporary, metadata=metadata)
        except SafetensorError as error:
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
            if (metadata.get("format"), metadata.get("version")) != (FORMAT, VERSION):
                raise ModelError(f"{path} is not a checkpoint of this version of shapeshot; train again")
            flat = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (the handle is not a dict)
            values = json.loads(metadata["values"])
    except (SafetensorError, OSError, ValueError, KeyError, RecursionError) as error:
        raise ModelError(f"{path} is damaged or not a safetensors checkpoint ({error})") from error
    # Those of the first version carry no digest.
    if metadata.get("sha256", digest := _digest(flat, metadata["values"])) != digest or not isinstance(values, dict):
        raise ModelError(f"{path} is damaged: its content is not what was saved; copy it again, or train again")
    tensors: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in flat.items():
        group, _, member = name.partition("/")
        tensors.setdefault(group, {})[member] = tensor
    return Checkpoint(tensors, values)


def _digest(tensors: Mapping[str, torch.Tensor], values: str) -> str:
    """SHA-256 of the values and of every tensor's name, type, shape and bytes, in the order of the names."""
    digest = hashlib.sha256(values.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """An optimizer's state as flat named tensors."""
    state = optimizer.state_dict()["state"]
    return {
        f"{index}.{name}": torch.as_tensor(value) for index, slots in state.items() for name, value in slots.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    """The inverse of `optimizer_tensors`, into an optimizer over the same parameters."""
    state = optimizer.state_dict()
    slots: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, slot = name.partition(".")
        slots.setdefault(int(index), {})[slot] = tensor
    optimizer.load_state_dict({"state": slots, "param_groups": state["param_groups"]})
