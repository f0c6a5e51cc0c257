"""A pool of worker processes on this machine, none of which can take the run along when it dies."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Generic

from shapeshot.errors import UserError
from shapeshot.jobs.interrupt import interrupts_come, interrupts_held
from shapeshot.jobs.pool import Attempt, Done, InThisProcess, Pool, Result, Task, Value, Waiting, Work
from shapeshot.jobs.worker import ONE_THREAD, Worker, WorkerDiedError

MAX_ATTEMPTS = 2  # at a task over which a worker died
_MAX_DEATHS = 6  # of workers in a row, without a task between them
_LOSS = "the worker process died {times} times over this {what} (killed, or out of memory)"


class ProcessPool(Generic[Task, Value]):
    """Worker processes that share tasks; see `pool.Pool`.

    begin: called once in each process; it returns the work function. what: the word for a task in errors.
    looks_ahead: a worker is told its next task while it is at one, and no other worker can take that. For work that
    begins with reading a file.
    environment: see `Worker`.
    """

    def __init__(
        self,
        tasks: Iterable[Task],
        begin: Callable[[], Work[Task, Value]],
        num_workers: int,
        *,
        what: str = "task",
        looks_ahead: bool = False,
        environment: Mapping[str, str] = ONE_THREAD,
    ) -> None:
        self._waiting = Waiting(tasks, MAX_ATTEMPTS)
        self._what, loss = what, _LOSS.replace("{what}", what)
        count = min(num_workers, len(self._waiting))
        self._members = [_Member(Worker(begin, environment), self._waiting, looks_ahead, loss) for _ in range(count)]
        self._busy: list[_Member[Task, Value]] = []
        self._received: deque[Result[Task, Value]] = deque()  # and not taken yet: an interrupt must not lose them
        self._deaths = 0  # in a row

    def results(self) -> Iterator[Result[Task, Value]]:
        """Yield the result of every task as it comes. Raises UserError where workers die without doing a single one."""
        with interrupts_held():
            for member in self._members:
                self._begin_next(member)
        while self._busy:
            with interrupts_come():
                ready = wait([member.connection for member in self._busy])
            with interrupts_held():
                for member in [member for member in self._busy if member.connection in ready]:
                    self._take_from(member)
                    self._require_lives()
                    self._begin_next(member)
            while self._received:
                yield self._received.popleft()

    def finish(self) -> list[Result[Task, Value]]:
        """Start nothing more, let the tasks at work finish and end the processes. A second interrupt ends them now."""
        with interrupts_held():
            self._waiting.clear()
            try:
                for member in [member for member in self._busy if member.is_at_work]:
                    with interrupts_come():
                        wait([member.connection])
                    self._take_from(member)
                for member in self._members:
                    with interrupts_come():
                        member.worker.stop()
            finally:
                for member in self._members:
                    member.worker.kill()
            return list(self._received)

    def abandon(self) -> None:
        """End the processes at once, in place of `finish`, for tasks that go on another time from where they were."""
        self._waiting.clear()
        self._busy.clear()
        for member in self._members:
            member.worker.kill()

    def _begin_next(self, member: _Member[Task, Value]) -> None:
        """Give a member its next task. Those that have one are busy: an answer comes from them, or their end."""
        is_busy = member.begin_next()
        if is_busy and member not in self._busy:
            self._busy.append(member)
        elif not is_busy and member in self._busy:
            self._busy.remove(member)

    def _take_from(self, member: _Member[Task, Value]) -> None:
        result = member.result()
        if result is not None:
            self._received.append(result)
        self._deaths = self._deaths + 1 if member.has_died else 0

    def _require_lives(self) -> None:
        if self._deaths >= _MAX_DEATHS:
            raise UserError(f"worker processes die before they do a {self._what}; give fewer --workers or more memory")


def each(
    function: Callable[[Task], Value],
    items: Iterable[Task],
    workers: int,
    what: str = "item",
    lost: Callable[[Task, str], Value] | None = None,
) -> Generator[tuple[Task, Value], None, None]:
    """Yield (item, function(item)) for every item, as they are done; with one worker in this process and in order.

    function and items must pickle. An exception of the function is raised here. lost: makes the result of an item over
    which workers died time and again out of it and the reason; without it that raises WorkerDiedError.
    Whoever stops iterating stops the rest: items at work are finished, the others are not begun.
    """
    begin = partial(_begin_each, function)
    pool: Pool[Task, Value]
    pool = InThisProcess(items, begin) if workers == 1 else ProcessPool(items, begin, workers, what=what)
    try:
        for result in pool.results():
            if isinstance(result, Done):
                yield result.task, result.value
            elif lost is not None:
                yield result.task, lost(result.task, result.reason)
            else:
                raise WorkerDiedError(f"{result.reason}; run it again, with fewer workers or more memory")
    finally:
        pool.finish()


def _begin_each(function: Callable[[Task], Value]) -> Work[Task, Value]:
    return lambda task, upcoming: function(task)


class _Member(Generic[Task, Value]):
    """A worker process with the task that it is at and the one that it knows to come."""

    def __init__(self, worker: Worker[Value], waiting: Waiting[Task], looks_ahead: bool, loss: str) -> None:
        self.worker, self._waiting, self._looks_ahead, self._loss = worker, waiting, looks_ahead, loss
        self._attempt: Attempt[Task] | None = None
        self._upcoming: Attempt[Task] | None = None
        self.has_died = False

    @property
    def connection(self) -> Connection:
        """Readable when there is a result."""
        assert self.worker.connection is not None
        return self.worker.connection

    @property
    def is_at_work(self) -> bool:
        """Whether a result will come, or the worker's end."""
        return self._attempt is not None

    def begin_next(self) -> bool:
        """Begin the next task; return False where there is none."""
        attempt = self._upcoming or self._waiting.take()
        self._upcoming = self._waiting.take() if self._looks_ahead else None
        if attempt is None:
            return False
        upcoming = self._upcoming.task if self._upcoming else None
        try:
            self.worker.send(attempt.task, upcoming)
        except WorkerDiedError:  # between two tasks
            self.worker.send(attempt.task, upcoming)
        self._attempt = attempt  # not before: where sending failed, no result would ever come
        return True

    def result(self) -> Result[Task, Value] | None:
        """Return the result of the task at work; None where the worker died and the task waits for another try.

        None also where no task is at work.
        """
        attempt, self._attempt = self._attempt, None
        if attempt is None:
            return None
        self.has_died = False
        try:
            return Done(attempt.task, self.worker.receive(), attempt.number)
        except WorkerDiedError:
            self.has_died = True
        return self._waiting.retry(attempt, self._loss)
