"""What a request waits for: a place in the queue, its upload, and its job's end; and that its client may leave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anyio import CapacityLimiter
from fastapi import Request
from starlette.requests import ClientDisconnect

from shapeshot.service.engine import DroppedError, Engine, Job, Slot
from shapeshot.service.metrics import Metrics
from shapeshot.service.problems import ApiError
from shapeshot.service.settings import Settings
from shapeshot.service.store import Store
from shapeshot.service.transport.upload import Upload, read_upload


@dataclass(eq=False)
class Service:
    """What the routes work with. is_draining: no new work is accepted, because the server is about to end."""

    settings: Settings
    engine: Engine
    store: Store
    metrics: Metrics
    limiter: CapacityLimiter
    is_draining: bool = False


async def uploaded(request: Request, service: Service, make_job: Callable[[Upload], Job]) -> tuple[Upload, Any]:
    """Take a place in the queue, read the upload, and wait for its job: refused before a byte of it is read."""
    check_ready(service)
    settings, engine = service.settings, service.engine
    deadline = time.monotonic() + settings.timeout
    slot = _place(service)
    try:
        upload = await read_upload(request, settings.max_upload, settings.timeout, slot.grow, engine.decoders)
        job = make_job(upload)
    except BaseException:
        slot.free()
        raise
    job.deadline = deadline
    engine.submit(job, slot)
    return upload, await _awaited(request, service, job)


async def worked_off(request: Request, service: Service, job: Job) -> Any:
    """Take a place in the queue for a job without an upload, and wait for its end."""
    check_ready(service)
    job.deadline = time.monotonic() + service.settings.timeout
    service.engine.submit(job, _place(service))
    return await _awaited(request, service, job)


def check_ready(service: Service) -> None:
    """Raise ApiError where no work is accepted."""
    if service.is_draining:
        raise ApiError(503, "the server is shutting down; try again later", 5)
    if not service.engine.num_working:
        raise ApiError(503, "every worker of this server is stuck; it has to be started again", 60)


def _place(service: Service) -> Slot:
    slot = service.engine.take_slot()
    if slot is None:
        most = service.settings.queue
        detail = f"{most} reconstructions are under way, which is all this server takes; try again later"
        raise ApiError(429, detail, service.engine.retry_after)
    return slot


async def _awaited(request: Request, service: Service, job: Job) -> Any:
    """The job's result; the job is cancelled where its time is up or the client has left."""
    done = asyncio.wrap_future(job.result)
    left = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({done, left}, timeout=job.deadline - time.monotonic(), return_when=asyncio.FIRST_COMPLETED)
        if done.done() and not done.cancelled():
            return done.result()
        if left.done():
            raise ClientDisconnect
        raise DroppedError
    except DroppedError:
        check_ready(service)
        hint = "try again when fewer are waiting, or with a lower resolution"
        raise ApiError(504, f"not done within {service.settings.timeout:g} seconds; {hint}") from None
    finally:
        left.cancel()
        done.cancel()  # else asyncio complains of an exception that nobody took
        service.engine.cancel(job)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
