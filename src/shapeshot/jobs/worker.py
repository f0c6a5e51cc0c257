"""A worker process: one call after another, an answer to each, and an end whenever its owner wants it.

A pool of the standard library cannot end one call that hangs, nor say which call a killed process was at. This can:
its owner holds one pipe a process, on which an answer comes, or the end of the file where the process died.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import resource_tracker, util
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from shapeshot.errors import UserError

Value = TypeVar("Value")

# Numerical libraries start a thread a core in every process, unless told before they are imported.
ONE_THREAD: Mapping[str, str] = MappingProxyType(
    {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
STOP_SECONDS = 10.0  # that a process which was told to end may take before it is killed

_environment = threading.Lock()  # os.environ is one for all threads that start workers


class WorkerDiedError(UserError):
    """A process ended before it answered: it was killed, ran out of memory, or crashed."""

    def __init__(self, message: str = "a worker process died (killed, or out of memory)") -> None:
        super().__init__(message)


class WorkerTracebackError(Exception):
    """Where in the process an error arose: the cause of the error that `receive` raises."""

    def __str__(self) -> str:
        return "\n" + str(self.args[0])


class Worker(Generic[Value]):
    """A process that is started with the first call, and again with the first call after it died.

    begin: called once in the process; it returns the function that does the calls. It must pickle.
    environment: variables that the process sees where this process's own environment does not set them.
    """

    def __init__(self, begin: Callable[[], Callable[..., Value]], environment: Mapping[str, str] = ONE_THREAD) -> None:
        self._begin, self._environment = begin, environment
        self._process: SpawnProcess | None = None
        self._finalizer: util.Finalize | None = None
        self.connection: Connection | None = None  # readable when an answer is there or the process died

    @property
    def pid(self) -> int | None:
        """The process's id, or None where there is no process."""
        return self._process.pid if self._process else None

    @property
    def cpu_seconds(self) -> float:
        """Processor time that the process has taken; 0 where the system does not say or there is no process."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def start(self) -> None:
        """Start the process where there is none; it goes on by itself with what takes long, such as imports."""
        if self._process is not None:
            return
        # spawn: a fork would copy the locks of this process's threads, but not the threads.
        context = multiprocessing.get_context("spawn")
        self.connection, child = context.Pipe()
        self._process = context.Process(target=_serve, args=(child, self._begin))
        with _inherited(self._environment):
            self._process.start()
        child.close()  # so that the process's death ends the file
        # Where the owner forgets it: multiprocessing would wait at exit for a process that waits for calls.
        self._finalizer = util.Finalize(self, _end, args=(self._process, self.connection), exitpriority=10)

    def send(self, *arguments: Any) -> None:
        """Begin a call; `receive` takes its answer. Raises WorkerDiedError, after which it can be sent again."""
        self.start()
        assert self.connection is not None
        try:
            self.connection.send(arguments)
        except OSError:  # the process died, or another thread killed it
            self.kill()
            raise WorkerDiedError from None

    def receive(self, seconds: float | None = None) -> Value:
        """Wait for the call's answer and return it, or raise what the call raised.

        Raises WorkerDiedError where the process died, and TimeoutError where the seconds passed; the process is then
        still at the call until it is killed.
        """
        connection = self.connection
        try:
            message = connection.recv() if connection is not None and connection.poll(seconds) else None
        except (EOFError, OSError):  # OSError: another thread killed it meanwhile
            self.kill()
            raise WorkerDiedError from None
        if message is None:
            raise TimeoutError
        is_value, answer, details = message
        if is_value:
            value: Value = answer
            return value
        raise answer from (WorkerTracebackError(details) if details else None)

    def kill(self) -> None:
        """End the process at once, whatever it is doing; where there is none, do nothing."""
        if self._finalizer is not None:
            self._finalizer()
        self._process = self._finalizer = self.connection = None

    def stop(self) -> None:
        """Let the process finish its call, for STOP_SECONDS at most, and end."""
        if self._process is not None and self.connection is not None:
            self.connection.close()
            self._process.join(STOP_SECONDS)
        self.kill()


def _end(process: SpawnProcess, connection: Connection) -> None:
    process.kill()
    process.join()
    connection.close()  # last: whoever still waits on it sees the process end first


def _serve(connection: Connection, begin: Callable[[], Callable[..., Any]]) -> None:
    """Be the worker process: answer calls until the owner closes the pipe."""
    _leave_with_parent()
    work: Callable[..., Any] | None = None
    while True:
        try:
            arguments = connection.recv()
            work = work or begin()
            answer = (True, work(*arguments), "")
        except EOFError:
            return
        except Exception as error:
            answer = (False, _portable(error), traceback.format_exc())
        with contextlib.suppress(BrokenPipeError):  # the owner has left, or does not want it any more
            _send(connection, answer)


def _send(connection: Connection, answer: tuple[bool, Any, str]) -> None:
    try:
        content = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # an answer that does not pickle is the work function's mistake
        content = pickle.dumps((False, TypeError(f"{type(error).__name__}: {error}"), traceback.format_exc()))
    connection.send_bytes(content)


def _portable(error: Exception) -> Exception:
    """Return the error, or one with its text where it cannot be pickled and read again."""
    try:
        pickle.loads(pickle.dumps(error))  # of our own making
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _leave_with_parent() -> None:
    """End this process as soon as its parent is gone, even killed: nobody is left to take its answers.

    By the kernel on Linux, which also ends work that holds the interpreter, and which goes by the thread that started
    this process; elsewhere by a thread that waits for the parent.
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


@contextmanager
def _inherited(environment: Mapping[str, str]) -> Iterator[None]:
    """Let processes that start inside inherit the variables, and never see Ctrl-C or SIGTERM.

    A terminal sends the one to the whole group of processes, a service manager the other: the parent decides. They are
    blocked here rather than in the child, whose interpreter would report one that came while it starts.
    """
    resource_tracker.ensure_running()  # multiprocessing's, which unblocks both signals where it starts
    with _environment:
        added = {name: value for name, value in environment.items() if name not in os.environ}
        os.environ.update(added)
        hidden = {signal.SIGINT, signal.SIGTERM}
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, hidden) if hasattr(signal, "pthread_sigmask") else None
        try:
            yield
        finally:
            if blocked is not None:
                signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            for name in added:
                del os.environ[name]
