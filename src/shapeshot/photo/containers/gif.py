"""GIF89a: the first picture alone. Comments, which Pillow joins block by block, and later frames are left out."""

from __future__ import annotations

import struct

from shapeshot.errors import TooLargeError
from shapeshot.limits import GIF_BLOCKS
from shapeshot.photo.containers.inspected import Inspected

_EXTENSION, _IMAGE, _GRAPHIC_CONTROL = 0x21, 0x2C, 0xF9


def inspect_gif(content: bytes, name: str) -> Inspected:
    """The first picture of a GIF; what is cut short is handed on as it is. Raises TooLargeError for too many blocks."""
    if len(content) < 13:
        return Inspected(content, None)
    size = struct.unpack_from("<HH", content, 6)
    at = head = 13 + _table_bytes(content[10])
    control, blocks_left = b"", GIF_BLOCKS
    while at < len(content) and content[at] == _EXTENSION:
        end, blocks_left = _past_blocks(content, at + 2, blocks_left, name)
        if content[at + 1 : at + 2] == bytes([_GRAPHIC_CONTROL]):
            control = content[at:end]
        at = end
    if at + 10 > len(content) or content[at] != _IMAGE:
        return Inspected(content[:head] + content[at : at + 1], size)
    left, top, width, height = struct.unpack_from("<4H", content, at + 1)
    end, _ = _past_blocks(content, at + 11 + _table_bytes(content[at + 9]), blocks_left, name)
    canvas = (max(size[0], left + width), max(size[1], top + height))
    return Inspected(content[:head] + control + content[at:end] + b";", canvas)


def _table_bytes(flags: int) -> int:
    """The length of the colour table that flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _past_blocks(content: bytes, at: int, blocks_left: int, name: str) -> tuple[int, int]:
    """Where a chain of data blocks ends, and how many more blocks the file may have."""
    while at < len(content) and content[at]:
        at += 1 + content[at]
        blocks_left -= 1
        if not blocks_left:
            raise TooLargeError(f"{name} is a GIF of over {GIF_BLOCKS} blocks; save it again")
    return min(at + 1, len(content)), blocks_left
