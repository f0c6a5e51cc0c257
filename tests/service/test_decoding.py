"""Photos are read in processes that can be ended, under a budget of memory that all of them share."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from siege import deep_png

from shapeshot.errors import NotAnImageError, PhotoError, TooLargeError
from shapeshot.limits import MIB, SERVER_HEAVY_BYTES
from shapeshot.photo import read_photo
from shapeshot.photo.memory_budget import MemoryBudget
from shapeshot.service.decoding import Decoded, Decoders, NotLightError, begin_reading

PIXELS = 50_000_000


def begin_trouble() -> Callable[..., Decoded]:
    """Reads photos, but hangs over one and dies over another."""
    read = begin_reading()

    def work(image: bytes, *rest: Any) -> Decoded:
        if image == b"hang":
            threading.Event().wait(60)
        while image == b"spin":
            pass
        if image == b"die":
            os._exit(9)
        return read(image, *rest)

    return work


@pytest.fixture
def decoders() -> Iterator[Callable[..., Decoders]]:
    made: list[Decoders] = []

    def make(count: int = 1, seconds: float = 20.0) -> Decoders:
        made.append(Decoders(count, seconds, begin_trouble))
        return made[-1]

    yield make
    for one in made:
        one.close()


def png(side: int, mode: str = "RGB") -> bytes:
    content = io.BytesIO()
    Image.new(mode, (side, side), 77).save(content, "PNG", compress_level=1)
    return content.getvalue()


def test_what_is_read_is_what_is_read_here(decoders: Callable[..., Decoders], photo_png: bytes) -> None:
    mask = png(Image.open(io.BytesIO(photo_png)).width, "L")
    decoded = decoders().read(photo_png, mask, PIXELS)
    np.testing.assert_array_equal(decoded.photo.rgba, read_photo(photo_png).rgba)
    assert decoded.mask is not None
    assert decoders().read(photo_png, None, PIXELS).mask is None


def test_errors_are_told_as_here(decoders: Callable[..., Decoders], photo_png: bytes) -> None:
    with pytest.raises(NotAnImageError):
        decoders().read(b"no image at all", None, PIXELS)
    with pytest.raises(TooLargeError, match="megapixels"):
        decoders().read(png(300), None, 1000)
    with pytest.raises(PhotoError, match="cut short"):
        decoders().read(png(300)[:-300], None, PIXELS)


def test_a_photo_that_hangs_is_ended_and_the_next_one_read(decoders: Callable[..., Decoders], photo_png: bytes) -> None:
    some = decoders(seconds=1.0)
    some.read(photo_png, None, PIXELS)
    pid = some._workers[0].pid
    begin = time.monotonic()
    with pytest.raises(PhotoError, match="more than 1 seconds"):
        some.read(b"hang", None, PIXELS)
    assert 3 < time.monotonic() - begin < 12  # without taking the processor: four times as long
    assert not Path(f"/proc/{pid}").exists()
    assert some.read(photo_png, None, PIXELS).photo.size


def test_what_is_not_light_is_told_apart(decoders: Callable[..., Decoders], photo_png: bytes) -> None:
    some = decoders()
    np.testing.assert_array_equal(
        some.read_light(photo_png, None, PIXELS).photo.rgba, some.read(photo_png, None, PIXELS).photo.rgba
    )
    with pytest.raises(NotLightError):
        some.read_light(b"die", None, PIXELS)
    with pytest.raises(NotAnImageError):
        some.read_light(b"no image at all", None, PIXELS)


def test_a_photo_that_takes_the_processor_is_ended_sooner(decoders: Callable[..., Decoders]) -> None:
    some = decoders(seconds=1.0)
    some.read(png(100), None, PIXELS)
    with pytest.raises(PhotoError, match="more than 1 seconds"):
        some.read(b"spin", None, PIXELS)


def test_neighbours_of_a_photo_that_hangs_are_read(decoders: Callable[..., Decoders], photo_png: bytes) -> None:
    some = decoders(count=2)

    def hang() -> None:
        with suppress(PhotoError, NotLightError):
            some.read_light(b"hang", None, PIXELS)

    hanging = threading.Thread(target=hang)
    hanging.start()
    begin = time.monotonic()
    for _ in range(3):
        some.read_light(photo_png, None, PIXELS)
    assert time.monotonic() - begin < 10
    some.close()
    hanging.join(20)


def test_a_process_that_dies_takes_its_photo_along_and_nothing_else(
    decoders: Callable[..., Decoders], photo_png: bytes
) -> None:
    some = decoders()
    with pytest.raises(TooLargeError, match="MiB to decode"):
        some.read(b"die", None, PIXELS)
    assert some.read(photo_png, None, PIXELS).photo.size


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="memory is bounded on Linux alone")
def test_memory_is_bounded_whatever_the_photo_says(decoders: Callable[..., Decoders]) -> None:
    """49 megapixels of 16 bits in some kilobytes: over a gigabyte, if it were let."""
    some = decoders(seconds=60.0)
    small = some.read(png(100), None, PIXELS)
    assert small.photo.size == (100, 100)
    before = peak(some)
    with suppress(PhotoError):
        some.read(deep_png(7000), None, PIXELS)
    assert peak(some) - before < SERVER_HEAVY_BYTES + 64 * MIB
    assert some.read(png(100), None, PIXELS).photo.size == (100, 100)


def peak(decoders: Decoders) -> int:
    """The most memory that the first process ever had, in bytes; 0 where it was ended."""
    status = Path(f"/proc/{decoders._workers[0].pid}/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    return max([int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")], default=0)


def test_what_does_not_fit_into_the_budget_waits() -> None:
    memory, order = MemoryBudget(100), []
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with memory.taken(60):
            order.append("first")
            entered.set()
            assert leave.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(20)
    with memory.taken(40):
        order.append("beside it")

    def wait_for_it() -> None:
        with memory.taken(41):
            order.append("after it")

    waiter = threading.Thread(target=wait_for_it)
    waiter.start()
    time.sleep(0.05)
    assert order == ["first", "beside it"]
    leave.set()
    waiter.join(20)
    holder.join(20)
    assert order == ["first", "beside it", "after it"]
