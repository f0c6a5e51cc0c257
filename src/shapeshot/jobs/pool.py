"""What a pool of work promises, whatever does the work: this process, worker processes or a Ray cluster.

- Every task gets one result: `Done` with what the work function returned, or `Lost`.
- Results come as they are done, in any order.
- A worker that dies (killed, out of memory, a node that left) costs its task a retry and nothing else. A task over
  which workers died as often as the pool allows is `Lost`, with a reason for its row in a report.
- `finish` is called once, at the end or when the run is interrupted. It starts nothing more, ends every process that
  the pool started, and returns the results of the tasks that were at work and could still be finished.
- Workers leave with the process that started them, however it ended.

A work function returns failures as values. What it raises is a mistake in it, and ends the run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

Task = TypeVar("Task")
Value = TypeVar("Value")

# Does one task. It is also given the task that comes after, or None, so that it can read ahead.
Work = Callable[[Task, Task | None], Value]


@dataclass(frozen=True)
class Done(Generic[Task, Value]):
    """A finished task and what the work function returned. attempts: 1, or more after workers died over it."""

    task: Task
    value: Value
    attempts: int = 1


@dataclass(frozen=True)
class Lost(Generic[Task]):
    """A task over which workers died until the pool gave it up. reason: one line for a report."""

    task: Task
    reason: str
    attempts: int


Result = Done[Task, Value] | Lost[Task]


class Pool(Protocol[Task, Value]):
    """Does the tasks that it was made with, see the top of this file."""

    def results(self) -> Iterator[Result[Task, Value]]:
        """Yield the result of every task as it comes. Raises UserError where the pool as a whole cannot work."""

    def finish(self) -> list[Result[Task, Value]]:
        """End the pool; return the results of the tasks that were at work and were finished."""


class InThisProcess(Generic[Task, Value]):
    """The pool of one: this process itself. begin: called for the first task; it returns the work function."""

    def __init__(self, tasks: Iterable[Task], begin: Callable[[], Work[Task, Value]]) -> None:
        self._tasks, self._begin = tasks, begin

    def results(self) -> Iterator[Result[Task, Value]]:
        """Yield the result of every task, in order."""
        work = None
        for task, upcoming in _with_next(self._tasks):
            work = work or self._begin()
            yield Done(task, work(task, upcoming))

    def finish(self) -> list[Result[Task, Value]]:
        """Do nothing: no task is at work when this is called."""
        return []


@dataclass(frozen=True)
class Attempt(Generic[Task]):
    """A task and which try at it this is, counted from 1."""

    task: Task
    number: int = 1


class Waiting(Generic[Task]):
    """The tasks of a pool that wait for a worker."""

    def __init__(self, tasks: Iterable[Task], max_attempts: int) -> None:
        self._queue = deque(Attempt(task) for task in tasks)
        self._max_attempts = max_attempts

    def __len__(self) -> int:
        return len(self._queue)

    def take(self) -> Attempt[Task] | None:
        """Remove and return the next task, or None where none waits."""
        return self._queue.popleft() if self._queue else None

    def put_back(self, attempt: Attempt[Task]) -> None:
        """Put a task first that was taken and never begun."""
        self._queue.appendleft(attempt)

    def retry(self, attempt: Attempt[Task], loss: str) -> Lost[Task] | None:
        """Queue a task again over which a worker died; where it was tried often enough, return it as lost.

        loss: completes "it died ..." in the report: "over this task", say.
        """
        if attempt.number < self._max_attempts:
            self._queue.appendleft(Attempt(attempt.task, attempt.number + 1))
            return None
        return Lost(attempt.task, loss.format(times=attempt.number), attempt.number)

    def clear(self) -> None:
        """Forget all that waits."""
        self._queue.clear()


def _with_next(tasks: Iterable[Task]) -> Iterator[tuple[Task, Task | None]]:
    """Yield each task with the one after it, and with None after the last."""
    iterator = iter(tasks)
    for task in iterator:
        upcoming: Task | None = next(iterator, None)
        while upcoming is not None:
            yield task, upcoming
            task, upcoming = upcoming, next(iterator, None)
        yield task, None
