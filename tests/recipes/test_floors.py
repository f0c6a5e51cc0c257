"""The recipe that names the lowest versions: every dependency's, extras within extras included."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

tomllib = pytest.importorskip("tomllib", reason="Python 3.11")

RECIPE = Path(__file__).parents[2] / "recipes" / "floors.py"
_SPEC = importlib.util.spec_from_file_location("floors", RECIPE)
assert _SPEC is not None
assert _SPEC.loader is not None
recipe = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(recipe)

PROJECT = {
    "name": "own",
    "dependencies": ["numpy>=1.26"],
    "optional-dependencies": {
        "one": ["own[two]", "torch>=2.6,<2.14", "ray[default]>=2.35"],
        "two": ["scipy >= 1.11"],
        "bad": ["left"],
    },
}


def test_the_lowest_of_each() -> None:
    assert recipe.floors(PROJECT, []) == ["numpy==1.26"]
    assert recipe.floors(PROJECT, ["one"]) == ["numpy==1.26", "torch==2.6", "ray==2.35", "scipy==1.11"]


def test_a_dependency_without_a_lowest_version_is_told() -> None:
    with pytest.raises(ValueError, match="'left' has no lowest version"):
        recipe.floors(PROJECT, ["bad"])


def test_all_of_ours_have_one(capsys: pytest.CaptureFixture[str]) -> None:
    extras = tomllib.loads(recipe.PROJECT.read_text())["project"]["optional-dependencies"]
    assert recipe.main(sorted(extras)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {"numpy", "onnxruntime", "fastapi", "torch"} <= {line.partition("==")[0] for line in lines}
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
