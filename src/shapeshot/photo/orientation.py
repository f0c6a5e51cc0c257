"""Which way up a photo is, read out of its metadata without reading the rest of them.

EXIF is a TIFF directory (CIPA DC-008, section 4.6); only its entry 0x0112 is looked at, and whatever is damaged around
it does not matter. XMP is text; only tiff:Orientation is looked for.
"""

from __future__ import annotations

import re
import struct

from PIL import Image

ORIENTATION = 0x0112
MAX_ENTRIES = 4096
# struct codes of the TIFF types that programs store the orientation as: byte, short, long, and their signed twins.
_INTEGER_TYPES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}
# How an EXIF block announces itself: some programs write it twice, or fill it up in their own way.
_ANNOUNCED = re.compile(rb"(?:Exif[\0\xff]{0,2})*")
_XMP = re.compile(rb"tiff:Orientation\s*(?:=\s*[\"']|>)\s*([1-8])")
# What turns a picture as it is stored into the upright one.
_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def exif_orientation(exif: bytes) -> int | None:
    """EXIF's orientation, 1..8; None where the block is damaged before it or does not say."""
    announced = _ANNOUNCED.match(exif)
    exif = exif[announced.end() if announced else 0 :]
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 8:
        return None
    start = struct.unpack_from(order + "I", exif, 4)[0]
    if start + 2 > len(exif):
        return None
    count = min(struct.unpack_from(order + "H", exif, start)[0], MAX_ENTRIES)
    for at in range(start + 2, min(start + 2 + 12 * count, len(exif) - 11), 12):
        tag, kind = struct.unpack_from(order + "HH", exif, at)
        if tag == ORIENTATION and kind in _INTEGER_TYPES:
            value = int(struct.unpack_from(order + _INTEGER_TYPES[kind], exif, at + 8)[0])
            return value if 1 <= value <= 8 else None
    return None


def profile_exif(text: bytes) -> bytes:
    """The EXIF block in a PNG text that ImageMagick wrote: a name, the length, hexadecimal digits; empty for others."""
    digits = b"".join(text.split()[2:])
    try:
        return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
    except ValueError:
        return b""


def xmp_orientation(xmp: bytes) -> int | None:
    """The orientation that an XMP packet states, 1..8, or None."""
    found = _XMP.search(xmp)
    return int(found[1]) if found else None


def image_orientation(image: Image.Image) -> int:
    """The orientation of an image that Pillow has opened; 1 where its metadata cannot be read."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # Pillow's EXIF reader raises whatever damaged metadata make of it
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def swaps_sides(orientation: int) -> bool:
    """Whether turning a picture upright makes its width its height."""
    return orientation >= 5


def turned_upright(image: Image.Image, orientation: int) -> Image.Image:
    """The upright picture."""
    return image.transpose(_TRANSPOSES[orientation]) if orientation in _TRANSPOSES else image
