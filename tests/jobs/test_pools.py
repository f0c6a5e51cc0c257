"""What every pool promises, held by both that need no cluster; tests/folders/test_cluster.py holds Ray to it."""

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

import pytest

from shapeshot.errors import UserError
from shapeshot.jobs import processes
from shapeshot.jobs.pool import Done, InThisProcess, Lost, Pool
from shapeshot.jobs.processes import ProcessPool, each

Number = Callable[[int, int | None], int]


class Poison:
    """Kills the process that unpickles it, as the kernel does when memory runs out."""

    def __reduce__(self) -> tuple[Callable, tuple]:
        return os._exit, (9,)


def begin_squares() -> Number:
    return lambda task, upcoming: task * task


def begin_deaths(folder: Path) -> Number:
    """Squares, but the process dies over 3 always, and over 5 the first time."""

    def work(task: int, upcoming: int | None) -> int:
        tried = folder / str(task)
        if task == 3 or (task == 5 and not tried.exists()):
            tried.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return task * task

    return work


def begin_mistakes() -> Number:
    def work(task: int, upcoming: int | None) -> int:
        raise ZeroDivisionError(f"over {task}")

    return work


def begin_pairs() -> Callable[[int, int | None], tuple[int | None, int]]:
    return lambda task, upcoming: (upcoming, os.getpid())


def begin_environment() -> Callable[[str, str | None], str | None]:
    return lambda name, upcoming: os.environ.get(name)


def begin_slow(folder: Path) -> Number:
    def work(task: int, upcoming: int | None) -> int:
        (folder / f"{task}.begun").touch()
        time.sleep(0.5)
        (folder / f"{task}.ended").touch()
        return task

    return work


def begin_endless() -> Number:
    """Nothing but the first is ever done."""

    def work(task: int, upcoming: int | None) -> int:
        time.sleep(600 if task else 0)
        return task

    return work


@pytest.mark.parametrize("make", [InThisProcess, partial(ProcessPool, num_workers=2)], ids=["here", "processes"])
def test_every_task_gets_its_result(make: Callable[..., Pool[int, int]]) -> None:
    pool = make(range(7), begin_squares)
    results = list(pool.results())
    assert pool.finish() == []
    assert sorted(results, key=lambda result: result.task) == [Done(task, task * task) for task in range(7)]


@pytest.mark.parametrize("make", [InThisProcess, partial(ProcessPool, num_workers=2)], ids=["here", "processes"])
def test_a_mistake_in_the_work_ends_the_run(make: Callable[..., Pool[int, int]]) -> None:
    pool = make([4], begin_mistakes)
    with pytest.raises(ZeroDivisionError, match="over 4") as caught:
        list(pool.results())
    if not isinstance(pool, InThisProcess):
        assert "in work" in str(caught.value.__cause__)  # where in the worker it arose
    pool.finish()


def test_a_dead_worker_costs_a_retry_and_nothing_else(tmp_path: Path) -> None:
    pool = ProcessPool(range(8), partial(begin_deaths, tmp_path), 2, what="number")
    results = {result.task: result for result in pool.results()}
    assert pool.finish() == []
    lost = results.pop(3)
    assert isinstance(lost, Lost)
    assert (lost.attempts, "died 2 times over this number" in lost.reason) == (2, True)
    assert results == {task: Done(task, task * task, 2 if task == 5 else 1) for task in range(8) if task != 3}
    assert multiprocessing.active_children() == []


def test_workers_that_never_live_end_the_run() -> None:
    pool = ProcessPool([Poison() for _ in range(6)], begin_squares, 2, what="number")  # type: ignore[list-item]
    with pytest.raises(UserError, match="before they do a number; give fewer --workers or more memory"):
        list(pool.results())
    pool.finish()


def test_workers_that_look_ahead_know_what_comes() -> None:
    results = list(ProcessPool(range(6), begin_pairs, 2, looks_ahead=True).results())
    by_worker: dict[int, list[tuple[int, int | None]]] = {}
    for result in results:
        assert isinstance(result, Done)
        upcoming, pid = result.value
        by_worker.setdefault(pid, []).append((result.task, upcoming))
    assert len(by_worker) == 2
    for seen in by_worker.values():
        assert [upcoming for _, upcoming in seen] == [task for task, _ in seen[1:]] + [None]


def test_one_thread_each_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    pool = ProcessPool(["OMP_NUM_THREADS", "MKL_NUM_THREADS"], begin_environment, 2)
    assert Counter(result.value for result in pool.results()) == Counter(["1", "7"])
    pool.finish()
    assert "OMP_NUM_THREADS" not in os.environ


def test_finish_lets_what_is_at_work_end_and_starts_nothing(tmp_path: Path) -> None:
    pool = ProcessPool(range(9), partial(begin_slow, tmp_path), 2)
    results = pool.results()
    first = next(results)
    ended = pool.finish()
    begun = {path.stem for path in tmp_path.glob("*.begun")}
    assert begun == {path.stem for path in tmp_path.glob("*.ended")}
    assert {str(result.task) for result in (first, *ended)} == begun
    assert len(begun) < 9
    assert multiprocessing.active_children() == []


def test_an_interrupt_while_a_worker_starts_does_not_wait_for_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = ProcessPool(range(9), begin_squares, 2)  # more than both can be at before the second result is asked for
    results = pool.results()
    told = [next(results)]

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    for member in pool._members:
        monkeypatch.setattr(member.worker, "send", interrupted)
    with pytest.raises(KeyboardInterrupt):
        told.extend(results)
    told += pool.finish()  # what was received and not told, and what is at work, but nothing that was never sent
    assert len({result.task for result in told}) == len(told) <= 4  # four were sent at most


def test_a_second_interrupt_ends_the_tasks_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = ProcessPool(range(9), begin_endless, 2)
    assert next(pool.results()) == Done(0, 0)

    def interrupted(connections: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(processes, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pool.finish()
    assert multiprocessing.active_children() == []


def test_finish_waits_for_nothing_after_a_mistake() -> None:
    pool = ProcessPool(range(4), begin_mistakes, 2)
    with pytest.raises(ZeroDivisionError):
        list(pool.results())
    with pytest.raises(ZeroDivisionError):  # of the other worker
        pool.finish()
    assert multiprocessing.active_children() == []


RUN = """
import sys
from functools import partial
from pathlib import Path
sys.path.insert(0, {tests!r})
if __name__ == "__main__":
    from shapeshot.jobs.processes import ProcessPool
    from test_pools import begin_slow
    pool = ProcessPool(range(100), partial(begin_slow, Path({folder!r})), 2)
    for result in pool.results():
        print([member.worker.pid for member in pool._members], flush=True)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")
def test_workers_leave_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(RUN.format(tests=str(Path(__file__).parent), folder=str(tmp_path)))
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    workers = [int(word) for word in parent.stdout.readline().strip("[]\n").split(",")]
    assert all(Path(f"/proc/{pid}").exists() for pid in workers)
    parent.kill()
    parent.wait()
    end = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < end
        time.sleep(0.02)
    parent.stdout.close()


def die_over_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_what_was_lost_has_its_place_among_the_results() -> None:
    done = dict(each(die_over_three, range(5), 2, "number", lost=lambda number, reason: -len(reason)))
    assert {number: value for number, value in done.items() if number != 3} == {0: 0, 1: 1, 2: 2, 4: 4}
    assert done[3] < 0
