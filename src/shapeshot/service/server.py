"""The process: a socket, uvicorn, and an end that finishes what was accepted."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from shapeshot.errors import UserError
from shapeshot.service.app import create_app
from shapeshot.service.routes import Service
from shapeshot.service.settings import Settings

CONNECTIONS = 1000  # at once; uvicorn answers 503 beyond, and a process may often open no more than 1024 files


def serve(settings: Settings, ready: Callable[[str], None] = lambda url: None) -> None:
    """Serve until SIGTERM or SIGINT. `ready` is called with the address once connections are accepted.

    Raises UserError where the address cannot be listened on, and ModelError where the model cannot be loaded.
    """
    app = create_app(settings)
    listener = _listen(settings.host, settings.port)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=int(settings.timeout) + 1,
        ws="none",
    )
    server = Server(config, app, lambda: ready(_url(listener)))
    server.run(sockets=[listener])


class Server(uvicorn.Server):
    """uvicorn, but a first signal lets accepted work finish before the socket is closed; a second one ends at once."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._service: Service = app.state.service
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; then say that it is ready."""
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """/readyz turns 503 and new work is refused at once; the socket closes when accepted work is done."""
        if self._loop is None or self._service.is_draining:
            self.should_exit = self.force_exit = True
            return
        self._service.is_draining = True
        self._loop.call_soon_threadsafe(self._start_draining)

    def _start_draining(self) -> None:
        self._draining = asyncio.ensure_future(self._drain())

    async def _drain(self) -> None:
        await self._service.engine.drained()
        self.should_exit = True


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
