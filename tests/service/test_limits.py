"""What is refused before, while and after it is read: sizes, too much at once, too slow."""

from __future__ import annotations

import io
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from api_answers import POST, Start, assert_problem
from fastapi.testclient import TestClient
from PIL import Image

import shapeshot.service.transport.security as security_module
import shapeshot.service.transport.upload as upload_module
from shapeshot.errors import ExportError, UserError
from shapeshot.service.settings import Settings


class SlowField:
    """A model that waits for `go` in the encoder; `busy` tells that it got there."""

    def __init__(self, model: Any) -> None:
        self._model, self.go, self.busy = model, threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def see_batch(self, photos: Any) -> Any:
        self.busy.set()
        assert self.go.wait(20)
        return self._model.see_batch(photos)


@pytest.fixture
def slow(analytic_field: Callable[..., Any]) -> Iterator[SlowField]:
    model = SlowField(analytic_field())
    yield model
    model.go.set()


def multipart(image: bytes) -> tuple[bytes, dict[str, str]]:
    """A multipart body with one image."""
    head = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    return head + image + b"\r\n--b--\r\n", {"Content-Type": "multipart/form-data; boundary=b"}


def test_too_many_bytes_with_and_without_a_declared_length(start: Start) -> None:
    client = start(max_upload=10_000)
    body, headers = multipart(b"x" * 20_000)
    assert_problem(client.post(POST, content=body, headers=headers), 413, "larger than")
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield body[:1000]
        for _ in range(1000):
            sent += 1
            yield b"x" * 1000

    assert_problem(client.post(POST, content=endless(), headers=headers), 413, "larger than")
    assert client.get("/metrics").text.count("shapeshot_queue_depth 0.0") == 1


@pytest.mark.parametrize("field", ["image", "mask"])
@pytest.mark.parametrize(("side", "status"), [(30_000, 413), (9000, 413)])
def test_pixel_bombs(start: Start, photo_png: bytes, field: str, side: int, status: int) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = b"IDAT" + zlib.compress(bytes(1000))
    chunks = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, rows, b"IEND"))
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    files = {"image": photo_png, field: bomb}
    begin = time.process_time()
    assert_problem(start().post(POST, files=files), status, "megapixels")
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    ("body", "headers", "status", "named"),
    [
        (b"", {"Content-Type": "multipart/form-data"}, 400, "boundary"),
        (b"nonsense", {"Content-Type": "multipart/form-data; boundary=b"}, 400, "multipart"),
        (b"--b\r\n\r\nx\r\n--b--", {"Content-Type": "multipart/form-data; boundary=b"}, 400, "multipart"),
        (multipart(b"x")[0], {"Content-Type": "multipart/form-data; boundary=b; charset=idna"}, 415, "not an image"),
        (multipart(b"x")[0], {"Content-Type": "multipart/form-data; boundary=b; charset=undefined"}, 400, "decoded"),
        (multipart(b"")[0], multipart(b"")[1], 415, "empty"),
        (b"--b--\r\n", multipart(b"")[1], 422, "'image' is missing"),
        (b"image=x", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "multipart/form-data"),
        (b"", {}, 415, "multipart/form-data"),
    ],
)
def test_bodies_that_are_none(api: TestClient, body: bytes, headers: dict, status: int, named: str) -> None:
    assert_problem(api.post(POST, content=body, headers=headers), status, named)


def test_a_field_given_twice(api: TestClient, photo_png: bytes) -> None:
    answer = api.post(POST, files=[("image", photo_png), ("image", photo_png)])
    assert_problem(answer, 422, "twice")
    answer = api.post(POST, files={"image": photo_png}, data={"resolution": ["8", "9"]})
    assert_problem(answer, 422, "twice")


@pytest.mark.parametrize("name", ["text.jpg", "cut.jpg", "tiny.png", "white.png", "drawing.eps"])
def test_photos_that_are_none(api: TestClient, name: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8))
    content = io.BytesIO()
    noise.save(content, "JPEG")
    bad = {
        "text.jpg": (b"this is a text file", 415, "not an image"),
        "cut.jpg": (content.getvalue()[:2000], 422, "cut short"),
        "tiny.png": (encoded(Image.new("RGB", (1, 1))), 422, "too small"),
        "white.png": (encoded(Image.new("RGB", (200, 200), "white")), 422, "no object found"),
        "drawing.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n%%EndComments\n", 415, ""),
    }[name]
    assert_problem(api.post(POST, files={"image": bad[0]}), *bad[1:])


def encoded(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def test_a_full_queue_says_when_to_come_back(start: Start, slow: SlowField, photo_png: bytes) -> None:
    client = start(slow, queue=2)
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(client.post(POST, files={"image": photo_png}))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    assert slow.busy.wait(20)
    wait_for(lambda: "shapeshot_queue_depth 2.0" in client.get("/metrics").text)
    refused = client.post(POST, files={"image": photo_png})
    assert_problem(refused, 429, "2 reconstructions are under way")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert client.get("/healthz").status_code == 200
    slow.go.set()
    for thread in threads:
        thread.join(20)
    assert [answer.status_code for answer in answers] == [201, 201]
    assert client.post(POST, files={"image": photo_png}).status_code == 201


def test_a_request_whose_time_is_up(start: Start, slow: SlowField, photo_png: bytes) -> None:
    client = start(slow, timeout=0.3)
    begin = time.perf_counter()
    assert_problem(client.post(POST, files={"image": photo_png}), 504, "0.3 seconds")
    assert time.perf_counter() - begin < 5
    slow.go.set()
    wait_for(lambda: "shapeshot_queue_depth 0.0" in client.get("/metrics").text)


def half_a_request(url: str) -> socket.socket:
    """A connection on which the body has begun and does not go on."""
    head = f"POST {POST} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n"
    connection = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=20)
    connection.sendall(
        f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n".encode() + multipart(b"x")[0][:60]
    )
    return connection


def test_a_slow_upload_gives_its_place_back(
    listen: Callable[..., Any], analytic_field: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_module, "UPLOAD_SECONDS", 0.5)
    monkeypatch.setattr(security_module, "DISCARD_SECONDS", 0.1)
    with listen(analytic_field(), queue=1) as url, half_a_request(url) as slow:
        wait_for(lambda: "shapeshot_queue_depth 1.0" in httpx.get(f"{url}/metrics").text)
        assert slow.makefile("rb").readline().startswith(b"HTTP/1.1 408")
        assert "shapeshot_queue_depth 0.0" in httpx.get(f"{url}/metrics").text


def test_an_upload_that_breaks_off_gives_its_place_back(
    listen: Callable[..., Any], analytic_field: Callable[..., Any]
) -> None:
    with listen(analytic_field(), queue=1) as url:
        connection = half_a_request(url)
        wait_for(lambda: "shapeshot_queue_depth 1.0" in httpx.get(f"{url}/metrics").text)
        connection.close()
        wait_for(lambda: "shapeshot_queue_depth 0.0" in httpx.get(f"{url}/metrics").text)
        assert 'code="499"' in httpx.get(f"{url}/metrics").text


def test_uploads_share_a_limit_of_memory(
    listen: Callable[..., Any], analytic_field: Callable[..., Any], photo_png: bytes
) -> None:
    """Eight large uploads under way are all that is held, however many places the queue has."""
    with listen(analytic_field(), queue=20, max_upload=50_000) as url, ExitStack() as stack:
        body, headers = multipart(bytes(49_000))
        for _ in range(8):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=20))
            head = f"POST {POST} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
            slow.sendall(f"{head}Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body[:-10])
        wait_for(lambda: "shapeshot_queue_depth 8.0" in httpx.get(f"{url}/metrics").text)
        wait_for(lambda: httpx.post(url + POST, content=body, headers=headers).status_code == 429)
        refused = httpx.post(url + POST, content=body, headers=headers)
        assert_problem(refused, 429, "uploaded at once")
        assert refused.headers["retry-after"]


def test_no_new_work_while_draining(start: Start, photo_png: bytes) -> None:
    client = start()
    link = client.post(POST, files={"image": photo_png}).headers["location"]
    client.app.state.service.is_draining = True
    for answer in (client.get("/readyz"), client.post(POST, files={"image": photo_png})):
        assert_problem(answer, 503, "shutting down")
        assert answer.headers["retry-after"]
    assert client.get("/healthz").status_code == 200
    assert client.get(link).status_code == 200


def test_a_mistake_of_the_servers_own_is_a_plain_500(
    start: Start, photo_png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = start()
    monkeypatch.setattr(client.app.state.service.store, "add", None)
    answer = client.post(POST, files={"image": photo_png})
    assert_problem(answer, 500, "its log has the details")
    assert "NoneType" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert 'code="500"' in client.get("/metrics").text


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"queue": 0}, "queue"),
        ({"max_upload": 0}, "max-upload"),
        ({"timeout": -1}, "timeout"),
        ({"ttl": float("nan")}, "ttl"),
        ({"port": 70000}, "port"),
        ({"token": ""}, "token"),
        ({"token": "a\nb"}, "token"),
        ({"model": "/nowhere/at/all"}, "model folder"),
    ],
)
def test_settings_that_make_no_server(options: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=named):
        Settings(**options)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("disposition", ['name="image"', "name=\"image\"; filename*=UTF-8''f%c3%bc.png", "name=image"])
@pytest.mark.parametrize("kind", ["", "Content-Type: image/png\r\n"])
def test_a_file_is_one_by_its_field(api: TestClient, photo_png: bytes, disposition: str, kind: str) -> None:
    head = f"--b\r\nContent-Disposition: form-data; {disposition}\r\n{kind}\r\n".encode()
    body = head + photo_png + b"\r\n--b--\r\n"
    answer = api.post(POST, content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code == 201, answer.text


def test_finishing_that_would_cost_too_much_is_refused_before_it_is_begun(
    start: Start, photo_png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = start()
    fields = {"resolution": "16", "smooth": "100", "printable": "true"}
    assert client.post(POST, files={"image": photo_png}, data=fields).status_code == 201
    monkeypatch.setattr("shapeshot.service.cost.SERVER_FINISH_COST", 10_000)
    assert_problem(client.post(POST, files={"image": photo_png}, data=fields), 422, "more work than this server does")
    assert client.post(POST, files={"image": photo_png}, data={"resolution": "16"}).status_code == 201


def test_a_disk_that_is_full_is_507(start: Start, photo_png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    client = start()

    def full(path: Path, content: bytes) -> None:
        raise ExportError(f"cannot write {path}: No space left on device")

    monkeypatch.setattr("shapeshot.service.store.atomic_write", full)
    answer = client.post(POST, files={"image": photo_png})
    assert_problem(answer, 507, "try again later")
    assert "/" not in answer.json()["detail"]


def test_a_server_whose_workers_are_all_stuck_is_not_ready(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    client = start()
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(type(client.app.state.service.engine), "num_working", 0)
    assert_problem(client.get("/readyz"), 503, "stuck")
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "in pieces"])
def test_the_limit_of_an_upload_is_exact(start: Start, photo_png: bytes, declared: bool) -> None:
    """A body of as many bytes as are allowed is read; one more is refused."""
    body, headers = multipart(photo_png)
    for spare, status in ((0, 201), (-1, 413)):
        client = start(max_upload=len(body) + spare)
        content = body if declared else iter([body[:100], body[100:]])
        assert client.post(POST, content=content, headers=headers).status_code == status
