"""The harnesses that `make fuzz` runs, by name. A new one is a module beside this and a line here."""

from __future__ import annotations

from collections.abc import Callable

from harness import Harness
from http_server import HttpServer

HARNESSES: dict[str, Callable[[], Harness]] = {
    "http": HttpServer,
}
