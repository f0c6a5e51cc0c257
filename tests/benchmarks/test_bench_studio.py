"""The studio's benchmark runs and prints its rows."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "bench_studio.py"


@pytest.mark.slow
def test_quick_run() -> None:
    pytest.importorskip("playwright", reason="needs playwright, of the extra `dev`")
    pytest.importorskip("uvicorn", reason="needs the extra `studio`")
    if not shutil.which("chromium"):
        pytest.skip("no Chromium on this machine")
    done = subprocess.run([sys.executable, str(BENCHMARK), "--quick"], capture_output=True, text=True, check=True)
    machine, *rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"machine", "cores", "chromium"} <= set(machine)
    names = ["first contentful paint", "usable", "first photo to shapes", "next photo to shapes"]
    assert [row["bench"] for row in rows] == [f"studio: {name}" for name in names]
    assert all(0 < row["fastest"] <= row["seconds"] <= row["slowest"] < 60 for row in rows)
