"""A Blender worker as a subprocess: messages over its pipes, limits in seconds, restarted after a hang or a crash.

It never outlives its parent: the worker asks the kernel to be killed with it (blender/worker.py), and ends by itself at
the end of its standard input. What a limit counts is the seconds that its processor works, so that an object is not
left out because the machine was busy.
"""

from __future__ import annotations

import atexit
import json
import os
import selectors
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from shapeshot.data.sources.infinigen.blender import wire
from shapeshot.errors import DatasetError

WORKER = Path(__file__).with_name("blender") / "worker.py"
START_SECONDS = 300.0  # Blender and Infinigen are imported in 3 s; from a cold disk in a minute
WALL_FACTOR = 20.0  # how much longer than its seconds of work an answer may take on a busy machine
MOST_REQUESTS = 400  # then a fresh worker, as Blender's memory grows
STDERR_TAIL = 600


class WorkerFailed(DatasetError):
    """The worker died, took too long, or spoke something else than answers: it is gone, and another may do better."""

    def __init__(self, message: str, too_long: bool = False) -> None:
        super().__init__(message)
        self.too_long = too_long


class BlenderWorker:
    """Starts when first asked and again after a failure. Not for several threads at a time."""

    def __init__(self, python: Path | str, script: Path = WORKER) -> None:
        self._command = [str(python), str(script)]
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: Any = None
        self._answered = 0
        atexit.register(self.stop)

    def ask(
        self, request: Mapping[str, Any], arrays: Mapping[str, np.ndarray], seconds: float
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """One answer: its header and arrays. seconds: of work before the worker is killed.

        Raises WorkerFailed where there is no answer, and DatasetError for one that says that it could not be done.
        """
        process = self._process or self._start()
        assert process.stdin is not None
        try:
            wire.send(process.stdin, request, arrays)
        except OSError:
            raise self._failed("died") from None
        header, payload = self._receive(seconds)
        self._answered += 1
        if "error" in header:
            raise DatasetError(str(header["error"]))
        return header, payload

    def rest(self) -> bool:
        """Stop a worker that has answered for long; whether it was stopped, and with it forgot what it made last."""
        worn = self._answered >= MOST_REQUESTS
        if worn:
            self.stop()
        return worn

    def stop(self) -> None:
        """Kill the worker and wait for its end. Does nothing where none runs."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, self._errors):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:  # what was left to be written to a worker that died
                    pass

    def _start(self) -> subprocess.Popen[bytes]:
        self._errors, self._answered = tempfile.TemporaryFile(), 0
        one_thread = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
        # Without PYTHONPATH: shapeshot's own packages are of another Python.
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
        try:
            self._process = subprocess.Popen(
                [*self._command, str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=kept | one_thread | {"PYTHONHASHSEED": "0"},
            )
        except OSError as error:
            raise DatasetError(
                f"cannot start {self._command[0]} ({error.strerror}); "
                "pass --blender-python the Python that `shapeshot data setup-blender` made"
            ) from None
        header, _ = self._receive(START_SECONDS)
        if not header.get("ready"):
            raise self._failed(f"began with {header}")
        return self._process

    def _receive(self, seconds: float) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        limit = _Limit(self._process, seconds)
        try:
            header = json.loads(self._line(limit))
            payload = wire.unpack(self._read(int(header["bytes"]), limit))
        except TimeoutError:
            raise self._failed(f"worked for more than {seconds:g} s", too_long=True) from None
        except EOFError:
            raise self._failed("died") from None
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise self._failed(f"gave no proper answer ({error})") from None
        return header, payload

    def _line(self, limit: _Limit) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            if len(line) > 1_000_000:
                raise ValueError("a header without end")
            line += self._read(1, limit)
        return line

    def _read(self, count: int, limit: _Limit) -> bytes:
        """Exactly `count` bytes of the worker's output. Raises TimeoutError and EOFError."""
        assert self._process is not None
        assert self._process.stdout is not None
        handle = self._process.stdout.fileno()
        parts: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(handle, selectors.EVENT_READ)
            while count:
                if not selector.select(0.25):
                    limit.check()
                    continue
                part = os.read(handle, min(count, 1 << 20))
                if not part:
                    raise EOFError
                parts.append(part)
                count -= len(part)
        return b"".join(parts)

    def _failed(self, what: str, too_long: bool = False) -> WorkerFailed:
        """Stop the worker; the error that says what it did and its last words."""
        process, errors = self._process, self._errors
        said = ""
        if process is not None and errors is not None:
            process.kill()
            process.wait()
            errors.seek(max(errors.seek(0, os.SEEK_END) - STDERR_TAIL, 0))
            said = " ".join(errors.read().decode("utf-8", "replace").split())
        self.stop()
        return WorkerFailed(f"the Blender worker {what}" + (f"; it last said: {said}" if said else ""), too_long)


class _Limit:
    """Seconds of work, and many more of waiting, from now on."""

    def __init__(self, process: subprocess.Popen[bytes] | None, seconds: float) -> None:
        self._pid = process.pid if process else 0
        self._seconds = seconds
        self._worked, self._began = self._work(), time.monotonic()

    def check(self) -> None:
        """Raises TimeoutError where either is over."""
        waited = time.monotonic() - self._began
        work = self._work()
        spent = waited if work is None or self._worked is None else work - self._worked
        if spent > self._seconds or waited > WALL_FACTOR * self._seconds:
            raise TimeoutError

    def _work(self) -> float | None:
        """Seconds that the process has worked so far; None where the system does not tell (only Linux does, here)."""
        try:
            fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError, IndexError):
            return None
