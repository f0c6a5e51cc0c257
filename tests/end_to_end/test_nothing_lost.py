"""Every command, flag, route, file and format as before, save for what is meant to differ.

tests/golden/public_surface.json was recorded from commit 43c3f2d by tests/helpers/public_surface.py.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("fastapi", reason="needs the extra `studio`")
pytest.importorskip("pxr", reason="needs the extra `usd`")

from public_surface import Surface, canary, flat, public_surface

GOLDEN = Path(__file__).parents[1] / "golden" / "public_surface.json"
# What differs on purpose: a pattern of keys (see public_surface.py), and why. Each must match some difference.
INTENDED: dict[str, str] = {}


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    return json.loads(GOLDEN.read_text())


@pytest.fixture(scope="module")
def differences(golden: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Surface:
    """Key -> (before, now) of whatever is not as before."""
    now, before = public_surface(tmp_path_factory.mktemp("surface")), golden["surface"]
    same = exactly if canary() == golden["canary"] else roughly
    found = {key: (before.get(key), now.get(key)) for key in {*before, *now}}
    return {key: pair for key, pair in found.items() if not ((key in before) == (key in now) and same(*pair))}


def test_nothing_is_lost_or_changed(differences: Surface) -> None:
    unintended = {key: pair for key, pair in differences.items() if not any(re.fullmatch(p, key) for p in INTENDED)}
    assert not unintended, "\n".join(f"{key}: {before!r} -> {now!r}" for key, (before, now) in unintended.items())


@pytest.mark.parametrize("pattern", INTENDED)
def test_each_intended_difference_is_one(differences: Surface, pattern: str) -> None:
    assert any(re.fullmatch(pattern, key) for key in differences)


def test_a_difference_is_seen() -> None:
    assert flat("x", {"a": [1, {"b": None}], "c": {}}) == {"x/a/0": 1, "x/a/1/b": None, "x/c": {}}
    assert not exactly("sha256 1", "sha256 2")
    assert roughly("sha256 1", "sha256 2")
    assert not roughly("sha256 1", None)
    assert not roughly(1.0, 1.1)


def exactly(before: Any, now: Any) -> bool:
    return type(before) is type(now) and before == now


def roughly(before: Any, now: Any) -> bool:
    """Where the network's last bits differ: numbers are near, and digests are only both there."""
    if isinstance(before, str) and isinstance(now, str) and before.startswith("sha256 "):
        return now.startswith("sha256 ")
    if isinstance(before, int | float) and isinstance(now, int | float) and not isinstance(before, bool):
        return math.isclose(before, now, rel_tol=0.02, abs_tol=0.01)
    return exactly(before, now)
