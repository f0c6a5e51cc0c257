"""PNG: W3C Portable Network Graphics, third edition. Only the chunks that make the picture are handed on."""

from __future__ import annotations

import struct
import zlib

from shapeshot.errors import TooLargeError
from shapeshot.limits import PNG_CHUNKS
from shapeshot.photo.containers.inspected import Inspected
from shapeshot.photo.orientation import exif_orientation, profile_exif, xmp_orientation

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PICTURE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_XMP_KEYWORD = b"XML:com.adobe.xmp"
# Of ImageMagick, before PNG had a chunk for EXIF.
_PROFILES = (b"Raw profile type exif", b"Raw profile type APP1", b"Raw profile type xmp")
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_TEXT_BYTES = 2**20  # of a text that is unpacked
_LOW_DEPTHS = {1: 255, 2: 85, 4: 17}  # what a grey sample of so many bits is multiplied by


def inspect_png(content: bytes, name: str) -> Inspected:
    """The picture of a PNG, of an animated one its first. Raises TooLargeError for too many chunks."""
    kept, at = [SIGNATURE], len(SIGNATURE)
    by_exif = by_text = None
    size = struct.unpack_from(">II", content, 16) if content[12:16] == b"IHDR" and len(content) >= 24 else None
    for _ in range(PNG_CHUNKS):
        if at + 8 > len(content):
            break
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if kind == b"tRNS":
            kept.append(_grey_key(content[at:end], content[24:26]))
        elif kind in _PICTURE:
            kept.append(content[at:end])
        elif kind == b"eXIf":
            by_exif = by_exif or exif_orientation(content[at + 8 : end - 4])
        elif kind in _TEXTS and by_text is None:
            by_text = _text_orientation(kind, content[at + 8 : end - 4])
        at = end
        if kind == b"IEND":
            break
    else:
        raise TooLargeError(f"{name} is a PNG of over {PNG_CHUNKS} chunks; save it again")
    return Inspected(b"".join(kept), size, by_exif or by_text or 1)


def _grey_key(chunk: bytes, layout: bytes) -> bytes:
    """The tRNS chunk with a grey sample of 1, 2 or 4 bits as one of 8.

    Of the picture Pillow makes 8 bits, of the chunk it does not; that of 1 bit it leaves as it is in version 11.3.
    layout: bit depth and colour type.
    """
    if len(chunk) != 14 or layout[1:] != b"\0" or layout[0] not in _LOW_DEPTHS:
        return chunk
    sample = struct.unpack_from(">H", chunk, 8)[0] % 2 ** layout[0] * _LOW_DEPTHS[layout[0]]
    body = b"tRNS" + struct.pack(">H", sample)
    return struct.pack(">I", 2) + body + struct.pack(">I", zlib.crc32(body))


def _text_orientation(kind: bytes, body: bytes) -> int | None:
    """The orientation that XMP or ImageMagick's profiles state, packed or not."""
    keyword, _, rest = body.partition(b"\0")
    if keyword == _XMP_KEYWORD and kind == b"iTXt":
        is_packed = rest[:1] == b"\1"
        text = rest[2:].split(b"\0", 2)[-1]
        return xmp_orientation(_unpacked(text) if is_packed else text)
    if keyword not in _PROFILES:
        return None
    profile = profile_exif(_unpacked(rest[1:]) if kind == b"zTXt" else rest[:_TEXT_BYTES])
    return exif_orientation(profile) or xmp_orientation(profile)


def _unpacked(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _TEXT_BYTES)
    except zlib.error:
        return b""
