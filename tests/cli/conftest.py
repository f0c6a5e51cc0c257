"""The command line in this process, with a model that needs no training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import shapeshot.model.field_model
import shapeshot.pipeline.reconstruct  # before `use_model` acts: what is imported meanwhile would keep its model
from shapeshot.cli import main


@dataclass(frozen=True)
class Outcome:
    """What a command did: its exit code and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def shapeshot_command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs `shapeshot WORD...` in this process."""

    def run(*words: object) -> Outcome:
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def use_model(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Makes `shapeshot reconstruct` load the given model."""

    def use(model: Any) -> None:
        monkeypatch.setattr(shapeshot.model.field_model, "load_model", lambda folder=None: model)

    return use


@pytest.fixture
def photo_file(tmp_path: Path, photo: np.ndarray) -> Path:
    """A PNG with one object on transparency."""
    path = tmp_path / "photos" / "disc.png"
    path.parent.mkdir()
    Image.fromarray(photo).save(path)
    return path
