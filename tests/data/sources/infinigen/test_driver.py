"""The Blender worker's driver against a worker that hangs, crashes, stops in the middle and talks nonsense."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_blender import fake_python

from shapeshot.data.sources.infinigen.driver import BlenderWorker, WorkerFailed
from shapeshot.errors import DatasetError


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[BlenderWorker]:
    worker = BlenderWorker(fake_python(tmp_path), stall_seconds=0.5)
    yield worker
    worker.stop()


def make(module: str, seed: int = 0) -> dict[str, object]:
    return {"do": "make", "module": module, "seed": seed, "seconds": 5.0}


def test_answers(worker: BlenderWorker) -> None:
    header, arrays = worker.ask(make("box", 3))
    assert header["materials"] == ["wood"]
    assert arrays["faces"].shape == (12, 3)


@pytest.mark.parametrize(
    ("way", "says"),
    [("hang", "did nothing for 0.5 s"), ("crash", "died"), ("garbage", "no proper answer"), ("half", "died")],
)
def test_a_worker_that_fails_is_gone_and_the_next_request_has_a_new_one(
    worker: BlenderWorker, way: str, says: str
) -> None:
    worker.ask(make("box"))
    assert worker._process is not None
    first = worker._process.pid
    with pytest.raises(WorkerFailed, match=says) as raised:
        worker.ask(make(way))
    assert raised.value.too_long == (way == "hang")
    assert not Path(f"/proc/{first}").exists()
    assert worker.ask(make("box"))[0]["parts"] == ["box"]


@pytest.mark.parametrize(("way", "says"), [("error", "no leaf grew"), ("too_long", "more than 5 s")])
def test_an_object_that_fails_is_told_and_the_worker_stays(worker: BlenderWorker, way: str, says: str) -> None:
    worker.ask(make("box"))
    assert worker._process is not None
    first = worker._process.pid
    with pytest.raises(DatasetError, match=says):
        worker.ask(make(way))
    worker.ask(make("box"))
    assert worker._process.pid == first


def test_no_such_python(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="setup-blender"):
        BlenderWorker(tmp_path / "none").ask(make("box"))


def test_a_worker_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from shapeshot.data.sources.infinigen.driver import BlenderWorker\n"
        f"worker = BlenderWorker({str(fake_python(tmp_path))!r})\n"
        "worker.ask({'do': 'make', 'module': 'box', 'seed': 0, 'seconds': 1})\n"
        "print(worker._process.pid, flush=True); time.sleep(100)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    ended = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < ended:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()
