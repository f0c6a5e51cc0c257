"""`shapeshot serve`: the HTTP API. `shapeshot studio`: the same, with a page to use it from."""

from __future__ import annotations

import argparse
import os
from typing import Any

from shapeshot import limits
from shapeshot.cli.flags import finite_number, whole_number
from shapeshot.cli.parser import Parser
from shapeshot.errors import UserError

MIB = 2**20
TOKEN_VARIABLE = "SHAPESHOT_TOKEN"


def add_command(parser: Parser) -> None:
    """Declare both commands."""
    parser.add_command("studio", "Open the studio: a local web page over the HTTP API.", declare, run_studio, "studio")
    parser.add_command("serve", "Serve the HTTP API alone (docs/http-api.md).", declare, run_serve, "studio")


def declare(command: Parser) -> None:
    """The flags of both."""
    add = command.add_argument
    add("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (127.0.0.1: this machine alone)")
    add("--port", type=whole_number(0, 65535), default=8000, metavar="N", help="0 takes any free one (8000)")
    add("--token", metavar="TEXT", help=f"clients must send it as 'Authorization: Bearer' (default: ${TOKEN_VARIABLE})")
    add("--max-upload", type=finite_number, default=32, metavar="MIB", help="of one request (32)")
    queue = "requests under way at once; more are told to wait (32)"
    add("--queue", type=whole_number(1, limits.SERVER_QUEUE), default=32, metavar="N", help=queue)
    add("--timeout", type=finite_number, default=60, metavar="SECONDS", help="until a request is given up (60)")
    add("--ttl", type=finite_number, default=3600, metavar="SECONDS", help="that a result is kept (3600)")
    add("--disk-budget", type=finite_number, default=1024, metavar="MIB", help="of all results together (1024)")
    workers = whole_number(1, limits.WORKERS)
    add("--workers", type=workers, metavar="N", help="threads that compute (one for each core)")
    add("--public-url", metavar="URL", help="where clients reach it through a proxy: https://shapes.example/studio")
    add("--allow-host", action="append", default=[], metavar="NAME", help="another name it answers to (repeatable)")
    add("--model", metavar="NAME|FOLDER", help="from 'shapeshot export' (default: the shipped model)")


def run_serve(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    return _run(args, page=False)


def run_studio(args: argparse.Namespace) -> int:
    """Serve the page and the API until interrupted."""
    return _run(args, page=True)


def _run(args: argparse.Namespace, page: bool) -> int:
    from shapeshot.service.server import serve
    from shapeshot.service.settings import Settings

    settings = Settings(
        host=args.host,
        port=args.port,
        token=args.token or os.environ.get(TOKEN_VARIABLE) or None,
        max_upload=_bytes("--max-upload", args.max_upload),
        queue=args.queue,
        timeout=args.timeout,
        ttl=args.ttl,
        disk_budget=_bytes("--disk-budget", args.disk_budget),
        model=args.model,
        workers=args.workers,
        public_url=args.public_url,
        allow_hosts=tuple(args.allow_host),
        page=page,
    )
    serve(settings, ready=_announce(page))
    return 0


def _announce(page: bool) -> Any:
    what = "the studio is at" if page else "the API is at"
    return lambda url: print(f"{what} {url} (Ctrl+C ends it)", flush=True)


def _bytes(flag: str, mebibytes: float) -> int:
    if not 0 < mebibytes < 2**40:
        raise UserError(f"{flag} must be a positive number of MiB; got {mebibytes}")
    return int(mebibytes * MIB)
