"""TIFF 6.0 and BigTIFF: the first directory's tags are counted, because Pillow reads each of them whole.

A tag is 12 bytes that may point at the whole file: a thousand of them would be held in memory a thousand times.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from shapeshot.errors import PhotoError, TooLargeError
from shapeshot.limits import TIFF_STRIPS, TIFF_TAG_BYTES, TIFF_TAGS
from shapeshot.photo.containers.inspected import Inspected
from shapeshot.photo.containers.tiff_layers import Entry, layers_of
from shapeshot.photo.orientation import ORIENTATION

_WIDTH, _HEIGHT, _BITS, _SAMPLES, _STRIPS, _TILE_WIDTH, _TILE_HEIGHT, _TILES = 256, 257, 258, 277, 273, 322, 323, 324
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_FIELDS = {4: "HI", 8: "HQ"}  # type and count, by the bytes of a value
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}
# What a decoder needs: layout, compression, colour map, subsampling, JPEG tables. All other tags are emptied.
_PICTURE_TAGS = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325}
    | {332, 334, 338, 339, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 50674}
)
_TILE_SLACK = 4096  # pixels that a tile may reach beyond a picture's side


def inspect_tiff(content: bytes, name: str) -> Inspected:
    """The first picture of a TIFF; its orientation is told here and taken out, or Pillow would turn it on its own.

    Raises TooLargeError for more tags, or larger ones, than a photo has.
    """
    order = "<" if content[:2] == b"II" else ">"
    values: dict[int, int] = {}
    entries: dict[int, Entry] = {}
    inline = 4
    upright = bytearray(content)
    total = 0
    for number, (tag, kind, count, value_at, inline) in enumerate(_entries(content, order)):
        num_bytes = _TYPE_BYTES.get(kind, 1) * count
        total += num_bytes
        if number >= TIFF_TAGS or total > TIFF_TAG_BYTES or (tag in (_STRIPS, _TILES) and count > TIFF_STRIPS):
            raise TooLargeError(f"{name} is a TIFF of too many or too large tags; save it again")
        if tag not in _PICTURE_TAGS:
            # One byte that is 0: damaged metadata do not refuse a picture.
            upright[value_at - 2 - inline : value_at + inline] = struct.pack(order + _FIELDS[inline], 1, 1) + bytes(
                inline
            )
        elif kind in _INTEGERS and count:
            at = value_at
            entries.setdefault(tag, Entry(kind, count, value_at - 4 - inline, _TYPE_BYTES[kind]))
            if num_bytes > inline:
                at = struct.unpack_from(order + _FIELDS[inline][1], content, value_at)[0]
            if at + num_bytes <= len(content):
                values.setdefault(tag, struct.unpack_from(order + _INTEGERS[kind], content, at)[0])
                if tag == ORIENTATION:
                    struct.pack_into(order + _INTEGERS[kind], upright, at, 1)
    width, height = values.get(_WIDTH, 0), values.get(_HEIGHT, 0)
    if values.get(_TILE_WIDTH, 0) > width + _TILE_SLACK or values.get(_TILE_HEIGHT, 0) > height + _TILE_SLACK:
        raise PhotoError(f"{name} is a TIFF whose tiles are larger than its picture; save it again")
    # A strip is unpacked beside the picture, and one strip may be all of it.
    per_pixel = max(values.get(_BITS, 8), 8) / 8 * max(values.get(_SAMPLES, 1), 1)
    turn = values.get(ORIENTATION, 1)
    orientation = turn if 1 <= turn <= 8 else 1
    file = bytes(upright)
    layers = layers_of(file, order, inline, entries, values)
    return Inspected(file, (width, height), orientation, extra_per_pixel=per_pixel, layers=layers)


def _entries(content: bytes, order: str) -> Iterator[tuple[int, int, int, int, int]]:
    """(tag, type, count, where its value field lies, bytes of that field) of each entry of the first directory."""
    try:
        if struct.unpack_from(order + "H", content, 2)[0] == 43:  # BigTIFF
            start, inline = struct.unpack_from(order + "Q", content, 8)[0], 8
            number, first = struct.unpack_from(order + "Q", content, start)[0], start + 8
        else:
            start, inline = struct.unpack_from(order + "I", content, 4)[0], 4
            number, first = struct.unpack_from(order + "H", content, start)[0], start + 2
        step = 4 + 2 * inline
        for at in range(first, min(first + number * step, len(content) - step + 1), step):
            tag, kind, count = struct.unpack_from(order + "H" + _FIELDS[inline], content, at)
            yield tag, kind, count, at + step - inline, inline
    except (struct.error, OverflowError):
        return  # cut short: the decoder says so better
