"""A multipart request under limits: sizes are checked while it is read, and nothing of it touches the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

import python_multipart  # noqa: F401 (starlette uses it, and only asserts that it is there)
from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from shapeshot.errors import UserError, unknown_name
from shapeshot.limits import SERVER_UPLOAD_SECONDS
from shapeshot.service.decoding import Decoded, Decoders
from shapeshot.service.form import text_fields
from shapeshot.service.problems import ApiError

FILES = ("image", "mask")
MAX_FIELD_BYTES = 1024
MAX_FIELDS = 32
UPLOAD_SECONDS = SERVER_UPLOAD_SECONDS  # at most


FIELDS = text_fields()


@dataclass
class Upload:
    """What a client sent. options: by name in FIELDS; what was not sent, or was left empty, is not there."""

    image: bytes
    mask: bytes | None
    options: dict[str, Any]
    decoders: Decoders
    _is_light: bool = True

    def decoded(self, max_pixels: int) -> Decoded:
        """The photo and its mask, read by `Decoders`; a second call is for what the first found not light."""
        read = self.decoders.read_light if self._is_light else self.decoders.read
        self._is_light = False
        return read(self.image, self.mask, max_pixels)


async def read_upload(
    request: Request, max_bytes: int, seconds: float, hold: Callable[[int], bool], decoders: Decoders
) -> Upload:
    """Read and check a multipart request of at most max_bytes.

    seconds: that the sender may take, and UPLOAD_SECONDS at most. hold: asked before so many bytes more are kept in
    memory; False refuses them.
    Raises ApiError (400 broken, 408 slow, 413 too large, 415 not multipart, 429 no memory left) and UserError for its
    fields.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise ApiError(415, "send multipart/form-data with a file field 'image'")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    parser = _Parser(request.headers, _limited(request, max_bytes, hold), max_files=len(FILES), max_fields=MAX_FIELDS)
    parser.max_part_size = MAX_FIELD_BYTES
    parser.spool_max_size = max_bytes + 1  # held in memory: max_bytes bounds it
    try:
        form = await _parsed(parser, min(seconds, UPLOAD_SECONDS))
        return await _checked(form.multi_items(), decoders)
    finally:
        parser.close()


async def _parsed(parser: _Parser, seconds: float) -> FormData:
    try:
        return await asyncio.wait_for(parser.parse(), seconds)
    except asyncio.TimeoutError:
        raise ApiError(408, f"the upload took more than {seconds:g} seconds") from None
    except MultiPartException as error:
        raise ApiError(400, f"the multipart body is broken: {error.message}") from None
    except ValueError:  # a charset that is none, for example
        raise ApiError(400, "the multipart body is broken: its headers cannot be decoded") from None


class _Parser(MultiPartParser):
    """Starlette's, but a part that has to be a file is one, also without a filename or with `filename*` alone."""

    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__(*words, **options)
        self._files: list[UploadFile] = []

    def on_headers_finished(self) -> None:
        """As starlette's, which knows a file by its filename."""
        part = self._current_part
        _, options = parse_options_header(part.content_disposition)
        if b"filename" not in options and options.get(b"name", b"").decode("latin-1") in FILES:
            part.content_disposition = (part.content_disposition or b"") + b'; filename=""'
        super().on_headers_finished()
        if part.file is not None:
            self._files.append(part.file)

    def close(self) -> None:
        """Close the files, however the reading of them ended; starlette closes them after some of its own errors."""
        for upload in self._files:
            upload.file.close()


async def _limited(request: Request, max_bytes: int, hold: Callable[[int], bool]) -> AsyncGenerator[bytes, None]:
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total > max_bytes:
            raise _too_large(max_bytes)
        if not hold(len(chunk)):
            raise ApiError(429, "too much is being uploaded at once; try again later", 2)
        yield chunk


def _is_text(content: bytes) -> bool:
    """Whether this is a word where a file was expected, such as a form's text field holds."""
    return 0 < len(content) <= MAX_FIELD_BYTES and content.isascii() and content.decode("ascii").isprintable()


def _too_large(max_bytes: int) -> ApiError:
    return ApiError(413, f"the request is larger than {max_bytes / 2**20:g} MiB; send a smaller image")


async def _checked(items: list[tuple[str, str | UploadFile]], decoders: Decoders) -> Upload:
    files: dict[str, bytes] = {}
    options: dict[str, Any] = {}
    for name, value in items:
        if name in files or name in options:
            raise UserError(f"the field {name!r} was given twice; give it once")
        if name in FILES:
            if isinstance(value, str):
                raise UserError(f"the field {name!r} must be a file; send it with a filename")
            files[name] = await value.read()
            if not value.filename and _is_text(files[name]):
                raise UserError(f"the field {name!r} must be a file; send the image's bytes in it")
        elif name not in FIELDS:
            raise unknown_name("field", name, (*FILES, *FIELDS))
        elif not isinstance(value, str):
            raise UserError(f"the field {name!r} must be text, not a file")
        elif value.strip():
            options[name] = FIELDS[name](name, value.strip())
    if "image" not in files:
        raise UserError("the field 'image' is missing; send the photo as a file in it")
    return Upload(files["image"], files.get("mask"), options, decoders)
