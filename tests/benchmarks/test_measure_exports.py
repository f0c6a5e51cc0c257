"""The measurement of the exports runs, and its numbers are those that docs/formats.md promises."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_every_format_and_touch_is_measured() -> None:
    pytest.importorskip("pxr", reason="needs the extra `usd`")
    pytest.importorskip("fast_simplification", reason="needs the extra `finish`")
    script, photo = ROOT / "benchmarks/measure_exports.py", ROOT / "examples/chair.jpg"
    done = subprocess.run([sys.executable, script, photo], capture_output=True, text=True, check=True)
    rows = {row["what"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert {".glb", ".3mf", ".sh3f", "smooth 10", "simplify to a tenth", "printable"} <= set(rows)
    assert all(row["bytes"] > 1000 for name, row in rows.items() if name.startswith("."))
    assert rows["smooth 10"]["volume"] == pytest.approx(1, abs=0.02)
    assert rows["texture"]["mean"] < 1
