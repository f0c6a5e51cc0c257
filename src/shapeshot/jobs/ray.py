"""A pool on a Ray cluster. Only this process touches files: what a task needs travels out, what it made comes back.

A task whose node or worker was lost goes out again, so that every task is accounted for.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar

from shapeshot.errors import UserError
from shapeshot.jobs.interrupt import Terminated, interrupts_come
from shapeshot.jobs.own_folder import OwnFolder
from shapeshot.jobs.pool import Attempt, Done, Lost, Result, Task, Value, Waiting

MAX_ATTEMPTS = 4  # at a task: nodes come and go, and are seldom lost for the task's sake
_IN_FLIGHT_PER_CPU = 2  # the next task is there when a processor is free, and few results wait for this process
_CONNECT_SECONDS = 5
_STORE_BYTES = 200 * 2**20  # of a local instance
_LONGEST_FOLDER = 45  # characters: Ray's sockets lie some 60 deeper, and a socket's path ends at 107

Load = TypeVar("Load")
Answer = TypeVar("Answer")


class RayPool(Generic[Task, Load, Answer, Value]):
    """The processors of a Ray cluster, each a task at a time; see `pool.Pool`.

    prepare: called here before a task goes out, also before another try; what it returns travels along.
    work: called on a node as work(task, prepared, *shared); it must pickle, and so must all that it is given.
    shared: the same for every task; sent to a node once.
    receive: called here as receive(task, answer) with what came back; its value is the task's.
    address: "local" starts an instance on this machine, "auto" takes the one that runs here, "host:port" (of the head,
    on a machine that is part of its cluster) or "ray://host:port" another. A Ray that this process is connected to
    already is used as it is. Raises UserError where ray is not installed or the cluster cannot be reached.
    """

    def __init__(
        self,
        tasks: Iterable[Task],
        prepare: Callable[[Task], Load],
        work: Callable[..., Answer],
        receive: Callable[[Task, Answer], Value],
        address: str,
        shared: Sequence[Any] = (),
    ) -> None:
        self._waiting = Waiting(tasks, MAX_ATTEMPTS)
        self._prepare, self._receive = prepare, receive
        self._out: dict[Any, Attempt[Task]] = {}  # by the reference of the answer to come
        self._connection = _Connection(address)
        import ray

        self._shared = [ray.put(value) for value in shared]
        # Ray's own retries would hide how often a task was tried.
        self._remote = ray.remote(num_cpus=1, max_retries=0)(work)

    def results(self) -> Iterator[Result[Task, Value]]:
        """Yield the result of every task as it comes."""
        import ray

        while self._waiting or self._out:
            self._send()
            with interrupts_come():
                [reference], _ = ray.wait(list(self._out), num_returns=1)
            result = self._result(self._out.pop(reference), reference)
            if result is not None:
                yield result

    def finish(self) -> list[Result[Task, Value]]:
        """Leave the tasks that are out; nothing of them is half written, for only this process writes.

        They are not cancelled: a task that ends while Ray cancels it can abort this process (ray-project/ray#54738).
        Leaving the cluster ends them; where this process stays, the few that are out run to their end for nothing.
        """
        self._waiting.clear()
        self._out.clear()
        self._connection.close()
        return []

    def _send(self) -> None:
        """Send tasks out until all processors have enough to do."""
        import ray

        limit = _IN_FLIGHT_PER_CPU * max(1, int(dict(ray.cluster_resources()).get("CPU", 1)))
        while len(self._out) < limit and (attempt := self._waiting.take()):
            load = self._prepare(attempt.task)
            self._out[self._remote.remote(attempt.task, load, *self._shared)] = attempt

    def _result(self, attempt: Attempt[Task], reference: Any) -> Done[Task, Value] | Lost[Task] | None:
        """Return what came back as received; None where it was lost and the task goes out again."""
        import ray

        try:
            with interrupts_come():
                answer = ray.get(reference)
        except ray.exceptions.RayError as error:
            name = type(error).__name__
            return self._waiting.retry(attempt, f"lost {{times}} times with its node or worker ({name})")
        return Done(attempt.task, self._receive(attempt.task, answer), attempt.number)


class _Connection:
    """This process's connection to a cluster, with the folder of an instance that was started for it."""

    def __init__(self, address: str) -> None:
        self._owns_ray = False
        self._folder: OwnFolder | None = None
        self._sessions: list[int] = []  # of the processes that an instance here consists of
        try:
            import ray
        except ImportError as error:
            remedy = "install it with: pip install 'shapeshot[cluster]'"
            raise UserError(f"a run over a cluster needs ray; {remedy}") from error
        if ray.is_initialized():
            return
        _require_answer(address)
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
        options: dict[str, Any] = {"address": address, "log_to_driver": False, "logging_level": "ERROR"}
        if address == "local":
            options |= {"include_dashboard": False, "object_store_memory": _STORE_BYTES}
            options |= self._own_folder()
        self._owns_ray = True
        try:
            self._init(address, options)
        except BaseException:
            self.close()  # also of an instance that is half there
            raise

    def _init(self, address: str, options: dict[str, Any]) -> None:
        import ray

        handler = signal.getsignal(signal.SIGTERM)
        try:
            with _in_sessions(self._sessions), interrupts_come():
                ray.init(**options)
        except SystemExit:  # what ray's own handler of SIGTERM raises, see below
            raise Terminated from None
        except Exception as error:  # ray has no one kind of exception for a cluster that it cannot reach
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise _unreachable(address, reason) from None
        finally:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, handler)  # ray puts its own there, which ends the process uncleaned

    def _own_folder(self) -> dict[str, str]:
        """Options that keep the instance's logs and sockets, a session's worth a run, where they are removed."""
        self._folder = OwnFolder("ray")
        path = str(self._folder.path)
        if len(path) > _LONGEST_FOLDER:
            self._folder.close()
            self._folder = None
            return {}
        return {"_temp_dir": path}

    def close(self) -> None:
        """Leave the cluster, where this process was connected here, and remove what a local instance wrote."""
        if self._owns_ray:
            import ray

            self._owns_ray = False
            ray.shutdown()
        while self._sessions:  # where an instance was ended while it started, its agents would stay a minute
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._sessions.pop(), signal.SIGKILL)
        if self._folder is not None:
            self._folder.close()
            self._folder = None


@contextmanager
def _in_sessions(started: list[int]) -> Iterator[None]:
    """Let Ray start its processes in sessions of their own, whose numbers are added to `started`.

    So SIGTERM to a group of processes is this process's alone: without its own ones Ray waits for their answers until
    its patience ends. They leave with this process all the same, which Ray has the system see to. A Ray that starts
    them in another way is left as it is.
    """
    from ray._private import services as ray_services

    services: Any = ray_services
    popen = getattr(services, "ConsolePopen", None)
    if popen is None or not hasattr(os, "killpg"):
        yield
        return

    def start(*words: Any, **options: Any) -> Any:
        process = popen(*words, **options, start_new_session=True)
        started.append(process.pid)
        return process

    services.ConsolePopen = start
    try:
        yield
    finally:
        services.ConsolePopen = popen


def _require_answer(address: str) -> None:
    """Raise UserError within seconds where nobody listens at host:port; ray itself would try for minutes."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        raise _unreachable(address, str(error)) from None


def _unreachable(address: str, reason: str) -> UserError:
    return UserError(f"no Ray cluster at {address!r} ({reason}); give local, auto or the head's host:port")
