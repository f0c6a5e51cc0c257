"""JPEG: ITU-T T.81, annex B. Markers are counted before a scan is decoded, and metadata never reach the decoder.

A progressive file costs a walk over all its coefficients for every scan, however few bytes the scan has, and its
decoder cannot be interrupted: 21,000 empty scans of 75 bytes take 50 seconds.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from shapeshot.errors import TooLargeError
from shapeshot.limits import JPEG_SCAN_PIXELS, JPEG_SCANS, JPEG_SEGMENTS
from shapeshot.photo.containers.inspected import Inspected
from shapeshot.photo.orientation import exif_orientation, xmp_orientation

_SOI, _EOI, _SOS, _APP0, _APP1, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xEE
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length: TEM, RSTn, SOI
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xDF})
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # neither a stuffed byte, nor a restart marker, nor filling
_METADATA = frozenset({*range(0xE0, 0xF0), 0xFE})  # APPn and comments
# What a picture goes on with behind metadata of a wrong length: tables, a frame, or metadata that name themselves.
_RESUMES = re.compile(
    rb"\xff(?:\xdb\0|\xc4[\0\x01]|[\xc0-\xc2]\0[\x0b\x11\x14]|\xdd\0\x04|[\xe0-\xef]..(?:JFIF|Exif|http:|ICC_|Adobe))",
    re.DOTALL,
)
_NEAR = 2**18  # bytes that are looked through for what comes behind a thumbnail, since there may be many of them
_XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"


@dataclass
class _Pieces:
    """What the walk over a file has found so far."""

    kept: list[bytes] = field(default_factory=lambda: [b"\xff\xd8"])
    size: tuple[int, int] | None = None
    coefficients: int = 0
    is_progressive: bool = False
    num_scans: int = 0
    exif_orientation: int | None = None
    xmp_orientation: int | None = None


def inspect_jpeg(content: bytes, name: str) -> Inspected:
    """The pieces of a JPEG, or of the first picture of an MPO, that a decoder needs.

    name: what errors call the file. Raises TooLargeError for more segments or scans than any encoder writes.
    """
    pieces = _walk(content, name)
    width, height = pieces.size or (0, 0)
    if pieces.num_scans > JPEG_SCANS or pieces.num_scans * width * height > JPEG_SCAN_PIXELS:
        raise TooLargeError(
            f"{name} is a JPEG of {pieces.num_scans} scans of {width}x{height}, more than will be decoded; "
            "save it again as a plain JPEG"
        )
    # Of several scans all coefficients are kept, two bytes each, until the last has come.
    is_kept = pieces.is_progressive or pieces.num_scans > 1
    extra = 2 * pieces.coefficients if is_kept else 0
    orientation = pieces.exif_orientation or pieces.xmp_orientation or 1
    return Inspected(b"".join(pieces.kept), pieces.size, orientation, extra_bytes=extra)


def _walk(content: bytes, name: str) -> _Pieces:
    pieces = _Pieces()
    at = 2
    for _ in range(JPEG_SEGMENTS):
        found = _MARKER.search(content, at)
        if found is None:
            return pieces
        marker, at = content[found.end() - 1], found.end()
        if marker == _EOI:
            pieces.kept.append(b"\xff\xd9")
            return pieces
        if marker in _ALONE:
            if marker == _SOI and found.start() > 2 and pieces.size is None:
                at = _behind_thumbnail(content, at)
            continue
        if at + 2 > len(content):
            return pieces
        end = at + max(struct.unpack_from(">H", content, at)[0], 2)
        if marker == _SOS:
            following = _MARKER.search(content, end)
            end = len(content) if following is None else following.start()
        _take(pieces, marker, content[at - 2 : end])
        at = _resumed(content, at, end) if marker in _METADATA else end
    raise TooLargeError(f"{name} is a JPEG of over {JPEG_SEGMENTS} segments; save it again as a plain JPEG")


def _resumed(content: bytes, at: int, end: int) -> int:
    """Where a picture goes on behind metadata from `at` to `end`: inside, where their length is wrong and too large."""
    if content[end : end + 1] == b"\xff":
        return end
    thumbnail = content.find(b"\xff\xd8\xff", at, end)
    resumed = _RESUMES.search(content, at if thumbnail < 0 else _behind_thumbnail(content, thumbnail + 2), end)
    return end if resumed is None else resumed.start()


def _behind_thumbnail(content: bytes, at: int) -> int:
    """Where a picture inside metadata ends, `at` being behind its start; `at` itself where no other comes after it."""
    end = content.find(b"\xff\xd9", at, at + _NEAR) + 2
    return end if end >= 2 and content.find(b"\xff\xda", end, end + _NEAR) >= 0 else at


def _take(pieces: _Pieces, marker: int, segment: bytes) -> None:
    """segment: from its marker to its end; of a scan with the data behind it."""
    body = segment[4:]
    if marker == _SOS:
        pieces.num_scans += 1
        pieces.kept.append(segment)
    elif marker in _FRAMES:
        pieces.is_progressive = pieces.is_progressive or marker in _PROGRESSIVE
        if pieces.size is None and len(body) >= 6:
            height, width, count = struct.unpack_from(">HHB", body, 1)
            pieces.size, pieces.coefficients = (width, height), _coefficients(width, height, body[6 : 6 + 3 * count])
        pieces.kept.append(segment)
    elif marker in _TABLES or (marker == _APP0 and body[:4] == b"JFIF") or (marker == _APP14 and body[:5] == b"Adobe"):
        pieces.kept.append(segment)
    elif marker == _APP1 and body[:4] == b"Exif":
        pieces.exif_orientation = pieces.exif_orientation or exif_orientation(body)
    elif marker == _APP1 and body.startswith(_XMP_HEADER):
        pieces.xmp_orientation = pieces.xmp_orientation or xmp_orientation(body)


def _coefficients(width: int, height: int, components: bytes) -> int:
    """How many coefficients a frame has: components are subsampled by their factors (T.81, A.1.1)."""
    factors = [(byte >> 4, byte & 15) for byte in components[1::3]]
    across = max((h for h, _ in factors), default=1) or 1
    down = max((v for _, v in factors), default=1) or 1
    return sum((width * h // across + 16 * h) * (height * v // down + 16 * v) for h, v in factors)
