"""Encoder weights from a folder or file of the user's: safetensors and JSON alone, so that nothing is ever executed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from shapeshot.errors import ModelError

WEIGHTS, CONFIG = "model.safetensors", "config.json"
HOW = "give 'pretrained', 'none', a folder with model.safetensors and config.json, or a .safetensors file"
MAX_CONFIG_BYTES = 1_000_000


@dataclass(frozen=True)
class LocalWeights:
    """Weights read from a disk. path: of the tensors' file. config: what the config.json beside it says, if any."""

    path: Path
    tensors: dict[str, Tensor]
    config: dict[str, Any] | None


def read_weights(path: str | Path) -> LocalWeights:
    """Read the tensors (floats as float32, all finite) and configuration of a folder or a safetensors file.

    Raises ModelError where there is none, where it is damaged, and for a pickle (.bin, .pt, .pth), which is not opened.
    """
    path = Path(path)
    if not path.exists():
        raise ModelError(f"no encoder weights at {str(path)!r}; {HOW}")
    file = path / WEIGHTS if path.is_dir() else path
    if not file.is_file():
        pickles = sorted(item.name for item in path.glob("*.bin")) if path.is_dir() else []
        found = f", only {pickles[0]}, a pickle, which is never loaded: it could execute code" if pickles else ""
        raise ModelError(f"{path} holds no {WEIGHTS}{found}; save it with transformers' `save_pretrained`")
    return LocalWeights(file, _tensors(file), _config(file.with_name(CONFIG)))


def _tensors(file: Path) -> dict[str, Tensor]:
    try:
        with file.open("rb") as stream:
            start = stream.read(9)
        # A safetensors file is the header's length in 8 bytes, then the header, a JSON object.
        if start[8:] != b"{":
            raise ModelError(f"{file} is no safetensors file; a pickle is never loaded: it could execute code; {HOW}")
        tensors = load_file(file)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{file} is damaged ({first_line(error)}); copy or download it again") from None
    tensors = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    broken = [name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()]
    if broken:
        raise ModelError(f"{file} is damaged ({broken[0]} has values that are not finite); copy or download it again")
    return tensors


def _config(file: Path) -> dict[str, Any] | None:
    if not file.is_file():
        return None
    try:
        if file.stat().st_size > MAX_CONFIG_BYTES:
            raise ValueError(f"more than {MAX_CONFIG_BYTES} bytes")
        config = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError("no JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{file} cannot be read ({first_line(error)}); copy or download it again") from None
    return config


def first_line(error: BaseException) -> str:
    """Shorten an error to one line: its first, with the next after a colon, or its kind where it says nothing."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1])
