"""The load test of the API runs and prints what docs/http-api.md and the bars are read from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra `studio`")

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bench_serve.py"


@pytest.mark.slow
def test_quick_run() -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(SCRIPT), "--quick", "--workers", "1", "--queue", "3"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    machine, folder, usual, overload = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"machine", "cores", "shapeshot", "onnxruntime", "fastapi"} <= set(machine)
    assert folder["per_s"] > 0
    for row in (usual, overload):
        assert row["accepted"] > 0
        assert row["errors"] == {}
        assert row["p99_s"] >= row["p50_s"] > 0
    assert usual["ratio_to_folder_run"] == pytest.approx(usual["per_s"] / folder["per_s"], rel=0.02)
    assert overload["refused"] > 0
    assert overload["healthz_max_s"] > 0
    assert overload["recovery_s"] > 0
    assert usual["missed"] == (["ratio_to_folder_run"] if usual["ratio_to_folder_run"] < 0.8 else [])
    assert {"errors", "peak_rss_mb"}.isdisjoint(overload["missed"])
