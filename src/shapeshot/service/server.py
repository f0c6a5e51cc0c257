"""The process: a socket, uvicorn, and an end that finishes what was accepted."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from types import FrameType

import uvicorn
from fastapi import FastAPI

from shapeshot.errors import UserError
from shapeshot.limits import SERVER_DRAIN_SECONDS, SERVER_END_SECONDS
from shapeshot.service.app import create_app
from shapeshot.service.settings import Settings
from shapeshot.service.transport.connections import Connections, allowed_connections
from shapeshot.service.transport.quiet_log import quiet_logs
from shapeshot.service.waiting import Service

log = logging.getLogger("shapeshot.service")

GRACEFUL_SECONDS = 2  # for answers that are being sent, after the work is done
BACKLOG = 64  # connections that are accepted at one go


def serve(settings: Settings, ready: Callable[[str], None] = lambda url: None) -> None:
    """Serve until SIGTERM or SIGINT. `ready` is called with the address once connections are accepted.

    Raises UserError where the address cannot be listened on, and ModelError where the model cannot be loaded.
    """
    listener = _listen(settings.host, settings.port)
    app = create_app(bound_settings(settings, listener))
    connections = Connections(allowed_connections())
    config = uvicorn.Config(
        app,
        http=connections.protocol(),
        backlog=BACKLOG,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        ws="none",
    )
    quiet_logs()
    server = Server(config, app, connections, lambda: ready(_url(listener)))
    server.run(sockets=[listener])


def bound_settings(settings: Settings, listener: socket.socket) -> Settings:
    """The settings with the address that the socket is bound to as host: loopback has many spellings."""
    host = listener.getsockname()[0]
    return replace(settings, host=host, allow_hosts=(*settings.allow_hosts, settings.host))


class Server(uvicorn.Server):
    """uvicorn, but a first signal lets accepted work finish before the socket is closed; a second one ends at once."""

    def __init__(
        self, config: uvicorn.Config, app: FastAPI, connections: Connections, ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._connections = connections
        self._service: Service = app.state.service
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Future[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; then say that it is ready."""
        await super().startup(sockets)
        self._service.engine.decoders.start()
        self._loop = asyncio.get_running_loop()
        self._tasks.append(asyncio.ensure_future(self._connections.keep_sweeping()))
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """/readyz turns 503 and new work is refused at once; the socket closes when accepted work is done."""
        _end_at_last()
        if self._loop is None or self._service.is_draining:
            self.should_exit = self.force_exit = True
            return
        self._service.is_draining = True
        self._loop.call_soon_threadsafe(self._start_draining)

    def _start_draining(self) -> None:
        self._tasks.append(asyncio.ensure_future(self._drain()))

    async def _drain(self) -> None:
        try:
            await asyncio.wait_for(self._service.engine.drained(), SERVER_DRAIN_SECONDS)
        except asyncio.TimeoutError:
            log.warning("work that was accepted did not end within %g seconds and is dropped", SERVER_DRAIN_SECONDS)
            self._service.engine.abandon()
        self.should_exit = True


def _end_at_last() -> None:
    """End the process in SERVER_END_SECONDS, whatever hangs: a thread in a library stops for nothing else."""

    def end() -> None:
        log.warning("work under way does not end; the process does")
        os._exit(1)  # the next server removes what this one leaves in the temporary folder

    timer = threading.Timer(SERVER_END_SECONDS, end)
    timer.daemon = True
    timer.start()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=512)
    except OSError as error:
        raise UserError(
            f"cannot listen on {host}:{port} ({error.strerror or error}); choose another --host or --port"
        ) from None


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
