"""Every benchmark of an operator runs and prints rows that docs/performance.md can be written from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
# Those that declare an operator, so that a new one is smoked without a line here.
DECLARED = "BENCHMARK = Benchmark("
OP_BENCHMARKS = sorted(path.name for path in BENCHMARKS.glob("bench_*.py") if DECLARED in path.read_text())


def run(name: str, *options: str) -> list[dict[str, object]]:
    command = [sys.executable, str(BENCHMARKS / name), "--quick", "--threads", "1", *options]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_points_are_among_them() -> None:
    assert {"bench_chamfer.py", "bench_knn.py", "bench_point_mesh.py"} <= set(OP_BENCHMARKS)


@pytest.mark.parametrize("name", OP_BENCHMARKS)
def test_quick_run(name: str) -> None:
    machine, *rows = run(name, "--no-memory")
    assert {"machine", "cores", "threads", "device", "torch", "python"} <= set(machine)
    assert rows
    for row in rows:
        assert row["bench"] == name.removeprefix("bench_").removesuffix(".py")
        assert isinstance(row["median_ms"], dict)
        assert isinstance(row["ratio"], float)
        assert row["ratio"] > 0
        assert min(row["median_ms"].values()) > 0
