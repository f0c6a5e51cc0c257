"""Worker processes: the same results as without, also when workers are killed or the run is interrupted."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from shapeshot.errors import UserError
from shapeshot.folders import Outcome, run_photos
from shapeshot.folders.run import plan_job
from shapeshot.folders.work import PhotoJob, begin_photos, outcome_from
from shapeshot.jobs.processes import ProcessPool
from shapeshot.model.field_model import FieldModel
from shapeshot.pipeline.options import Options


def pool_of(jobs: list[PhotoJob], model: FieldModel) -> ProcessPool[PhotoJob, Outcome]:
    begin = partial(begin_photos, str(model.folder.path), Options())
    return ProcessPool(jobs, begin, 2, what="photo", looks_ahead=True)


def assert_alike(found: Any, expected: Any) -> None:
    """The same, but for the rounding of numbers: ONNX Runtime 1.20 sums in another order with fewer threads."""
    if isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            assert_alike(found[key], value)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_alike(one, other)
    else:
        assert found == expected


def test_processes_make_what_this_one_makes_even_if_one_is_killed(
    make_photos: Callable, plan: Callable, contents: Callable, shipped_model: FieldModel, tmp_path: Path
) -> None:
    photos = make_photos(4)
    (photos / "bad.jpg").write_text("no photo")
    run_photos(plan(photos, "all"), shipped_model, Options(), num_workers=1)
    expected = contents(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "alone")
    killed: list[int] = []

    def kill_one(outcome: Outcome) -> None:
        if not killed:
            killed.append(multiprocessing.active_children()[0].pid or 0)
            os.kill(killed[0], signal.SIGKILL)

    outcomes = run_photos(plan(photos, "all"), shipped_model, Options(), num_workers=2, report=kill_one)
    assert [outcome.status for outcome in outcomes] == ["done"] * 4 + ["failed"]
    assert_alike(contents(tmp_path / "out"), expected)
    assert not list(tmp_path.rglob(".*"))


def test_a_photo_that_kills_every_worker_is_reported(
    make_photos: Callable, plan: Callable, poisoned: Callable, shipped_model: FieldModel
) -> None:
    jobs = [plan_job(target, shipped_model, Options(), resume=True) for target in plan(make_photos(4))]
    pool = pool_of([poisoned(jobs[0]), *jobs[1:]], shipped_model)
    outcomes = {outcome.target.photo.name: outcome for outcome in map(outcome_from, pool.results())}
    assert pool.finish() == []
    assert Counter(outcome.status for outcome in outcomes.values()) == {"done": 3, "failed": 1}
    assert outcomes["000.jpg"].attempts == 2
    assert "died 2 times" in outcomes["000.jpg"].error


def test_workers_that_never_live_end_the_run(
    make_photos: Callable, plan: Callable, poisoned: Callable, shipped_model: FieldModel
) -> None:
    jobs = [poisoned(plan_job(target, shipped_model, Options(), resume=True)) for target in plan(make_photos(6))]
    pool = pool_of(jobs, shipped_model)
    with pytest.raises(UserError, match="fewer --workers or more memory"):
        list(pool.results())
    pool.finish()


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_and_the_next_run_goes_on(
    make_photos: Callable, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    out = tmp_path / "out"
    words = ["reconstruct", make_photos(16), "--out", out, "--as", "voxels", "--workers", 2]
    command = [sys.executable, "-m", "shapeshot", *map(str, words)]
    started = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not list(out.rglob("result.json")) and started.poll() is None:
        time.sleep(0.01)
    os.killpg(started.pid, number)  # as a terminal and a service manager do: to the workers too
    _, errors = started.communicate(timeout=60)
    assert (started.returncode, errors) == (code, "shapeshot: interrupted\n")
    counts = Counter(pyarrow.parquet.read_table(out / "manifest.parquet")["outcome"].to_pylist())
    assert set(counts) == {"done", "pending"}
    assert counts["done"] == len(list(out.rglob("result.json"))) == len(list(out.rglob("voxels.npz")))
    assert not list(tmp_path.rglob(".*"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    counts = {"kept": counts["done"], "done": counts["pending"]}
    assert Counter(pyarrow.parquet.read_table(out / "manifest.parquet")["outcome"].to_pylist()) == counts
    assert "16 photos: " in done.stdout
