"""A running server and what reaches its socket: bytes that are nearly, or not at all, requests."""

from __future__ import annotations

import io
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from harness import Finding, Mutator
from PIL import Image

HOST = b"Host: localhost\r\n"
KIND = b"Content-Type: multipart/form-data; boundary=b\r\n"
LAST_WAIT = 0.02  # for an answer to what is not a whole request


def photo() -> bytes:
    """A small PNG with an object on transparency."""
    image = Image.new("RGBA", (48, 48))
    image.paste((200, 60, 20, 255), (12, 8, 36, 40))
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def body(**fields: str) -> bytes:
    """A multipart body with the photo and other fields."""
    parts = [b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n' + photo()]
    for name, value in fields.items():
        parts.append(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode())
    return b"\r\n".join(parts) + b"\r\n--b--\r\n"


def post(path: bytes, content: bytes, *more: bytes) -> bytes:
    """A whole POST request."""
    length = b"Content-Length: %d\r\n" % len(content)
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + KIND + length + b"".join(more) + b"\r\n" + content


def chunked(path: bytes, content: bytes, size: int) -> bytes:
    """The same in chunks."""
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    packed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + KIND + b"Transfer-Encoding: chunked\r\n\r\n" + packed


def get(path: bytes, *more: bytes, method: bytes = b"GET") -> bytes:
    """A request without a body."""
    return method + b" " + path + b" HTTP/1.1\r\n" + HOST + b"".join(more) + b"\r\n"


SEEDS = (
    post(b"/v1/reconstructions", body(resolution="8", points="10")),
    post(b"/v1/reconstructions", body(resolution="8", format="glb", smooth="2", printable="true")),
    post(b"/v1/objects", body(background="alpha", region="0,0,40,40")),
    chunked(b"/v1/objects", body(), 100),
    post(b"/v1/objects", body(), b"Expect: 100-continue\r\n"),
    get(b"/v1/formats") + get(b"/healthz") + get(b"/metrics"),
    get(b"/v1/reconstructions/kq3Y6pQ1m0eWv8ZbX2c9Lw/glb?form=mesh", b"Range: bytes=0-10\r\n"),
    get(b"/v1/reconstructions/../../etc/passwd", b"Origin: http://localhost\r\n"),
    get(b"/", b"Accept: model/gltf-binary;q=0.5\r\n", b"Authorization: Bearer x\r\n", method=b"HEAD"),
    get(b"/openapi.json", b"Connection: close\r\n", method=b"OPTIONS"),
    get(b"/v1/reconstructions/x", b"Upgrade: websocket\r\nConnection: Upgrade\r\n", method=b"DELETE"),
)


class HttpServer:
    """`shapeshot studio` in a process of its own. An answer of 500, an answer that is none, or an end is a finding."""

    seconds = 10.0

    def __init__(self) -> None:
        self._mutated = Mutator(SEEDS)
        self._process: subprocess.Popen[str] | None = None
        self._port = 0
        self._count = 0

    @contextmanager
    def started(self) -> Iterator[None]:
        """The server."""
        command = [sys.executable, "-m", "shapeshot", "studio", "--port", "0", "--disk-budget", "64"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self._port = int(self._process.stdout.readline().partition("127.0.0.1:")[2].split()[0])
        try:
            yield
            self._check_alive()
        finally:
            self._process.terminate()
            code = self._process.wait(20)
        if code != 0:
            raise Finding(f"the server ended with {code}")

    def make(self, chance: random.Random) -> bytes:
        """A request with accidents."""
        return self._mutated(chance)

    def feed(self, content: bytes) -> str:
        """Send it on a connection of its own, whole and at once, and look at what comes back."""
        self._count += 1
        if self._count % 200 == 0:
            self._check_alive()
        with socket.create_connection(("127.0.0.1", self._port), timeout=self.seconds) as connection:
            try:
                connection.sendall(content)
                connection.settimeout(LAST_WAIT)
                answer = _received(connection, self.seconds)
            except ConnectionError:
                answer = b""
        if not answer:
            return "no answer"
        found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
        if not found:
            raise Finding(f"an answer that is none: {answer[:60]!r}")
        if found[1] == b"500":
            raise Finding(f"a mistake of the server: {answer[:300]!r}")
        head, _, rest = answer.partition(b"\r\n\r\n")
        if found[1][0] in b"45" and rest and b"application/problem+json" not in head.lower():
            raise Finding(f"an error that is no problem: {head[:300]!r}")
        return found[1].decode()

    def _check_alive(self) -> None:
        begin = time.monotonic()
        with socket.create_connection(("127.0.0.1", self._port), timeout=self.seconds) as connection:
            connection.sendall(get(b"/readyz", b"Connection: close\r\n"))
            answer = connection.makefile("rb").read()
        if not answer.startswith(b"HTTP/1.1 200"):
            raise Finding(f"not ready any more: {answer[:200]!r}")
        if time.monotonic() - begin > self.seconds:
            raise Finding("ready after too long")


def _received(connection: socket.socket, seconds: float) -> bytes:
    """What comes until the server is silent or closes; it may take its time for the first byte of a whole request."""
    end, received = time.monotonic() + seconds, b""
    while time.monotonic() < end and len(received) < 1_000_000:
        try:
            piece = connection.recv(65_536)
        except TimeoutError:
            return received
        if not piece:
            return received
        received += piece
    return received
