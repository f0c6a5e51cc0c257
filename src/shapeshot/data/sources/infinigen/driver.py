"""A Blender worker as a subprocess: messages over its pipes, restarted after a hang or a crash.

It never outlives its parent: the worker asks the kernel to be killed with it (blender/worker.py), and ends by itself at
the end of its standard input. An object's limit counts the seconds that its processor works, so that none is left out
because the machine was busy; a worker that does not work at all for STALL_SECONDS hangs.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from shapeshot.data.sources.infinigen.blender import wire
from shapeshot.errors import DatasetError

WORKER = Path(__file__).with_name("blender") / "worker.py"
STALL_SECONDS = 600.0
STDERR_TAIL = 600
KEPT_ENVIRONMENT = ("PATH", "HOME", "LD_LIBRARY_PATH")


class WorkerFailed(DatasetError):
    """The worker died, took too long, or spoke something else than answers: it is gone, and another may do better."""

    def __init__(self, message: str, too_long: bool = False) -> None:
        super().__init__(message)
        self.too_long = too_long


class BlenderWorker:
    """Starts when first asked and again after a failure. Not for several threads at a time.

    modules: of infinigen.assets.objects that will be needed. stall_seconds: of no work at all before it is given up.
    """

    def __init__(
        self,
        python: Path | str,
        modules: Sequence[str] = (),
        script: Path = WORKER,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self._python, self._script, self._modules = str(python), script, sorted(set(modules))
        self._stall_seconds = stall_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: Any = None
        atexit.register(self.stop)

    def ask(
        self, request: Mapping[str, Any], arrays: Mapping[str, Shaped[np.ndarray, " ..."]] | None = None
    ) -> tuple[dict[str, Any], dict[str, Shaped[np.ndarray, " ..."]]]:
        """One answer: its header and arrays. request["seconds"]: of work before the object is given up.

        Raises WorkerFailed where there is no answer, and DatasetError for one that says that it could not be done.
        """
        self.tell(request, arrays)
        header, payload = self._receive()
        if header.get("too_long"):
            raise WorkerFailed(f"it worked for more than {request['seconds']:g} s", too_long=True)
        if header.get("crashed"):
            raise self._failed(f"failed: {header.get('error')}")
        if "error" in header:
            raise DatasetError(str(header["error"]))
        return header, payload

    def tell(self, request: Mapping[str, Any], arrays: Mapping[str, Shaped[np.ndarray, " ..."]] | None = None) -> None:
        """Send what has no answer, or none yet. Raises WorkerFailed."""
        process = self._process or self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(wire.packed(request, arrays))
            process.stdin.flush()
        except OSError:
            raise self._failed("died") from None

    def stop(self) -> None:
        """Kill the worker and wait for its end. Does nothing where none runs."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, self._errors):
            with contextlib.suppress(BrokenPipeError):  # what was left to be written to a worker that died
                if stream is not None:
                    stream.close()

    def _start(self) -> subprocess.Popen[bytes]:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `stop`)
        try:
            self._process = subprocess.Popen(
                [self._python, str(self._script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=self._environment(),
            )
        except OSError as error:
            raise DatasetError(
                f"cannot start {self._python} ({error.strerror}); "
                "pass --blender-python the Python that `shapeshot data setup-blender` made"
            ) from None
        self.tell({"do": "load", "modules": self._modules})
        header, _ = self._receive()
        if not header.get("ready"):
            raise self._failed(f"began with {header}")
        return self._process

    def _environment(self) -> dict[str, str]:
        """Little, and always the same: what is inherited moves addresses, and our packages are another Python's.

        Blender keeps its settings in the environment's folder, not in the user's home.
        """
        kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        folder = Path(self._python).absolute().parent.parent
        settings = {"BLENDER_USER_RESOURCES": str(folder / "blender-user"), "MPLCONFIGDIR": str(folder / "matplotlib")}
        return (
            kept | threads | settings | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "1"}
        )

    def _receive(self) -> tuple[dict[str, Any], dict[str, Shaped[np.ndarray, " ..."]]]:
        try:
            header = json.loads(self._line())
            payload = wire.unpacked(self._read(int(header["bytes"])))
        except TimeoutError:
            raise self._failed(f"did nothing for {self._stall_seconds:g} s", too_long=True) from None
        except EOFError:
            raise self._failed("died") from None
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise self._failed(f"gave no proper answer ({error})") from None
        return header, payload

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            if len(line) > wire.LONGEST_LINE:
                raise ValueError("a header without end")
            line += self._read(1)
        return line

    def _read(self, count: int) -> bytes:
        """Exactly `count` bytes of the worker's output. Raises TimeoutError and EOFError."""
        assert self._process is not None
        assert self._process.stdout is not None
        handle, pid = self._process.stdout.fileno(), self._process.pid
        parts: list[bytes] = []
        work, since = _work(pid), time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(handle, selectors.EVENT_READ)
            while count:
                if selector.select(min(1.0, self._stall_seconds)):
                    part = os.read(handle, min(count, 1 << 20))
                    if not part:
                        raise EOFError
                    parts.append(part)
                    count -= len(part)
                elif (now := _work(pid)) != work:
                    work, since = now, time.monotonic()
                elif time.monotonic() - since > self._stall_seconds:
                    raise TimeoutError
        return b"".join(parts)

    def _failed(self, what: str, too_long: bool = False) -> WorkerFailed:
        """Stop the worker; the error that says what it did and its last words."""
        process, errors = self._process, self._errors
        said = ""
        if process is not None:
            process.kill()
            process.wait()
            errors.seek(max(errors.seek(0, os.SEEK_END) - STDERR_TAIL, 0))
            said = " ".join(errors.read().decode("utf-8", "replace").split())
        self.stop()
        return WorkerFailed(f"the Blender worker {what}" + (f"; it last said: {said}" if said else ""), too_long)


def _work(pid: int) -> int:
    """Clock ticks that a process and its children have worked so far; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(map(int, fields[11:15])) + sum(_work(int(child)) for child in children)
    except (OSError, ValueError):
        return 0
