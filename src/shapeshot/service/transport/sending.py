"""Answers that are sent from the disk piece by piece, however slowly the client reads: memory holds one piece."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import IO

from anyio.to_thread import run_sync
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PIECE_BYTES = 2**18


class FileAnswer(Response):
    """The whole of an opened file, which is closed in the end."""

    def __init__(self, file: IO[bytes], media_type: str, headers: Mapping[str, str]) -> None:
        self._file = file
        length = file.seek(0, os.SEEK_END)
        super().__init__(None, headers={**headers, "Content-Length": str(length)}, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; the disk is read in threads."""
        left = asyncio.ensure_future(_disconnected(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await run_sync(self._file.seek, 0)
            while not left.done() and (piece := await run_sync(self._file.read, PIECE_BYTES)):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            if not left.done():
                await send({"type": "http.response.body", "body": b""})
        finally:
            left.cancel()
            self._file.close()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
