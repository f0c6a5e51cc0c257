"""Work over processes: all of it is done, errors come through, and no worker outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shapeshot.jobs.cores import usable_cores
from shapeshot.jobs.processes import each
from shapeshot.jobs.worker import WorkerDiedError


def square(number: int) -> int:
    if number == 13:
        raise ValueError("unlucky")
    if number == 99:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def threads_of(_: int) -> str | None:
    return os.environ.get("OMP_NUM_THREADS")


@pytest.mark.parametrize("workers", [1, 2])
def test_every_item_is_done_once(workers: int) -> None:
    done = list(each(square, range(12), workers))
    assert sorted(done) == [(number, number * number) for number in range(12)]
    if workers == 1:
        assert done == sorted(done)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_function_s_own_error_comes_through(workers: int) -> None:
    with pytest.raises(ValueError, match="unlucky"):
        list(each(square, [1, 13, 2], workers))


def test_a_worker_that_dies_is_told() -> None:
    with pytest.raises(WorkerDiedError, match="died"):
        list(each(square, [1, 99], 2))


def test_workers_count_with_one_thread_and_leave_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [found for _, found in each(threads_of, range(2), 2)] == ["1", "1"]
    assert "OMP_NUM_THREADS" not in os.environ
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert [found for _, found in each(threads_of, range(2), 2)] == ["3", "3"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs processor affinity")
def test_cores_that_the_process_may_not_use_are_not_counted() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    code += "from shapeshot.jobs.cores import usable_cores; print(usable_cores())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    assert usable_cores() == len(os.sched_getaffinity(0))


SLEEPERS = """
import os, sys, time
from pathlib import Path
from shapeshot.jobs.processes import each

def rest(number):
    Path(sys.argv[1], str(os.getpid())).touch()
    {work}

if __name__ == "__main__":
    list(each(rest, range(2), 2))
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("work", ["time.sleep(600)", "sum(range(10**12))"], ids=["sleeping", "holding the interpreter"])
def test_no_worker_outlives_a_killed_parent(tmp_path: Path, work: str) -> None:
    script, seen = tmp_path / "script.py", tmp_path / "workers"
    script.write_text(SLEEPERS.format(work=work))
    seen.mkdir()
    parent = subprocess.Popen([sys.executable, str(script), str(seen)], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: len(list(seen.iterdir())) == 2, 60)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    workers = [int(path.name) for path in seen.iterdir()]
    assert len(workers) == 2
    try:
        wait_until(lambda: not any(is_running(worker) for worker in workers), 15)
    finally:
        for worker in filter(is_running, workers):
            os.kill(worker, signal.SIGKILL)


def wait_until(holds: object, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(process: int) -> bool:
    """Whether a process lives; a zombie that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
