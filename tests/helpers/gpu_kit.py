"""The scripts of recipes/gpu as modules: each imports its neighbours by their bare names, as beside it on a machine."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

KIT = Path(__file__).parents[2] / "recipes" / "gpu"


def kit(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the script `name`.py defines."""
    monkeypatch.syspath_prepend(str(KIT))
    return SimpleNamespace(**runpy.run_path(str(KIT / f"{name}.py")))
