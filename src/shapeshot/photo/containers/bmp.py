"""BMP: the Windows bitmap headers."""

from __future__ import annotations

import struct

from shapeshot.errors import TooLargeError
from shapeshot.limits import BMP_PACKED_BYTES
from shapeshot.photo.containers.inspected import Inspected

_CORE_HEADER = 12  # bytes; newer headers have 40 and more
_RUN_LENGTHS = (1, 2)  # the compressions RLE8 and RLE4


def inspect_bmp(content: bytes, name: str) -> Inspected:
    """The size that a BMP states. Raises TooLargeError for a run-length-encoded one of many bytes."""
    if len(content) < 34:
        return Inspected(content, None)
    header_bytes = struct.unpack_from("<I", content, 14)[0]
    if header_bytes == _CORE_HEADER:
        return Inspected(content, struct.unpack_from("<HH", content, 18))
    width, height, _, _, compression = struct.unpack_from("<iiHHI", content, 18)
    if compression in _RUN_LENGTHS and len(content) > BMP_PACKED_BYTES:
        raise TooLargeError(
            f"{name} is a run-length-encoded BMP of {len(content) >> 20} MiB; the limit is "
            f"{BMP_PACKED_BYTES >> 20} MiB, save it as PNG"
        )
    return Inspected(content, (abs(width), abs(height)))
