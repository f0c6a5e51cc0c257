"""The bounded queue and the threads that work it off: photos in, results in the store.

Each worker takes up to `max_batch` waiting photos, prepares them, runs the encoder once on the batch, and finishes
them one by one. Threads rather than processes: nearly all time is spent inside numpy, Pillow and ONNX Runtime, which
release the interpreter's lock; measured figures stand in docs/http-api.md.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from shapeshot.limits import SERVER_HEAVY_JOB_BYTES, SERVER_STUCK_SECONDS
from shapeshot.model.field_model import FieldModel
from shapeshot.model.seen import Seen
from shapeshot.photo import View
from shapeshot.photo.finder import shipped_finder
from shapeshot.pipeline.reconstruct import Clock, shape_in
from shapeshot.service.decoding import Decoders, NotLightError
from shapeshot.service.metrics import Metrics

log = logging.getLogger("shapeshot.service")


class DroppedError(Exception):
    """The job's time was up, or nobody waited for it any more, before it was done."""


@dataclass(eq=False)
class Job:
    """One photo on its way, or a file of an earlier one's result.

    look: reads and prepares the photo; where it raises NotLightError, it is called once more. None: there is no photo,
        and `finish` is called with None.
    shape: keywords for `shape_in`, or None where looking is all there is to do.
    finish: makes the job's result out of the reconstruction (or the view).
    is_heavy: takes so much memory or time that only one of its kind runs at once, and in a batch of its own.
    deadline: on time.monotonic's clock; whoever has not got a result by then has none coming.
    """

    look: Callable[[], View] | None
    shape: dict[str, Any] | None
    finish: Callable[[Any], Any]
    is_heavy: bool = False
    deadline: float = math.inf
    result: Future[Any] = field(default_factory=Future)
    cancelled: bool = False
    clock: Clock = field(default_factory=Clock)
    view: View | None = None

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.cancelled or time.monotonic() > self.deadline


class Slot:
    """Room for one job, and for the bytes of its upload, which are held in memory until the job is over."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._bytes, self._is_free = engine, 0, False

    def grow(self, num_bytes: int) -> bool:
        """Take so many bytes more; False where all uploads together would exceed the engine's limit."""
        engine = self._engine
        with engine._lock:
            if engine._upload_bytes + num_bytes > engine._max_upload_bytes:
                return False
            engine._upload_bytes += num_bytes
            self._bytes += num_bytes
        return True

    def free(self) -> None:
        """Give it all back; a second time does nothing."""
        engine = self._engine
        with engine._lock:
            if self._is_free:
                return
            self._is_free = True
            engine._slots -= 1
            engine._upload_bytes -= self._bytes
            engine.metrics.queue_depth.set(engine._slots)


class Engine:
    """Accepts jobs up to a limit and works them off. Its methods may be called from any thread.

    queue: jobs uploading, waiting or being worked on. max_upload_bytes: that their uploads may take together.
    """

    def __init__(
        self, model: FieldModel, workers: int, max_batch: int, queue: int, max_upload_bytes: int, metrics: Metrics
    ) -> None:
        self.model, self.metrics = model, metrics
        self._max_batch, self._limit, self._num_workers = max_batch, queue, workers
        self._max_upload_bytes, self._upload_bytes = max_upload_bytes, 0
        self._lock = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._slots = 0
        self._is_heavy_running = False
        self._closed = False
        self._batches: dict[int, list[Job]] = {}  # by a worker's thread: what it is at
        self._seconds_per_job = 0.3  # a running mean, to say when another try makes sense
        self.decoders = Decoders(workers)
        self._threads = [
            threading.Thread(target=self._work, name=f"shapeshot-{i}", daemon=True) for i in range(workers)
        ]

    def start(self) -> None:
        """Start the workers, with a model that has run once: its sessions start when first needed."""
        self.model.warm_up()
        shipped_finder()
        for thread in self._threads:
            thread.start()

    def take_slot(self) -> Slot | None:
        """Reserve room for one job, or None where all is taken. Free it, or hand it to `submit`."""
        with self._lock:
            if self._slots >= self._limit:
                return None
            self._slots += 1
            self.metrics.queue_depth.set(self._slots)
        return Slot(self)

    def submit(self, job: Job, slot: Slot) -> None:
        """Queue a job; its slot is freed when the job leaves the engine, however it ends."""
        job.result.add_done_callback(lambda _: slot.free())
        with self._lock:
            self._waiting.append(job)
            self._lock.notify()

    def cancel(self, job: Job) -> None:
        """Nobody waits for it any more: drop it if it is queued, else stop it between two stages."""
        job.cancelled = True
        with self._lock:
            if job not in self._waiting:
                return
            self._waiting.remove(job)
        _drop(job)

    @property
    def is_idle(self) -> bool:
        """Whether no slot is taken."""
        return self._slots == 0

    @property
    def retry_after(self) -> int:
        """Seconds until about half of what waits will have been worked off, 1 to 60."""
        return int(np.clip(math.ceil(self._slots / 2 * self._seconds_per_job / self._num_workers), 1, 60))

    async def drained(self) -> None:
        """Wait until every slot is free."""
        while not self.is_idle:
            await asyncio.sleep(0.02)

    @property
    def num_working(self) -> int:
        """How many workers there are that do jobs: those that live and are not stuck at one that is long over."""
        stuck_since = time.monotonic() - SERVER_STUCK_SECONDS
        return sum(
            thread.is_alive() and max((job.deadline for job in batch), default=math.inf) > stuck_since
            for thread in self._threads
            for batch in (self._batches.get(thread.ident or 0, []),)
        )

    def abandon(self) -> None:
        """Have nobody wait any more: whatever is queued or under way ends as dropped for whoever asked for it."""
        with self._lock:
            jobs = [*self._waiting, *(job for batch in self._batches.values() for job in batch)]
            self._waiting.clear()
        for job in jobs:
            job.cancelled = True
            _drop(job)

    def stop(self, seconds: float = math.inf) -> None:
        """Let the workers finish what they hold, for so many seconds, and end; queued jobs are dropped."""
        with self._lock:
            self._closed = True
            dropped, self._waiting = list(self._waiting), deque()
            self._lock.notify_all()
        for job in dropped:
            _drop(job)
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(None if end == math.inf else max(0.0, end - time.monotonic()))
        self.decoders.close()

    def _work(self) -> None:
        while batch := self._next_batch():
            start = time.monotonic()
            thread = threading.get_ident()
            self._batches[thread] = batch
            is_heavy = batch[0].is_heavy
            # From here on only a worker ends a job; one that was cancelled on its way here has ended.
            begun = [job for job in batch if job.result.running() or job.result.set_running_or_notify_cancel()]
            try:
                self._run(begun)
            except BaseException as error:  # nothing that one batch does ends the worker for the others
                log.exception("a worker failed")
                for job in begun:
                    _fail(job, error)
            seconds = (time.monotonic() - start) / len(batch)
            with self._lock:
                del self._batches[thread]
                self._seconds_per_job += 0.1 * (seconds - self._seconds_per_job)
                if is_heavy:
                    self._is_heavy_running = False
                    self._lock.notify_all()

    def _next_batch(self) -> list[Job]:
        """Wait for jobs and take a fair share of them; empty when the engine stops.

        A job may be cancelled between being taken and being begun.
        """
        with self._lock:
            while not (batch := self._take()) and not self._closed:
                self._lock.wait()
        return batch

    def _take(self) -> list[Job]:
        """The next jobs in their order, or one heavy job alone; heavy ones are passed over while another runs."""
        share = min(math.ceil(len(self._waiting) / self._num_workers), self._max_batch)
        batch: list[Job] = []
        for job in list(self._waiting):
            if len(batch) == share:
                break
            if job.is_heavy and (batch or self._is_heavy_running):
                continue
            batch.append(job)
            self._waiting.remove(job)
            if job.is_heavy:
                self._is_heavy_running = True
                break
        return batch

    def _run(self, batch: list[Job]) -> None:
        prepared = [job for job in batch if self._attempt(job, self._look) and job.view is not None]
        if not prepared:
            return
        self.metrics.batch_size.observe(len(prepared))
        with self._room(prepared[0]):
            self._finish(prepared)

    def _room(self, job: Job) -> AbstractContextManager[None]:
        """Hold the memory that a heavy job takes; waits for it."""
        return self.decoders.memory.taken(SERVER_HEAVY_JOB_BYTES) if job.is_heavy else nullcontext()

    def _finish(self, prepared: list[Job]) -> None:
        """Run the encoder on the batch, and all that follows on each of its jobs."""
        start = time.perf_counter()
        try:
            seen = self.model.see_batch([job.view.photo for job in prepared if job.view])
        except Exception as error:
            for job in prepared:
                job.result.set_exception(error)
            return
        seconds = (time.perf_counter() - start) / len(prepared)
        for job, own in zip(prepared, seen, strict=True):
            job.clock.add("encode", seconds)
            self._attempt(job, partial(self._shape, seen=own))

    def _look(self, job: Job) -> None:
        job.clock = Clock()  # the stages are work; what came before was waiting
        if job.look is None:
            with self._room(job):
                job.result.set_result(job.finish(None))
            return
        try:
            with job.clock("photo"):
                view = job.look()
        except NotLightError:  # let the others pass, and look again where only one such photo is looked at
            job.is_heavy = True
            with self._lock:
                self._waiting.appendleft(job)
                self._lock.notify()
            return
        if job.shape is None:
            job.result.set_result(job.finish(view))
        else:
            job.view = view

    def _shape(self, job: Job, seen: Seen) -> None:
        assert job.view is not None
        assert job.shape is not None
        shape = shape_in(job.view, seen, **job.shape, clock=job.clock)
        job.view = None  # a worker that waits for its next batch holds on to this one
        if job.is_over:
            raise DroppedError
        job.result.set_result(job.finish(shape))

    def _attempt(self, job: Job, step: Callable[[Job], None]) -> bool:
        """Whether the job goes on after `step`; its errors become its result."""
        if job.is_over:
            _fail(job, DroppedError())
            return False
        try:
            step(job)
        except Exception as error:
            _fail(job, error)
            return False
        return True


def _drop(job: Job) -> None:
    """End a job without a result."""
    if not job.result.cancel():  # begun already
        _fail(job, DroppedError())


def _fail(job: Job, error: BaseException) -> None:
    """Make the error the job's result, where it has none."""
    with suppress(InvalidStateError):
        job.result.set_exception(error)
