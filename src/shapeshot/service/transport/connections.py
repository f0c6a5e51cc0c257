"""How many connections a server keeps open, and for how long it waits for what a client owes it.

A client owes the head of a request, and to read its answer. Who owes for too long is cut off; where all places are
taken, the one that has owed a head for longest makes room for a newcomer, so that idle connections lock nobody out.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from shapeshot.limits import (
    SERVER_CHUNK_BYTES,
    SERVER_CONNECTIONS,
    SERVER_HEAD_SECONDS,
    SERVER_SMALL_CHUNKS,
    SERVER_WRITE_SECONDS,
)

SWEEP_SECONDS = 0.5
SPARE_FILES = 96  # that the process opens besides: the model, the workers' pipes, what libraries want
_FULL = "every connection of this server is taken; try again later"


class Connections:
    """The open connections of one server. All of it runs on the event loop."""

    def __init__(self, limit: int = SERVER_CONNECTIONS) -> None:
        self.limit = limit
        self._open: set[Protocol] = set()

    def __len__(self) -> int:
        return len(self._open)

    def has_room_for(self, protocol: Protocol) -> bool:
        """Note a new connection, whose place another one may have to leave. False where all are at work."""
        if len(self._open) >= self.limit:
            waiting = [other for other in self._open if other.is_waiting]
            if not waiting:
                return False
            longest = min(waiting, key=lambda other: other.waiting_since)
            longest.cut()
        self._open.add(protocol)
        return True

    def forget(self, protocol: Protocol) -> None:
        """A connection is closed."""
        self._open.discard(protocol)

    def sweep(self) -> None:
        """Cut off whoever owes something for too long."""
        now = time.monotonic()
        for protocol in list(self._open):
            if (protocol.is_waiting and now - protocol.waiting_since > SERVER_HEAD_SECONDS) or (
                protocol.unread_since is not None and now - protocol.unread_since > SERVER_WRITE_SECONDS
            ):
                protocol.cut()

    async def keep_sweeping(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self.sweep()

    def protocol(self) -> type[Protocol]:
        """The class of this server's connections, for uvicorn."""
        return type("ServerProtocol", (Protocol,), {"registry": self})


class Protocol(H11Protocol):
    """One connection: uvicorn's, with its place among the others and a limit of pieces.

    waiting_since: when the connection was made or its last answer ended. unread_since: since when an answer waits for
    the client to read, or None.
    """

    registry: ClassVar[Connections]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        limit = self.config.h11_max_incomplete_event_size
        self.conn = _Counting(h11.SERVER, **({} if limit is None else {"max_incomplete_event_size": limit}))
        self.waiting_since = time.monotonic()
        self.unread_since: float | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether the client owes the head of a request."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As uvicorn's; refused where no place is left."""
        super().connection_made(transport)
        if not self.registry.has_room_for(self):
            transport.write(_plain_answer(503, "Service Unavailable", _FULL, b"Retry-After: 5\r\n"))
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn's."""
        self.registry.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """As uvicorn's; a connection that was cut off is not listened to any more."""
        if not self.transport.is_closing():
            super().data_received(data)

    def on_response_complete(self) -> None:
        """As uvicorn's."""
        self.waiting_since = time.monotonic()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """As uvicorn's; called where the client does not read as fast as it is sent to."""
        self.unread_since = time.monotonic()
        super().pause_writing()

    def resume_writing(self) -> None:
        """As uvicorn's."""
        self.unread_since = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with a problem, where an answer is still possible, and close."""
        if self.is_waiting or not self.cycle.response_started:
            detail = "this is not HTTP/1.1 as this server reads it: the request's head or the framing of its body"
            self.transport.write(_plain_answer(400, "Bad Request", detail))
        self.transport.close()

    def cut(self) -> None:
        """Close now; what was not read is dropped."""
        self._unset_keepalive_if_required()
        self.transport.abort()


class _Counting(h11.Connection):
    """h11's, which refuses a body that comes in very many very small pieces: each costs as much as a large one."""

    _pieces = _bytes = 0

    def next_event(self) -> Any:
        """As h11's. Raises h11.RemoteProtocolError."""
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._pieces = self._bytes = 0
        elif isinstance(event, h11.Data):
            self._pieces += 1
            self._bytes += len(event.data)
            if self._pieces > SERVER_SMALL_CHUNKS + self._bytes // SERVER_CHUNK_BYTES:
                raise h11.RemoteProtocolError("the body comes in too many small pieces")
        return event


def _plain_answer(status: int, title: str, detail: str, headers: bytes = b"") -> bytes:
    """A whole answer without the application, which has not seen the request."""
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()
    head = f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + headers + b"Connection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n" + body


def allowed_connections() -> int:
    """How many connections this process may keep: half of the files it may open, as each may read one."""
    try:
        import resource
    except ImportError:  # Windows
        return SERVER_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * SERVER_CONNECTIONS + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return SERVER_CONNECTIONS
    return max(8, min(SERVER_CONNECTIONS, (soft - SPARE_FILES) // 2))
