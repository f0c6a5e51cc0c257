"""Harnesses whose inputs are read in a process of its own: one that hangs, swells or is killed is a finding, too."""

from __future__ import annotations

import random
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Protocol

from bundles import Files, packed, unpacked
from harness import Finding

from shapeshot.errors import UserError
from shapeshot.jobs.worker import Worker, WorkerDiedError

MIB = 2**20
MOST_BYTES = 6 * 2**30  # of addresses: an input must not take this machine along
MOST_WALL = 4.0  # times the seconds of processor: other work runs here, too


class Reader(Protocol):
    """Something that reads files.

    good: what it reads. seconds: of processor, and memory: bytes beyond what was there before, for an input.
    """

    good: Sequence[Files]
    seconds: float
    memory: int

    def make(self, chance: random.Random) -> Files:
        """The files of a new input."""

    def read(self, files: Files, folder: Path) -> str:
        """Read them, from an empty folder where they have to lie somewhere, and name the outcome."""


class Isolated:
    """The harness of a reader. `kind` makes it, here for the inputs and in the process for reading them."""

    def __init__(self, kind: Callable[[], Reader]) -> None:
        self._kind, self._reader = kind, kind()
        self.seconds = MOST_WALL * self._reader.seconds + 60
        self._worker: Worker[str] | None = None

    @contextmanager
    def started(self) -> Iterator[None]:
        """The process, with a folder of its own. It has imported all: on a busy machine that takes minutes."""
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            self._worker = Worker(partial(begin, self._kind, folder))
            try:
                self._worker.send(packed(self._reader.good[0]))
                self._worker.receive()
                yield
            finally:
                self._worker.kill()

    def make(self, chance: random.Random) -> bytes:
        """The files of a new input, packed."""
        return packed(self._reader.make(chance))

    def feed(self, content: bytes) -> str:
        """Have them read."""
        assert self._worker
        try:
            self._worker.send(content)
            return self._worker.receive(self.seconds)
        except WorkerDiedError:
            raise Finding("the process died over it") from None
        except TimeoutError:
            self._worker.kill()
            raise Finding(f"still read after {self.seconds:.0f} s") from None
        except Finding:
            raise
        except Exception as error:
            places = [line.strip() for line in str(error.__cause__).splitlines() if line.lstrip().startswith("File ")]
            raise Finding(f"{type(error).__name__}: {error} ({'; '.join(places[-2:])})") from None


def begin(kind: Callable[[], Reader], folder: str) -> Callable[[bytes], str]:
    """In the process: what reads inputs. numpy's warnings are errors there."""
    warnings.filterwarnings("error", category=RuntimeWarning)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    reader, place = kind(), Path(folder) / "input"

    def read(content: bytes) -> str:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        before, began = _peak_from_now(), time.process_time()
        try:
            outcome = reader.read(unpacked(content), place)
        except UserError as error:
            outcome = _told(error)
        took, grown = time.process_time() - began, _memory("VmHWM") - before
        if took > reader.seconds:
            raise Finding(f"{outcome} after {took:.1f} s of processor; {reader.seconds:g} are allowed")
        if grown > reader.memory:
            raise Finding(f"{outcome} with {grown / MIB:.0f} MiB; {reader.memory / MIB:.0f} are allowed")
        return outcome

    return read


def _told(error: UserError) -> str:
    """The kind of an error that is one line for people; a mistake of ours that only looks like one is none."""
    if "\n" in str(error) or len(str(error)) > 2000:
        raise Finding(f"an error of {len(str(error))} characters: {str(error)[:100]!r}")
    return type(error).__name__


def _peak_from_now() -> int:
    """Forget the most memory that was ever in use; the bytes that are now."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _memory(field: str) -> int:
    if sys.platform != "linux":
        return 0
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition(f"{field}:")[2].split()[0])
