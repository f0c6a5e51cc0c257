"""The training benchmarks run, and both sides of the step train on the same examples with the same loss."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch):
    """Imports a module of benchmarks/."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module


def run(name: str, *options: str) -> list[dict]:
    command = [sys.executable, str(FOLDER / name), "--quick", "--threads", "1", *options]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("regime", ["frozen", "trained"])
def test_train_step_runs_for_every_kind(regime: str) -> None:
    machine, *rows = run("bench_train_step.py", "--regimes", regime)
    assert {"machine", "threads", "torch"} <= set(machine)
    assert [row["kind"] for row in rows] == ["vox", "point", "mesh", "field"]
    assert all(row["ratio"] > 0 and min(row["samples_per_s"].values()) > 0 for row in rows)


@pytest.mark.parametrize("kind", ["vox", "point", "mesh"])
def test_both_sides_of_a_step_have_the_same_loss(load, kind: str, tmp_path: Path) -> None:
    bench, objects = load("bench_train_step"), load("training_objects").make_objects(4, views=1)
    sides = [bench.Training(side, kind, "frozen", objects, 4, tmp_path) for side in bench.SIDES]
    losses = [[side.step() for _ in range(2)] for side in sides]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)  # bfloat16 decoders; a mesh's samples are other draws
    assert losses[0][0] != losses[0][1]


@pytest.mark.slow
def test_loader_runs_and_names_the_fastest_step() -> None:
    _, *rows = run("bench_loader.py")
    *loaders, summary = rows
    assert {row["inputs"] for row in loaders} == {"frozen", "trained"}
    assert all(row["samples_per_s"] > 0 for row in loaders)
    assert summary["ratio"] > 0
