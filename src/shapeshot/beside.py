"""A call in a thread beside the caller's own work, for what leaves Python's lock: hashing, Pillow, loading a graph."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Beside(Generic[Value]):
    """A call that runs from now on; `result` waits for it. Lighter to import than `concurrent.futures`, which logs."""

    def __init__(self, call: Callable[[], Value]) -> None:
        """Start the call. The process does not end before it has returned."""
        self._call = call
        self._values: list[Value] = []
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name="beside")
        self._thread.start()

    def result(self) -> Value:
        """Wait, then return what the call returned, or raise what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._values[0]

    def _run(self) -> None:
        try:
            self._values.append(self._call())
        except BaseException as error:  # raised where the result is asked for
            self._error = error
