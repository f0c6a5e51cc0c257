"""Files of large results: one at a time, beside everybody else's requests, and not for those who have left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from api_answers import POST

import shapeshot.service.routes as routes
import shapeshot.service.store as store_module
from shapeshot.service.archive import archive
from shapeshot.service.engine import DroppedError

SECONDS = 20.0  # a wait that only a broken server reaches
FORMATS = ("glb", "ply", "stl")


class Gate:
    """In place of the making of a file: holds it until it is opened, and counts how many are made at once."""

    def __init__(self) -> None:
        self.opened, self.arrived, self.lock = threading.Event(), threading.Semaphore(0), threading.Lock()
        self.running, self.most, self.calls = 0, 0, 0

    def __call__(self, *_: Any) -> bytes:
        with self.lock:
            self.running, self.calls = self.running + 1, self.calls + 1
            self.most = max(self.most, self.running)
        self.arrived.release()
        assert self.opened.wait(SECONDS)
        with self.lock:
            self.running -= 1
        return b"file"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    monkeypatch.setattr(routes, "encoded", gate)
    monkeypatch.setattr(store_module, "SERVER_LIGHT_RESULT_BYTES", 0)
    return gate


@pytest.fixture
def client(
    listen: Callable[..., AbstractContextManager[str]], analytic_field: Callable[..., Any]
) -> Iterator[httpx.Client]:
    with listen(analytic_field(), workers=2, queue=4) as url, httpx.Client(base_url=url, timeout=SECONDS) as client:
        yield client


def send(client: httpx.Client, photo: bytes) -> Any:
    return client.post(POST, files={"image": photo}, data={"resolution": "8", "points": "10"})


def test_one_at_a_time_and_everybody_else_is_answered(client: httpx.Client, photo_png: bytes, gate: Gate) -> None:
    link = send(client, photo_png).json()["links"]["self"]
    with ThreadPoolExecutor(len(FORMATS)) as pool:
        files = [pool.submit(client.get, f"{link}/{suffix}") for suffix in FORMATS]
        try:
            assert gate.arrived.acquire(timeout=SECONDS)
            assert client.get(link).status_code == 200
            assert client.get(f"{link}/crop").status_code == 200
            assert send(client, photo_png).status_code == 201
        finally:
            gate.opened.set()
        assert [file.result().status_code for file in files] == [200] * len(FORMATS)
    assert gate.most == 1
    assert client.get(f"{link}/glb").content == b"file"
    assert gate.calls == len(FORMATS), "what is made is kept"


def test_the_queue_counts_them(client: httpx.Client, photo_png: bytes, gate: Gate) -> None:
    link = send(client, photo_png).json()["links"]["self"]
    urls = [f"{link}/{suffix}?form={form}" for form in ("mesh", "voxels") for suffix in FORMATS]
    with ThreadPoolExecutor(len(urls)) as pool:
        files = [pool.submit(client.get, url) for url in urls]
        assert gate.arrived.acquire(timeout=SECONDS)
        end = time.monotonic() + SECONDS
        while sum(file.done() for file in files) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        gate.opened.set()
        statuses = sorted(file.result().status_code for file in files)
    assert statuses == [200] * 4 + [429] * 2


def test_nothing_is_made_for_one_who_has_left(client: httpx.Client, photo_png: bytes, gate: Gate) -> None:
    link = send(client, photo_png).json()["links"]["self"]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.get, f"{link}/glb")
        assert gate.arrived.acquire(timeout=SECONDS)
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"{link}/ply", timeout=0.5)
        time.sleep(0.5)  # the server notices that it has left
        gate.opened.set()
        assert first.result().status_code == 200
    assert send(client, photo_png).status_code == 201
    assert gate.calls == 1


def test_an_archive_is_given_up_between_its_files(client: httpx.Client) -> None:
    with pytest.raises(DroppedError):
        archive(None, lambda: True)  # type: ignore[arg-type]  # it is not looked at any more
