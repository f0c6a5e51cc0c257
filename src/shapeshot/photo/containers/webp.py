"""WebP: RFC 9649. The canvas is read here, because Pillow's reader allocates it before it tells the size."""

from __future__ import annotations

import struct

from shapeshot.errors import TooLargeError
from shapeshot.limits import WEBP_CHUNKS
from shapeshot.photo.containers.inspected import Inspected
from shapeshot.photo.orientation import exif_orientation, xmp_orientation

_PER_PIXEL = 12.0  # two canvases of an animation's decoder and the bytes it returns, four bytes a pixel each


def inspect_webp(content: bytes, name: str) -> Inspected:
    """The canvas and orientation of a WebP. Raises TooLargeError for too many chunks."""
    size, orientation, at = None, None, 12
    for _ in range(WEBP_CHUNKS):
        if at + 8 > len(content):
            break
        kind, length = struct.unpack_from("<4sI", content, at)
        body = at + 8
        size = size or _canvas(kind, content[body : body + 10])
        if kind == b"EXIF":
            orientation = exif_orientation(content[body : body + length])
        elif kind == b"XMP " and orientation is None:
            orientation = xmp_orientation(content[body : body + length])
        at = body + length + length % 2
    else:
        raise TooLargeError(f"{name} is a WebP of over {WEBP_CHUNKS} chunks; save it again")
    return Inspected(content, size, orientation or 1, extra_per_pixel=_PER_PIXEL)


def _canvas(kind: bytes, body: bytes) -> tuple[int, int] | None:
    """(width, height) as the first chunk states them, by its kind: extended, lossless or lossy."""
    if len(body) < 10:
        return None
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    return None
