"""A field model whose graphs are written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hand_models import write_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model whose values are known in closed form, see `hand_models.write_model`."""
    path = tmp_path / "model"
    path.mkdir()
    return write_model(path)
