"""One function over many items in worker processes that leave with their parent, however it ends."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from shapeshot.errors import UserError

AHEAD = 4  # items in the queue for each worker: enough to keep it busy, few enough to keep a million out of memory
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_PR_SET_PDEATHSIG = 1  # linux/prctl.h

Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkerDiedError(UserError):
    """A worker process ended without an answer: it was killed, or the machine was out of memory."""


def usable_cores() -> int:
    """Cores that this process may run on: fewer than the machine has where an affinity or a container says so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(function: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[tuple[Item, Result]]:
    """(item, function(item)) for every item, as they are done; with one worker in this process and in order.

    function and items must pickle. An exception of the function is raised here. Raises WorkerDiedError where a process
    died. Whoever stops iterating stops the rest: items at work are finished, the others are not begun.
    """
    if workers == 1:
        yield from ((item, function(item)) for item in items)
        return
    # spawn: the threads of renderers and numerical libraries do not survive a fork.
    context = multiprocessing.get_context("spawn")
    queue = iter(items)
    with _environment(ONE_THREAD), ProcessPoolExecutor(workers, mp_context=context, initializer=_begin) as pool:
        running: dict[Future[Result], Item] = {}
        try:
            while True:
                for item in queue:
                    running[pool.submit(function, item)] = item
                    if len(running) >= AHEAD * workers:
                        break
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        except BrokenProcessPool as error:
            raise WorkerDiedError(
                "a worker process died (out of memory?); run it again, with fewer workers or more memory"
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def leave_with_parent() -> None:
    """End this worker process as soon as its parent is gone, even killed: nobody is left to take its answers.

    By the kernel on Linux, which also ends work that holds the interpreter; elsewhere by a thread that waits for the
    parent. Call it first in a worker.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    threading.Thread(target=_wait_and_exit, args=(parent,), daemon=True).start()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent.pid:  # it died before the kernel was told
            os._exit(1)


def _wait_and_exit(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _begin() -> None:
    """In a terminal Ctrl-C reaches the workers, too; the parent decides what becomes of them."""
    leave_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Processes that start inside inherit these variables, where the environment says nothing else."""
    added = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
