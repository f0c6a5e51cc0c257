"""How the server is run: one dataclass, the same for the command line, the tests and the benchmark."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from shapeshot import limits
from shapeshot.errors import UserError
from shapeshot.jobs.cores import usable_cores
from shapeshot.model.registry import find_model

MIB = 2**20


@dataclass(frozen=True)
class Settings:
    """Where to listen and what to allow.

    token: what clients must send as `Authorization: Bearer`, or None for no such check.
    max_upload: bytes of one request. max_pixels: of one image. queue: requests being worked on or waiting.
    timeout: seconds from a request's arrival to its answer. ttl: seconds a result is kept.
    disk_budget: bytes that all results together may take. model: a name or a folder, or None for the shipped one.
    workers: threads that compute; None is one for each usable core. max_batch: photos in one run of the encoder.
    max_resolution, max_points, max_smooth: tighter than the library's, because one request must not take all
    memory or all time.
    page: also serve the studio's page at "/".
    public_url: where clients reach the server through a proxy, "https://shapes.example/studio", or None. Links begin
    with it, its host is answered to, and its pages may use the API. allow_hosts: more names that a server for this
    machine alone answers to.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    max_upload: int = 32 * MIB
    max_pixels: int = 50_000_000
    queue: int = 32
    timeout: float = 60.0
    ttl: float = 3600.0
    disk_budget: int = 1024 * MIB
    model: str | None = None
    workers: int | None = None
    max_batch: int = 4
    max_resolution: int = 128
    max_points: int = 1_000_000
    max_smooth: int = 100
    page: bool = False
    public_url: str | None = None
    allow_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """UserError for values that make no server."""
        for name, unit in (("max_upload", "bytes"), ("queue", "requests"), ("disk_budget", "bytes"), ("max_batch", "")):
            if getattr(self, name) < 1:
                raise UserError(f"{name.replace('_', '-')} must be at least 1 {unit}".rstrip())
        for name, most in (("timeout", limits.SERVER_TIMEOUT), ("ttl", limits.SERVER_TTL)):
            if not 0 < getattr(self, name) <= most:
                raise UserError(
                    f"{name} must be a positive number of seconds, at most {most}; got {getattr(self, name)}"
                )
        if self.workers is not None and not 1 <= self.workers <= limits.WORKERS:
            raise UserError(f"workers must lie in 1..{limits.WORKERS}; got {self.workers}")
        if not 0 <= self.port <= 65535:
            raise UserError(f"the port must lie in 0..65535; got {self.port}")
        if self.token is not None and (not self.token or not self.token.isascii() or not self.token.isprintable()):
            raise UserError("the token must be printable ASCII and not empty")
        if self.public_url is not None:
            _check_public_url(self.public_url)
        if not find_model(self.model).is_dir():  # a name that is not known is told there
            raise UserError(f"no such model folder: {self.model}; give a folder that shapeshot exported")

    @property
    def max_uploads(self) -> int:
        """Bytes that all requests under way may hold in memory together: a few large ones, or many usual ones."""
        return 8 * self.max_upload

    @property
    def num_workers(self) -> int:
        """Threads that compute."""
        return self.workers or usable_cores()

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server; `host` must be an address for that, or "localhost"."""
        if self.host.lower() == "localhost":
            return True
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return (getattr(address, "ipv4_mapped", None) or address).is_loopback

    @property
    def base_url(self) -> str:
        """What links begin with: the public URL, or nothing where clients reach the server as it is."""
        return (self.public_url or "").rstrip("/")


def _check_public_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
        is_right = is_right and parts.username is None and (parts.port is None or parts.port > 0)
    except ValueError:
        is_right = False
    if not is_right or not url.isascii() or not url.isprintable() or " " in url:
        raise UserError(f"the public URL must be like https://shapes.example/studio; got {url!r}")
