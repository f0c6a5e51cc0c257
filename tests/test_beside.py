"""A call beside the caller's own work: it runs at once, and what it returns or raises comes where it is asked for."""

from __future__ import annotations

from threading import Event, current_thread

import pytest

from shapeshot.beside import Beside


def test_it_runs_while_the_caller_goes_on() -> None:
    begun, go_on = Event(), Event()

    def call() -> str:
        begun.set()
        assert go_on.wait(30)
        return current_thread().name

    beside = Beside(call)
    assert begun.wait(30)  # without anybody having asked for the result
    go_on.set()
    assert beside.result() != current_thread().name
    assert beside.result() == beside.result()


def test_none_is_a_result() -> None:
    assert Beside(lambda: None).result() is None


def test_what_it_raises_comes_with_the_result() -> None:
    def call() -> None:
        raise KeyError("lost")

    beside = Beside(call)
    with pytest.raises(KeyError, match="lost"):
        beside.result()
