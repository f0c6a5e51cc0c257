"""The temporary files of an upload are closed, however its reading ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

pytest.importorskip("fastapi", reason="needs the extra `studio`")

from fastapi import Request
from starlette.datastructures import Headers, UploadFile
from starlette.requests import ClientDisconnect

from shapeshot.errors import UserError
from shapeshot.service.decoding import Decoders
from shapeshot.service.problems import ApiError
from shapeshot.service.transport.upload import Upload, read_upload

IMAGE = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n' + b"\xff" * 200
FIELD = b'\r\n--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n8'
END = b"\r\n--b--\r\n"
NO_DECODERS = cast(Decoders, None)  # nothing is decoded here


class Sent:
    """A request whose body comes in these pieces; then the client is silent, or gone where `leaves`."""

    def __init__(self, *pieces: bytes, leaves: bool = False) -> None:
        self._pieces, self._leaves = pieces, leaves
        self.headers = Headers({"content-type": "multipart/form-data; boundary=b"})

    async def stream(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        if self._leaves:
            raise ClientDisconnect
        if not self._pieces[-1].endswith(END):
            await asyncio.sleep(600)


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every file that is made for a part of an upload."""
    made: list[Any] = []
    begin = UploadFile.__init__

    def noted(upload: UploadFile, file: Any, **rest: Any) -> None:
        made.append(file)
        begin(upload, file, **rest)

    monkeypatch.setattr(UploadFile, "__init__", noted)
    return made


def read(sent: Sent, most: int = 1000, holds: int = 1000) -> Upload:
    def hold(count: int) -> bool:
        nonlocal holds
        holds -= count
        return holds >= 0

    return asyncio.run(read_upload(cast(Request, sent), most, 0.2, hold, NO_DECODERS))


def test_a_whole_one(files: list[Any]) -> None:
    assert read(Sent(IMAGE, FIELD % b"resolution" + END)).image == b"\xff" * 200
    assert [file.closed for file in files] == [True]


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (Sent(IMAGE), ApiError),  # and nothing more in time
        (Sent(IMAGE, leaves=True), ClientDisconnect),
        (Sent(IMAGE, b"x" * 5000), ApiError),  # too much for one
        (Sent(IMAGE, b"x" * 700), ApiError),  # too much at once
        (Sent(IMAGE, b"\r\n--b\r\nContent-Disposition form-data\r\n\r\n", END), ApiError),
        (Sent(IMAGE, FIELD % b"resolutoin" + END), UserError),
        (Sent(IMAGE, b"\r\n" + IMAGE.replace(b"image", b"mask"), b"\r\n" + IMAGE + END), ApiError),
        (Sent(IMAGE, b"\r\n" + IMAGE + END), UserError),
    ],
    ids=["slow", "gone", "large", "crowded", "broken", "unknown field", "three files", "twice"],
)
def test_one_that_fails(files: list[Any], sent: Sent, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(sent, most=4000, holds=800)
    assert files
    assert all(file.closed for file in files)
