"""Ctrl-C on every line that a folder run passes: what is written and what the manifest says of it are the same."""

from __future__ import annotations

import inspect
import itertools
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, cast

import pytest

from shapeshot.folders import Outcome, Target, run, run_photos, work
from shapeshot.folders.work import LocalWorker, PhotoJob
from shapeshot.jobs import folder_lock, interrupt, pool, processes, worker
from shapeshot.model.field_model import FieldModel
from shapeshot.pipeline.options import Options

PHOTOS = 4
WORKER = "a worker's thread"
PASSED = (run, work, processes, pool, worker, interrupt, folder_lock)
MODEL = SimpleNamespace(folder=SimpleNamespace(path="model"), optimized=lambda: MODEL)


class ThreadWorker(worker.Worker[Any]):
    """A worker whose process is a thread of this one, so that thousands of runs take seconds. It ends as they do."""

    def start(self) -> None:
        if self.connection is None:
            self.connection, child = multiprocessing.Pipe()
            self._thread = threading.Thread(target=serve, args=(child, self._begin), name=WORKER, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self.kill()

    def kill(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self._thread.join()
        self.connection = None


def serve(connection: Any, begin: Callable[[], Callable[..., Any]]) -> None:
    function = begin()
    with connection:
        try:
            while True:
                arguments = connection.recv()
                worker._send(connection, (True, function(*arguments), ""))
        except (EOFError, OSError):
            return


class Interrupted:
    """Sends this process SIGINT before one line of the passed modules; they are counted as they are run."""

    def __init__(self, at: int) -> None:
        self._files = {inspect.getsourcefile(module) for module in PASSED}
        self._at, self.count = at, 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename not in self._files:
            return None
        if event == "line":
            self.count += 1
            if self.count == self._at:
                signal.raise_signal(signal.SIGINT)  # what it raises is raised at that line
        return self


def made(target: Target) -> Path:
    return target.path / "made"


@pytest.fixture
def targets(tmp_path: Path) -> list[Target]:
    return [
        Target(tmp_path / f"{index}.jpg", tmp_path / "out" / str(index), ("voxels",), True, False)
        for index in range(PHOTOS)
    ]


@pytest.fixture
def manifest(monkeypatch: pytest.MonkeyPatch) -> dict[Target, str]:
    """What the last manifest says, of runs whose photos cost nothing."""
    told: dict[Target, str] = {}

    def write(target: Target, encoded: Any) -> None:
        target.path.mkdir(parents=True, exist_ok=True)
        made(target).touch()

    def told_now(folder: Path, outcomes: Sequence[Outcome]) -> None:
        told.update({outcome.target: outcome.status for outcome in outcomes})

    monkeypatch.setattr(processes, "Worker", ThreadWorker)
    monkeypatch.setattr(run, "plan_job", lambda target, *rest, **options: PhotoJob(target, {}))
    monkeypatch.setattr(run, "begin_photos", lambda *rest: LocalWorker(cast(FieldModel, MODEL), Options()).run)
    monkeypatch.setattr(run, "write_manifest", told_now)
    monkeypatch.setattr(work, "_read_and_decode", lambda path: None)
    monkeypatch.setattr(work, "encode_photo", lambda *rest: SimpleNamespace(result=None))
    monkeypatch.setattr(work, "write_result", write)
    return told


def interrupted_run(targets: list[Target], num_workers: int, at: int) -> bool:
    """Run until the interrupt at this line; False where the run was over before."""
    trace = Interrupted(at)
    for target in targets:
        made(target).unlink(missing_ok=True)
    sys.settrace(trace)
    try:
        run_photos(targets, cast(FieldModel, MODEL), Options(), num_workers=num_workers)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return trace.count >= at


@pytest.mark.skipif(sys.gettrace() is not None, reason="something else traces")
@pytest.mark.parametrize("num_workers", [1, 2])
def test_ctrl_c_at_any_line_leaves_a_true_manifest(
    targets: list[Target], manifest: dict[Target, str], tmp_path: Path, num_workers: int
) -> None:
    different = set()
    for line in itertools.count(1):
        manifest.clear()
        is_over = not interrupted_run(targets, num_workers, line)
        assert WORKER not in {thread.name for thread in threading.enumerate()}
        if not manifest:
            assert not any(made(target).exists() for target in targets)
            continue
        assert [manifest[target] for target in targets] == [
            "done" if made(target).exists() else "pending" for target in targets
        ], f"at line {line}"
        assert not list(tmp_path.rglob(".*"))
        different.add(list(manifest.values()).count("done"))
        if is_over:
            break
    assert {0, PHOTOS} < different  # early, late and between
