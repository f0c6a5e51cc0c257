"""A run over worker processes: one model and one thread of ONNX Runtime each, and none of them can take the run along.

Each worker is an executor of one process, so that when a process is killed it is known which photo it was at.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from shapeshot.errors import UserError
from shapeshot.folders.work import Job, LocalWorker, Outcome
from shapeshot.pipeline.options import Options

MAX_ATTEMPTS = 2  # at a photo over which a worker died
_MAX_DEATHS = 6  # of workers in a row, without a photo between them
# Numerical libraries start a thread a core in every process, unless told before they are imported.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

_worker: LocalWorker  # of a worker process


class ProcessCrew:
    """Worker processes that share a run's jobs.

    A photo over which a worker died (killed, out of memory) is tried once more, then reported as failed.
    """

    def __init__(self, jobs: Iterable[Job], model_folder: Path, options: Options, num_workers: int) -> None:
        self._waiting = deque(jobs)
        self._pool = [_Process(model_folder, options) for _ in range(min(num_workers, len(self._waiting)))]
        self._busy: list[_Process] = []

    def outcomes(self) -> Iterator[Outcome]:
        """The outcome of every job as it comes. Raises UserError where workers die without doing a single photo."""
        self._busy = [process for process in self._pool if process.take(self._waiting)]
        deaths = 0
        while self._busy:
            wait([process.future for process in self._busy], return_when=FIRST_COMPLETED)
            for process in [process for process in self._busy if process.future.done()]:
                outcome = process.outcome(self._waiting)
                deaths = deaths + 1 if process.has_died else 0
                if deaths >= _MAX_DEATHS:
                    raise UserError("worker processes die before they do a photo; give fewer --workers or more memory")
                if not process.take(self._waiting):
                    self._busy.remove(process)
                if outcome is not None:
                    yield outcome

    def finish(self) -> list[Outcome]:
        """Start no more photos, let those at work finish, and end the processes: what became of those photos."""
        self._waiting.clear()
        for process in self._pool:
            process.stop()
        return [outcome for process in self._busy if (outcome := process.outcome(self._waiting)) is not None]


class _Process:
    """A worker process, started again where it died, with the photo that it is at and the one that it reads ahead."""

    future: Future[Outcome]

    def __init__(self, model_folder: Path, options: Options) -> None:
        self._setup = (os.fspath(model_folder), options)
        self._executor = self._start()
        self._job: Job | None = None
        self._upcoming: Job | None = None
        self.has_died = False

    def take(self, waiting: deque[Job]) -> bool:
        """Begin the next job; False where there is none."""
        self._job = self._upcoming or (waiting.popleft() if waiting else None)
        self._upcoming = waiting.popleft() if waiting else None
        if self._job is None:
            return False
        try:
            self._submit()
        except BrokenProcessPool:  # died between two photos
            self._executor = self._start()
            self._submit()
        return True

    def outcome(self, waiting: deque[Job]) -> Outcome | None:
        """Of the finished future; None where the process died and the photo waits for another attempt."""
        assert self._job is not None
        self.has_died = False
        try:
            return self.future.result()
        except BrokenProcessPool:
            self.has_died = True
            self._executor.shutdown(wait=False)
            self._executor = self._start()
        if self._job.attempt < MAX_ATTEMPTS:
            waiting.appendleft(replace(self._job, attempt=self._job.attempt + 1))
            return None
        reason = f"the worker process died {MAX_ATTEMPTS} times over this photo (killed, or out of memory)"
        return Outcome(self._job.target, "failed", reason, attempts=self._job.attempt)

    def _submit(self) -> None:
        assert self._job is not None
        with _child_environment():  # the process starts with its executor's first job
            self.future = self._executor.submit(_work, self._job, self._upcoming)

    def stop(self) -> None:
        """Let the photo at work finish."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _start(self) -> ProcessPoolExecutor:
        # spawn: a fork would copy the threads' locks of whoever calls this, but not the threads.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=self._setup)


def _begin(model_folder: str, options: Options) -> None:
    from shapeshot.model.field_model import FieldModel

    global _worker
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    # The parent compared the graphs with their card.
    _worker = LocalWorker(FieldModel.load(model_folder, num_threads=1, verify=False, optimize=True), options)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(job: Job, upcoming: Job | None) -> Outcome:
    return _worker.run(job, upcoming)


@contextmanager
def _child_environment() -> Iterator[None]:
    """Processes that start inside inherit _ONE_THREAD, where the environment says nothing else, and never see Ctrl-C.

    In a terminal that reaches the whole group of processes: the parent decides. Blocked here rather than in the child,
    whose interpreter would report one that came while it starts.
    """
    added = {name: value for name, value in _ONE_THREAD.items() if name not in os.environ}
    os.environ.update(added)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    try:
        yield
    finally:
        if blocked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for name in added:
            del os.environ[name]
