"""Reading what strangers send, in processes that can be ended: a decoder in C that hangs stops for nothing else.

A photo is read in little time and under little memory first. What fails so is tried once more with much of both, one
such photo at a time: a server's memory is bounded by its budget and not by the number of its workers, and its other
workers go on with other people's photos.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, LifoQueue
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import NotAnImageError, PhotoError, TooLargeError, UserError
from shapeshot.jobs.worker import Worker, WorkerDiedError
from shapeshot.limits import (
    MIB,
    SERVER_BYTES,
    SERVER_DECODE_SECONDS,
    SERVER_HEAVY_BYTES,
    SERVER_LIGHT_BYTES,
    SERVER_LIGHT_SECONDS,
)
from shapeshot.photo import Photo, read_mask, read_photo
from shapeshot.photo.memory_budget import MemoryBudget

if TYPE_CHECKING:
    from jaxtyping import UInt8

_PATIENCE = 4  # times the processor time that a photo may take, until it is given up
STATUS = Path("/proc/self/status")  # of Linux; elsewhere the memory of one photo is bounded by its pixels alone


class NotLightError(Exception):
    """A photo that cannot be read in little time and memory."""


@dataclass(frozen=True, eq=False)
class Decoded:
    """A photo, and the mask that came with it: uint8 [height, width], 255 on the object, or None."""

    photo: Photo
    mask: UInt8[np.ndarray, "height width"] | None


class Decoders:
    """Processes that read photos, each one at a time. Its methods may be called from any thread.

    seconds: for one photo and its mask, where it is not light. begin: in place of `begin_reading`, for tests.
    memory: the budget of all decodes together, which fine reconstructions share.
    """

    def __init__(
        self,
        count: int,
        seconds: float = SERVER_DECODE_SECONDS,
        begin: Callable[[], Callable[[bytes, bytes | None, int, int], Decoded]] | None = None,
    ) -> None:
        self._seconds, self._light_seconds = seconds, min(seconds, SERVER_LIGHT_SECONDS)
        self._is_closed = False
        self.memory = MemoryBudget(SERVER_BYTES)
        self._workers = [Worker[Decoded](begin or begin_reading) for _ in range(count)]
        self._idle: LifoQueue[Worker[Decoded]] = LifoQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def start(self) -> None:
        """Start the processes now and not with the first photos."""
        for worker in self._workers:
            worker.start()

    def read_light(self, image: bytes, mask: bytes | None, max_pixels: int) -> Decoded:
        """Decode a photo, and its mask where there is one, as long as that takes little time and memory.

        Raises NotLightError where it does not, or where anything else is wrong: decoders have many words for too little
        memory. NotAnImageError is final.
        """
        try:
            with self._process() as worker, self.memory.taken(SERVER_LIGHT_BYTES):
                return self._try(worker, self._light_seconds, image, mask, max_pixels, SERVER_LIGHT_BYTES)
        except NotAnImageError:
            raise
        except (UserError, MemoryError):
            raise NotLightError from None

    def read(self, image: bytes, mask: bytes | None, max_pixels: int) -> Decoded:
        """Decode a photo, and its mask where there is one.

        Raises what `read_photo` and `read_mask` raise, PhotoError where it takes too long and TooLargeError where it
        takes too much memory.
        """
        with self._process() as worker, self.memory.taken(SERVER_HEAVY_BYTES):
            return self._try(worker, self._seconds, image, mask, max_pixels, SERVER_HEAVY_BYTES)

    def close(self) -> None:
        """End the processes, also those that are at work; nothing is read any more."""
        self._is_closed = True
        for worker in self._workers:
            worker.kill()

    def _try(
        self, worker: Worker[Decoded], seconds: float, image: bytes, mask: bytes | None, max_pixels: int, num_bytes: int
    ) -> Decoded:
        if self._is_closed:
            raise PhotoError("the server is shutting down; try again later")
        try:
            try:
                worker.send(image, mask, max_pixels, num_bytes)
            except WorkerDiedError:  # between two photos: its thread has ended, or somebody killed it
                worker.send(image, mask, max_pixels, num_bytes)
            return _received(worker, seconds)
        except TimeoutError:
            worker.kill()
            raise PhotoError(
                f"the photo takes more than {seconds:g} seconds to decode; save it again as a plain JPEG"
            ) from None
        except (WorkerDiedError, MemoryError):
            raise TooLargeError(
                f"the photo takes more than {num_bytes // MIB} MiB to decode; scale it down or save it as a JPEG"
            ) from None

    @contextmanager
    def _process(self) -> Iterator[Worker[Decoded]]:
        try:
            worker = self._idle.get(timeout=4 * self._seconds)
        except Empty:  # not while there are as many as there are workers
            raise MemoryError from None
        try:
            yield worker
        finally:
            self._idle.put(worker)


def _received(worker: Worker[Decoded], seconds: float) -> Decoded:
    """The worker's answer. TimeoutError where it takes so much processor time, or _PATIENCE times as long.

    On a busy machine a photo waits for the processor more than it is worked on, which is not its fault.
    """
    end, before = time.monotonic() + _PATIENCE * seconds, worker.cpu_seconds
    wait = seconds
    while True:
        try:
            return worker.receive(wait)
        except TimeoutError:
            left = min(seconds - (worker.cpu_seconds - before), end - time.monotonic())
            if left <= 0:
                raise
            wait = max(left, 0.05)


def begin_reading() -> Callable[[bytes, bytes | None, int, int], Decoded]:
    """In a process of its own: return what reads photos there."""
    own = _data_bytes()

    def read(image: bytes, mask: bytes | None, max_pixels: int, num_bytes: int) -> Decoded:
        if own:
            _limit_data(own + len(image) + len(mask or b"") + num_bytes)
        photo = read_photo(image, max_pixels)
        return Decoded(photo, None if mask is None else read_mask(mask, max_pixels))

    return read


def _data_bytes() -> int:
    """How much memory of its own this process has; 0 where the system does not say."""
    if not STATUS.is_file():
        return 0
    [line] = [line for line in STATUS.read_text().splitlines() if line.startswith("VmData:")]
    return int(line.split()[1]) * 1024


def _limit_data(num_bytes: int) -> None:
    """Let this process have so many bytes and no more: allocations beyond fail."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (num_bytes, most))
