"""When Ctrl-C and SIGTERM end a run, and what they never come between."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

_Error = type[BaseException] | BaseException | TracebackType | None
_MOST_KEPT = 2  # a third one is let through at once: whoever insists is not kept waiting by what hangs


class Terminated(KeyboardInterrupt):
    """SIGTERM came. A KeyboardInterrupt, so that whatever cleans up after Ctrl-C cleans up after this."""


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Inside, the first SIGTERM raises Terminated in the main thread; a second one ends the process at once.

    Elsewhere than in the main thread, where no signal can be handled, this does nothing.
    """
    if not _in_main_thread():
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


class interrupts_held:
    """Inside, Ctrl-C and SIGTERM are kept back; they come when it is left, or where `interrupts_come` lets them.

    For what has to happen as a whole, such as a task that is done and the note that it is. May be nested. Signals that
    nothing handles are left as they are: those that end the process at once, and those that are ignored. Elsewhere than
    in the main thread this does nothing.
    """

    def __enter__(self) -> None:
        self._is_outermost, self._was_open = False, False
        if not _in_main_thread():
            return
        self._was_open, _gate.is_open = _gate.is_open, False
        if not _gate.is_in_use:
            self._is_outermost = True
            _gate.install()

    def __exit__(self, *error: _Error) -> None:
        if not _in_main_thread():
            return
        if self._is_outermost:
            _gate.remove()
        _gate.is_open = self._was_open
        if self._is_outermost or self._was_open:
            _gate.deliver()


class interrupts_come:
    """Inside, what `interrupts_held` keeps back comes as it always does, and first of all what it has kept.

    For waits and for long work, after which nothing has to be noted. Where nothing is kept back this does nothing.
    """

    def __enter__(self) -> None:
        self._was_open = _gate.is_open
        if _in_main_thread():
            _gate.is_open = True
            _gate.deliver()

    def __exit__(self, *error: _Error) -> None:
        if _in_main_thread():
            _gate.is_open = self._was_open


class _Gate:
    """The handler of both signals while they may be kept back. Of the main thread alone.

    It is closed by whatever passes it: cleaning up after an interrupt is not interrupted, unless it says so.
    """

    def __init__(self) -> None:
        self.is_in_use = self.is_open = False
        self._kept: list[int] = []
        self._before: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self._kept.append(number)
        if self.is_open or not self.is_in_use or len(self._kept) > _MOST_KEPT:
            self.deliver(frame)

    def install(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            before = signal.getsignal(number)
            if before is not self and callable(before):
                self._before[number] = before
                signal.signal(number, self)
        self.is_in_use = True  # last: a signal that came before passed, and nothing was begun

    def remove(self) -> None:
        self.is_in_use = False  # first: should a signal come meanwhile, it passes
        for number, before in self._before.items():
            if signal.getsignal(number) is self:  # the one of SIGTERM takes itself away when it was called
                signal.signal(number, before)
        del self._kept[1:]

    def deliver(self, frame: FrameType | None = None) -> None:
        if self._kept:
            number = self._kept.pop(0)
            self.is_open = False
            self._before[number](number, frame)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


_gate = _Gate()
