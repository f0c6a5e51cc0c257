"""Files that are made of a kept result when somebody asks for one.

Those of a large result take seconds and hundreds of megabytes. They are jobs like a fine reconstruction, one at a time,
so that everybody else is answered meanwhile; they are given up where nobody waits for them any more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

from anyio.to_thread import run_sync
from fastapi import Request

from shapeshot.service.engine import Job
from shapeshot.service.store import Result
from shapeshot.service.waiting import Service, worked_off

Encode = Callable[[Result, Callable[[], bool]], bytes | memoryview]
"""Makes a file's content of a result; may raise DroppedError as soon as what it is given says that nobody waits."""


async def made_file(request: Request, service: Service, result_id: str, name: str, encode: Encode) -> IO[bytes] | None:
    """The opened file `name` of a result, made where it was not there; None where there is no such result.

    Raises as `Store.file` and, for a large result, as a reconstruction: ApiError where too much is under way.
    """
    store = service.store
    file = await run_sync(store.opened, result_id, name, limiter=service.limiter)
    if file is not None:
        return file
    if not store.is_large(result_id):
        return await run_sync(_made, service, result_id, name, encode, limiter=service.limiter)
    job = Job(None, None, lambda _: _made(service, result_id, name, encode, job), is_heavy=True)
    made: IO[bytes] | None = await worked_off(request, service, job)
    return made


def _made(service: Service, result_id: str, name: str, encode: Encode, job: Job | None = None) -> IO[bytes] | None:
    return service.store.file(result_id, name, lambda result: encode(result, lambda: job is not None and job.is_over))
