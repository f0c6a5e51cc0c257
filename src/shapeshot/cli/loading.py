"""Modules are imported without a search for garbage, of which they leave none: it would take 10 ms of a start."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def modules_loading() -> Iterator[None]:
    """Pause the search for garbage, and leave out of every later one what is there at the end of the block.

    That is undone by `gc.unfreeze()`, for a program that goes on after the command line.
    """
    if not gc.isenabled():  # as whoever calls us wants it
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
