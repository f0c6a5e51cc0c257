"""Logs that a stranger cannot fill: one line of a kind in a while, and no tracebacks of the network's troubles."""

from __future__ import annotations

import logging
import time

SECONDS = 10.0
LOGGERS = ("uvicorn.error", "asyncio")


class QuietFilter(logging.Filter):
    """Lets the first line of a kind pass, then one every SECONDS that says how many there were."""

    def __init__(self) -> None:
        super().__init__()
        self._next: dict[str, float] = {}
        self._dropped: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        now, kind = time.monotonic(), str(record.msg)[:100]
        if now < self._next.get(kind, 0.0):
            self._dropped[kind] = self._dropped.get(kind, 0) + 1
            return False
        self._next[kind] = now + SECONDS
        if dropped := self._dropped.pop(kind, 0):
            record.msg, record.args = f"{record.getMessage()} ({dropped} more like this before)", ()
        if record.exc_info and isinstance(record.exc_info[1], OSError):
            record.msg, record.args = f"{record.getMessage()}: {record.exc_info[1]}", ()
            record.exc_info = None
        if len(self._next) > 1000:
            self._next.clear()
        return True


def quiet_logs() -> None:
    """Put the filter on the loggers that tell of what clients do."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(QuietFilter())
    # It tells of every broken header by a line, and so does the answer.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
