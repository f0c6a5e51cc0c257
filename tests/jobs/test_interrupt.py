"""Interrupts that are held back come later, once, and never between two things that belong together."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from shapeshot.jobs.interrupt import Terminated, interrupts_come, interrupts_held, sigterm_interrupts

NUMBERS = pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)], ids=["INT", "TERM"]
)


@pytest.fixture(autouse=True)
def handlers_as_before() -> Iterator[None]:
    with sigterm_interrupts():
        before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
        yield
        assert signal.getsignal(signal.SIGINT) is before[0]
        assert signal.getsignal(signal.SIGTERM) in (before[1], signal.SIG_DFL)  # default: it came, and once is enough


def interrupt(number: signal.Signals = signal.SIGINT) -> None:
    signal.raise_signal(number)


def in_thread(function: Callable[[], object]) -> None:
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def runs(*steps: Callable[[], object]) -> Callable[[list[int]], None]:
    """Does the steps and notes which were done."""

    def run(done: list[int]) -> None:
        for index, step in enumerate(steps):
            step()
            done.append(index)

    return run


@NUMBERS
def test_one_that_is_held_comes_at_the_end(number: signal.Signals, error: type[BaseException]) -> None:
    done: list[int] = []
    with pytest.raises(error), interrupts_held():
        runs(lambda: interrupt(number), lambda: None)(done)
    assert done == [0, 1]


@NUMBERS
def test_one_that_is_held_comes_where_it_may(number: signal.Signals, error: type[BaseException]) -> None:
    done: list[int] = []
    with interrupts_held():
        interrupt(number)
        with pytest.raises(error), interrupts_come():
            pytest.fail("came later")
        done.append(1)
    assert done == [1]  # and once


def test_one_comes_at_once_where_it_may_and_cleaning_up_after_it_is_held_again() -> None:
    cleaned: list[int] = []

    def inner() -> None:
        try:
            interrupt()
        finally:
            runs(interrupt, lambda: None)(cleaned)

    def outer() -> None:
        try:
            with interrupts_come():
                inner()
        finally:
            runs(lambda: None)(cleaned)

    with pytest.raises(KeyboardInterrupt), interrupts_held():
        outer()
    assert cleaned == [0, 1, 0]


def test_what_holds_inside_of_what_lets_come_inside_of_what_holds() -> None:
    done: list[str] = []
    with interrupts_held():
        with pytest.raises(KeyboardInterrupt), interrupts_come(), interrupts_held():
            runs(interrupt, lambda: done.append("inner"))([])
        with interrupts_held():
            interrupt()
        done.append("outer")
        with pytest.raises(KeyboardInterrupt), interrupts_come():
            pass
    assert done == ["inner", "outer"]


def test_a_third_one_is_not_held() -> None:
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt), interrupts_held():
        runs(interrupt, interrupt, interrupt, lambda: None)(done)
    assert done == [0, 1]
    with interrupts_held():
        pass  # nothing of before is left


def test_the_error_of_what_was_done_is_not_lost_with_the_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt) as caught, interrupts_held():
        runs(interrupt, lambda: 1 / 0)([])
    assert isinstance(caught.value.__context__, ZeroDivisionError)


def test_where_nothing_is_held_they_come_as_ever() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts_come():
        interrupt()
    with pytest.raises(KeyboardInterrupt):
        interrupt()


def test_other_threads_hold_nothing_and_disturb_nothing() -> None:
    def elsewhere() -> None:
        with interrupts_held(), interrupts_come(), interrupts_held():
            pass

    done: list[int] = []
    with pytest.raises(KeyboardInterrupt), interrupts_held():
        runs(lambda: in_thread(elsewhere), interrupt, lambda: None)(done)
    assert done == [0, 1, 2]
