"""The harnesses that `make fuzz` runs, by name. A new one is a module beside this and a line here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from archives import Archives
from cards import Cards
from harness import Harness
from http_server import HttpServer
from isolated import Isolated
from meshes import Meshes
from photos import Photos
from results import Results
from shards import Shards

from checkpoints import Checkpoints

HARNESSES: dict[str, Callable[[], Harness]] = {
    "http": HttpServer,
    "photos": partial(Isolated, Photos),
    "meshes": partial(Isolated, Meshes),
    "results": partial(Isolated, Results),
    "archives": partial(Isolated, Archives),
    "shards": partial(Isolated, Shards),
    "checkpoints": partial(Isolated, Checkpoints),
    "cards": partial(Isolated, Cards),
}
