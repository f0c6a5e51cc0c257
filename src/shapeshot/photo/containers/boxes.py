"""AVIF and HEIC: ISO base media files (ISO/IEC 14496-12) that hold pictures (ISO/IEC 23008-12)."""

from __future__ import annotations

import re
import struct

from shapeshot.errors import NotAnImageError, TooLargeError
from shapeshot.limits import HEADER_BYTES
from shapeshot.photo.containers.inspected import Inspected

_EXTENTS = re.compile(rb"ispe\0\0\0\0(.{8})", re.DOTALL)
_EXIF_ITEM = re.compile(rb"(infe.{8})Exif", re.DOTALL)
_PER_PIXEL = 12.0  # planes of two bytes a sample, and the pixels before they are Pillow's
MAX_EXTENTS = 10_000


def inspect_boxes(content: bytes, name: str) -> Inspected:
    """The largest picture that an AVIF or HEIC announces; its decoder knows how it is turned.

    EXIF is left out: such files say in a property of the picture how it is to be turned, and readers ignore EXIF's word
    on that. Raises TooLargeError for a header beyond measure.
    """
    header = content[: _header_bytes(content, name)]
    extents = _EXTENTS.findall(header)
    if len(extents) > MAX_EXTENTS:
        raise TooLargeError(f"{name} announces {len(extents)} pictures; save one of them")
    sizes = [struct.unpack(">II", extent) for extent in extents]
    if not sizes:
        raise NotAnImageError(f"{name} is an AVIF or HEIC file without a picture; save it as JPEG or PNG")
    size = (max(width for width, _ in sizes), max(height for _, height in sizes))
    without_exif = _EXIF_ITEM.sub(rb"\1skip", header) + content[len(header) :]
    return Inspected(without_exif, size, None, extra_per_pixel=_PER_PIXEL)


def _header_bytes(content: bytes, name: str) -> int:
    """Where the box `meta` ends, in which everything but the pixels is said."""
    at = 0
    for _ in range(64):
        if at + 8 > len(content):
            break
        length, kind = struct.unpack_from(">I4s", content, at)
        if kind == b"meta":
            if length > HEADER_BYTES:
                raise TooLargeError(f"{name} has a header of {length >> 20} MiB; save it again")
            end: int = at + length
            return end
        at += max(length, 8)
    return min(len(content), HEADER_BYTES)
