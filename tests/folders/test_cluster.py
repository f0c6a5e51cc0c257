"""A run over a real Ray cluster of two nodes on this machine, one of which is killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from ray_nodes import ray_cluster_of_two

from shapeshot.errors import UserError
from shapeshot.folders import Outcome, run_photos
from shapeshot.folders.cluster import ray_pool
from shapeshot.folders.run import plan_job
from shapeshot.folders.targets import RESULT
from shapeshot.folders.work import outcome_from
from shapeshot.jobs import ray as jobs_ray
from shapeshot.jobs.interrupt import Terminated
from shapeshot.model.field_model import FieldModel
from shapeshot.pipeline.options import Options

ray = pytest.importorskip("ray", reason="needs the extra `cluster`")


@pytest.fixture
def two_nodes() -> Iterator[Any]:
    with ray_cluster_of_two() as cluster:
        yield cluster


@pytest.mark.slow
def test_a_cluster_that_loses_a_node_makes_what_this_machine_makes(
    two_nodes: Any,
    make_photos: Callable,
    plan: Callable,
    contents: Callable,
    poisoned: Callable,
    shipped_model: FieldModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photos = make_photos(12)
    (photos / "bad.jpg").write_text("no photo")
    run_photos(plan(photos, "all"), shipped_model, Options(), num_workers=1)
    expected = contents(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "alone")
    assert ray.cluster_resources()["CPU"] == 2
    done: list[Outcome] = []

    def lose_a_node(outcome: Outcome) -> None:
        done.append(outcome)
        if len(done) == 4:
            two_nodes.remove_node(two_nodes.worker_nodes.copy().pop(), allow_graceful=False)

    outcomes = run_photos(plan(photos, "all"), shipped_model, Options(), ray=two_nodes.address, report=lose_a_node)
    assert [outcome.status for outcome in outcomes] == ["done"] * 12 + ["failed"]
    assert len(done) == 13
    assert max(outcome.attempts for outcome in outcomes) < jobs_ray.MAX_ATTEMPTS  # as a rule 2: what the node was at
    assert "not an image" in outcomes[-1].error
    assert contents(tmp_path / "out") == expected
    (tmp_path / "out/003" / RESULT).unlink()
    again = run_photos(plan(photos, "all"), shipped_model, Options(), ray=two_nodes.address)
    assert [outcome.status for outcome in again] == ["kept"] * 3 + ["done"] + ["kept"] * 8 + ["failed"]

    monkeypatch.setattr(jobs_ray, "MAX_ATTEMPTS", 2)
    jobs = [plan_job(target, shipped_model, Options(), resume=False) for target in plan(photos)[:3]]
    pool = ray_pool([poisoned(jobs[0]), *jobs[1:]], shipped_model, Options(), two_nodes.address)
    outcomes = sorted(map(outcome_from, pool.results()), key=lambda outcome: outcome.target.photo)
    assert (outcomes[0].status, outcomes[0].attempts) == ("failed", 2)
    assert "lost 2 times" in outcomes[0].error
    assert [outcome.status for outcome in outcomes[1:]] == ["done", "done"]


@pytest.mark.parametrize(
    "address", ["auto", "127.0.0.1:1", "ray://127.0.0.1:1", "localhost:port", "localhost:99999999"]
)
def test_a_cluster_that_is_not_there(
    make_photos: Callable, plan: Callable, shipped_model: FieldModel, address: str
) -> None:
    with pytest.raises(UserError, match=f"no Ray cluster at '{address}'"):
        run_photos(plan(make_photos(1)), shipped_model, Options(), ray=address)


def processes() -> list[tuple[int, int, int, int]]:
    """Every process that lives: its id, its parent's, its group's and its session's."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, *numbers = (path / "stat").read_text().rpartition(")")[2].split()[:4]
            if state != "Z":
                found.append((int(path.name), *map(int, numbers)))
    return found  # type: ignore[return-value]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_an_interrupt_while_an_instance_starts_leaves_nothing(
    make_photos: Callable, plan: Callable, shipped_model: FieldModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[subprocess.Popen] = []

    def init(**options: Any) -> None:
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))  # as ray does
        started.append(ray._private.services.ConsolePopen(["sleep", "600"]))
        signal.raise_signal(signal.SIGTERM)

    temporary = Path(tempfile.mkdtemp(dir="/tmp", prefix="s"))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(ray, "init", init)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated):
        run_photos(plan(make_photos(2)), shipped_model, Options(), ray="local")
    assert signal.getsignal(signal.SIGTERM) is before
    assert started[0].wait(timeout=60) == -signal.SIGKILL
    assert list(temporary.iterdir()) == []
    temporary.rmdir()
    manifest = pyarrow.parquet.read_table(tmp_path / "out/manifest.parquet")
    assert manifest["outcome"].to_pylist() == ["pending"] * 2


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_over_ray_leaves_nothing(
    make_photos: Callable, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    out = tmp_path / "out"
    words = ["reconstruct", make_photos(40), "--out", out, "--as", "voxels", "--ray", "local"]
    command = [sys.executable, "-m", "shapeshot", *map(str, words)]
    temporary = Path(tempfile.mkdtemp(dir="/tmp", prefix="s"))  # short: a socket's path ends at 107 characters
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    while not list(out.rglob(RESULT)) and process.poll() is None:
        time.sleep(0.02)
    sessions = {session for _, parent, _, session in processes() if parent == process.pid}
    assert [pid for pid, _, group, _ in processes() if group == process.pid] == [
        process.pid
    ]  # no signal meets Ray's own
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert not [pid for pid, _, _, session in processes() if session in sessions]
    assert (process.returncode, errors) == (code, b"shapeshot: interrupted\n")
    outcomes = pyarrow.parquet.read_table(out / "manifest.parquet")["outcome"].to_pylist()
    assert outcomes.count("done") == len(list(out.rglob(RESULT)))
    assert outcomes.count("done") + outcomes.count("pending") == 40
    assert not list(tmp_path.rglob(".*"))
    assert list(temporary.iterdir()) == []  # neither a session of Ray's nor a model
    temporary.rmdir()
