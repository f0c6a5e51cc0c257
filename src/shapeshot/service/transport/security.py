"""What stands before every route: headers, the Host and Origin checks, the token, the count of what was answered."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from urllib.parse import SplitResult, quote, unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shapeshot.service.metrics import Metrics
from shapeshot.service.problems import problem_response
from shapeshot.service.settings import Settings

log = logging.getLogger("shapeshot.service")

OPEN_PATHS = ("/healthz", "/readyz")  # for probes, which have no token
DISCARD_SECONDS = 5.0
OWN_PATHS = ("/v1", "/docs", "/healthz", "/readyz", "/metrics", "/openapi.json")
PORTS = {"http": 80, "https": 443}
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self' blob: data:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._public = urlsplit(settings.public_url or "")
        given = (settings.host, *settings.allow_hosts, self._public.hostname or "")
        self._names = {*LOOPBACK_NAMES, *(name.lower().rstrip(".") for name in given), *map(_name_of, given)} - {""}
        path = unquote(self._public.path).rstrip("/")
        self._sub_path = "" if f"/{path[1:].partition('/')[0]}" in OWN_PATHS else path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = self._below(scope)
        method = scope["method"]
        if method == "HEAD":  # as GET, without the body
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        body = _Body(scope, receive, self._settings.max_upload)
        answer = _Answer(send, body)
        start = time.perf_counter()
        try:
            refusal = self._refusal(scope)
            await (refusal or self._app)(scope, body, answer)
        except ClientDisconnect:
            answer.status = 499  # as nginx counts those who left
        except Exception:
            log.exception("%s failed", scope["method"])
            if not answer.status:
                await problem_response(500, "the server made a mistake; its log has the details")(
                    scope, receive, answer
                )
        finally:
            self._count(scope, method, answer.status or 499, time.perf_counter() - start)

    def _below(self, scope: Scope) -> Scope:
        """The request as if it came without the public URL's path, which some proxies take away and others leave."""
        path = scope["path"]
        if not self._sub_path or not path.startswith(f"{self._sub_path}/"):
            return scope
        below = path[len(self._sub_path) :]
        return {**scope, "path": below, "raw_path": quote(below, safe="/%:@!$&'()*+,;=~").encode()}

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._settings.is_loopback and _name_of(host) not in self._names:
            # DNS rebinding: a page of another site whose name was made to point here.
            return problem_response(
                421,
                "this server answers to localhost alone; open it as http://localhost, or start it with --public-url or "
                "--allow-host for another name",
            )
        origin = headers.get("origin")
        if origin is not None and not self._is_ours(origin, host):
            return problem_response(403, "pages of other sites may not use this server")
        token = self._settings.token
        path = scope["path"]
        if token is None or path in OPEN_PATHS or _is_api_page(path) or (self._settings.page and _is_page(path)):
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
            return None
        return problem_response(
            401,
            "this server asks for a token; send it as 'Authorization: Bearer TOKEN'",
            {"WWW-Authenticate": "Bearer"},
        )

    def _is_ours(self, origin: str, host: str) -> bool:
        """Whether this server served a page of this origin: under the name it was asked by, or its public one."""
        try:
            parts = urlsplit(origin)
        except ValueError:  # "http://[", for example
            return False
        if parts.netloc.lower() == host.lower():
            return True
        return bool(self._public.netloc) and _place_of(parts) == _place_of(self._public)

    def _count(self, scope: Scope, method: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        method = method if method in ("GET", "HEAD", "POST", "DELETE") else "other"
        self._metrics.requests.labels(route, method, str(status)).inc()
        self._metrics.latency.labels(route).observe(seconds)


class _Body:
    """`receive` that knows whether the whole body came, and can throw away the rest of it."""

    def __init__(self, scope: Scope, receive: Receive, max_bytes: int) -> None:
        headers = Headers(scope=scope)
        self._receive, self._left = receive, max_bytes
        # A client that waits to be told to go on has sent nothing that could be thrown away.
        self._is_over = scope["method"] in ("GET", "HEAD") or "100-continue" in headers.get("expect", "").lower()

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        self._is_over = self._is_over or not message.get("more_body", False)
        return message

    async def discard(self) -> None:
        """Read on to the body's end before a refusal, up to some bytes and seconds.

        A socket that is closed with unread bytes is reset, and the client may then never see why it was refused.
        """
        end = time.monotonic() + DISCARD_SECONDS
        while not self._is_over and self._left > 0 and (seconds := end - time.monotonic()) > 0:
            try:
                await asyncio.wait_for(self(), seconds)
            except asyncio.TimeoutError:
                return


class _Answer:
    """`send` that adds the headers and remembers the status."""

    def __init__(self, send: Send, body: _Body) -> None:
        self._send, self._body, self.status = send, body, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
            if self.status == 405 and headers.get("allow") == "GET":
                headers["Allow"] = "GET, HEAD"
            if self.status >= 400:
                await self._body.discard()
        await self._send(message)


def _without_body(send: Send) -> Send:
    """`send` for an answer to HEAD: its headers, as long as GET's body would be, and nothing of the body."""

    async def send_head(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_head


def _is_page(path: str) -> bool:
    """The page itself is no secret: it is where the token is typed in."""
    return not path.startswith("/v1/") and path not in ("/metrics", "/openapi.json")


def _is_api_page(path: str) -> bool:
    """The page at "/docs" and its files; what it shows, /openapi.json, asks for the token."""
    return path == "/docs" or path.startswith("/docs/")


def _place_of(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """What makes an origin: scheme, name and port, which https://a.example and https://a.example:443 share."""
    try:
        return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
    except ValueError:  # a port that is no number
        return parts.scheme, None, None


def _name_of(host: str) -> str:
    """The Host header without its port: "[::1]:8000" -> "::1"; a dot at a name's end says only that it is whole."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""
