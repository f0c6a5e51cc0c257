"""The memory that all decodes under way in a process may take together: whoever does not fit waits for the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shapeshot.limits import DECODE_BYTES


class MemoryBudget:
    """A number of bytes that threads share."""

    def __init__(self, num_bytes: int) -> None:
        self.num_bytes = num_bytes
        self._free = num_bytes
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, num_bytes: int) -> Iterator[None]:
        """Hold so many bytes, never more than there are altogether; waits until they are free."""
        num_bytes = min(num_bytes, self.num_bytes)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= num_bytes)
            self._free -= num_bytes
        try:
            yield
        finally:
            with self._changed:
                self._free += num_bytes
                self._changed.notify_all()


DECODING = MemoryBudget(DECODE_BYTES)
