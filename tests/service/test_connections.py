"""What a server bears of its clients: idle connections, heads and answers that take for ever, bodies in crumbs."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, Any

import httpx
import pytest
import uvicorn

import shapeshot.service.transport.connections as connections_module
from shapeshot.service.app import create_app
from shapeshot.service.settings import Settings
from shapeshot.service.transport.connections import Connections, allowed_connections
from shapeshot.service.transport.quiet_log import QuietFilter

POST = "/v1/reconstructions"


@contextmanager
def limited(model: Any, limit: int = 20) -> Iterator[tuple[str, Any]]:
    """The address and the application of a server with so many connections, in a thread of this process."""
    app = create_app(Settings(workers=1, timeout=20.0), model)
    connections = Connections(limit)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            self.sweeping = asyncio.ensure_future(connections.keep_sweeping())

    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(
        uvicorn.Config(app, http=connections.protocol(), log_level="critical", timeout_graceful_shutdown=2, ws="none")
    )
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", app
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def server(analytic_field: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    with limited(analytic_field()) as running:
        yield running


def connected(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=20)


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has closed it, within the socket's time-out."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_idle_connections_lock_nobody_out(server: tuple[str, Any]) -> None:
    url, _ = server
    with ExitStack() as stack:
        idle = [stack.enter_context(connected(url)) for _ in range(60)]  # three times what there is room for
        assert httpx.get(f"{url}/healthz", timeout=5).status_code == 200
        assert is_closed(idle[0])  # the one that had waited longest


def test_connections_at_work_are_not_cut_for_others(server: tuple[str, Any]) -> None:
    url, app = server
    body = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    head = f"POST {POST} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n"
    with ExitStack() as stack:
        working = [stack.enter_context(connected(url)) for _ in range(20)]
        for connection in working:
            connection.sendall(f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n".encode() + body)
        end = time.monotonic() + 20
        while app.state.service.engine._slots < 20:
            assert time.monotonic() < end
            time.sleep(0.01)
        with connected(url) as one:
            answer = one.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"Retry-After" in answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 503
        working[0].settimeout(0.2)
        with pytest.raises(TimeoutError):
            working[0].recv(1)


def test_a_head_that_never_ends(server: tuple[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections_module, "SERVER_HEAD_SECONDS", 0.5)
    with connected(server[0]) as connection:
        begin = time.monotonic()
        connection.settimeout(0.1)
        while time.monotonic() - begin < 15:
            try:
                connection.sendall(b"G")
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert 0.4 < time.monotonic() - begin < 10


def test_a_reader_that_does_not_read(server: tuple[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is cut off and its file closed; until then memory holds one piece of it."""
    url, app = server
    monkeypatch.setattr(connections_module, "SERVER_WRITE_SECONDS", 0.5)
    files: list[IO[bytes]] = []

    def endless(*arguments: object) -> IO[bytes]:
        files.append(Sparse(2**30))
        return files[-1]

    monkeypatch.setattr(app.state.service.store, "file", endless)
    with connected(url) as connection:
        connection.sendall(f"GET {POST}/x/glb HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        end = time.monotonic() + 15
        while not (files and files[0].closed):
            assert time.monotonic() < end
            time.sleep(0.02)
        assert files[0].tell_most < 64 * 2**20


class Sparse(io.RawIOBase):
    """A file of so many zeros, which remembers how far it was read."""

    def __init__(self, length: int) -> None:
        self._length, self._at, self.tell_most = length, 0, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (self._length if whence == 2 else 0)
        return self._at

    def read(self, size: int = -1) -> bytes:
        part = bytes(min(size, self._length - self._at))
        self._at += len(part)
        self.tell_most = max(self.tell_most, self._at)
        return part


@pytest.mark.parametrize("size", [1, 2])
def test_a_body_in_crumbs(server: tuple[str, Any], size: int) -> None:
    url, _ = server
    head = f"POST {POST} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    crumbs = (b"%x\r\n" % size + b"x" * size + b"\r\n") * 200_000
    begin = time.monotonic()
    with connected(url) as connection:
        connection.sendall(f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n".encode())
        with suppress(ConnectionError):
            for _ in range(100):
                connection.sendall(crumbs)
            pytest.fail("the server took a hundred megabytes of crumbs")
    assert time.monotonic() - begin < 10
    assert httpx.get(f"{url}/healthz").status_code == 200


def test_what_is_no_http_is_told_as_a_problem(server: tuple[str, Any]) -> None:
    with connected(server[0]) as connection:
        connection.sendall(b"\x16\x03\x01 this is TLS, or nothing\r\n\r\n")
        answer = connection.makefile("rb").read()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == 400


def test_the_log_has_one_line_of_a_kind() -> None:
    records: list[logging.LogRecord] = []
    log = logging.Logger("test")
    log.addFilter(QuietFilter())
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    log.addHandler(handler)
    for number in range(1000):
        log.warning("Invalid request %d", number)
        try:
            raise OSError(24, "Too many open files")
        except OSError:
            log.exception("accept failed")
    assert [record.getMessage() for record in records] == [
        "Invalid request 0",
        "accept failed: [Errno 24] Too many open files",
    ]
    assert records[1].exc_info is None


def test_the_limit_fits_the_files_that_may_be_opened() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = allowed_connections()
    assert 8 <= limit <= connections_module.SERVER_CONNECTIONS
    assert 2 * limit <= resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(before[0], before[1]), before[1]))


def test_broken_multipart_headers_write_no_log() -> None:
    code = """
import python_multipart, sys
from shapeshot.service.transport.quiet_log import quiet_logs
if sys.argv[1] == "quiet":
    quiet_logs()
try:
    python_multipart.MultipartParser(b"b", {}).write(b"--b\\r\\nContent\\nx: y\\r\\n\\r\\n")
except Exception:
    pass
"""
    loud, quiet = (
        subprocess.run([sys.executable, "-c", code, word], capture_output=True, text=True).stderr
        for word in ("loud", "quiet")
    )
    assert "invalid character" in loud
    assert quiet == ""
