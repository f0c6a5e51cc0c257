"""Inputs that cost their reader more than they cost their sender."""

from __future__ import annotations

import zlib


def deep_png(side: int) -> bytes:
    """A PNG of 16-bit grey, all of one value."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = side.to_bytes(4, "big") * 2 + bytes([16, 0, 0, 0, 0])
    packer = zlib.compressobj(9)
    rows = b"".join([packer.compress(bytes(1 + 2 * side)) for _ in range(side)]) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
