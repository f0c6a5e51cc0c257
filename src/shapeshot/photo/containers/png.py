"""PNG: W3C Portable Network Graphics, third edition. Only the chunks that make the picture are handed on."""

from __future__ import annotations

import struct

from shapeshot.errors import TooLargeError
from shapeshot.limits import PNG_CHUNKS
from shapeshot.photo.containers.inspected import Inspected
from shapeshot.photo.orientation import exif_orientation, xmp_orientation

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PICTURE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_XMP_KEYWORD = b"XML:com.adobe.xmp\0"


def inspect_png(content: bytes, name: str) -> Inspected:
    """The picture of a PNG, of an animated one its first. Raises TooLargeError for too many chunks."""
    kept, orientation, at = [SIGNATURE], None, len(SIGNATURE)
    size = struct.unpack_from(">II", content, 16) if content[12:16] == b"IHDR" and len(content) >= 24 else None
    for _ in range(PNG_CHUNKS):
        if at + 8 > len(content):
            break
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if kind in _PICTURE:
            kept.append(content[at:end])
        elif kind == b"eXIf" and orientation is None:
            orientation = exif_orientation(content[at + 8 : end - 4])
        elif kind == b"iTXt" and orientation is None and content.startswith(_XMP_KEYWORD, at + 8):
            orientation = xmp_orientation(content[at + 8 : end - 4])
        at = end
        if kind == b"IEND":
            break
    else:
        raise TooLargeError(f"{name} is a PNG of over {PNG_CHUNKS} chunks; save it again")
    return Inspected(b"".join(kept), size, orientation or 1)
