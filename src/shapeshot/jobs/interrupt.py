"""SIGTERM as Ctrl-C: whoever ends a run so gets the same clean ending."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM came. A KeyboardInterrupt, so that whatever cleans up after Ctrl-C cleans up after this."""


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Inside, the first SIGTERM raises Terminated in the main thread; a second one ends the process at once.

    Elsewhere than in the main thread, where no signal can be handled, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    has_come = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal has_come
        has_come = True
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise Terminated

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        if has_come:  # libraries in C, such as Ray, turn every interruption into a plain KeyboardInterrupt
            raise Terminated from None
        raise
    finally:
        if signal.getsignal(signal.SIGTERM) in (interrupt, signal.SIG_DFL):
            signal.signal(signal.SIGTERM, before)
