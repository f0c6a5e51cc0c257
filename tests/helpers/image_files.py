"""Image files, and damaged or hostile ones, built piece by piece."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

RED, BLUE = (230, 30, 20), (20, 40, 220)


def two_halves(size: tuple[int, int] = (64, 32)) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, size[0], size[1]))
    return image


def encoded(image: Image.Image, file_format: str, **options: object) -> bytes:
    """The image as a file of that format."""
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk with its checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def deep_png(values: np.ndarray, *chunks: bytes) -> bytes:
    """A PNG of 16 bits a sample of uint16 [height, width] or [height, width, 2 to 4], with more chunks before IDAT."""
    height, width = values.shape[:2]
    channels = values.shape[2] if values.ndim == 3 else 1
    color_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)
    rows = values.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()
    body = png_chunk(b"IHDR", header) + b"".join(chunks) + png_chunk(b"IDAT", zlib.compress(filtered))
    return b"\x89PNG\r\n\x1a\n" + body + png_chunk(b"IEND", b"")


def jpeg_segment(marker: int, body: bytes) -> bytes:
    """One JPEG segment with its length."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def exif_block(orientation: int, *entries: bytes) -> bytes:
    """A little-endian EXIF block: other entries of 12 bytes each, then the orientation."""
    own = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    count = struct.pack("<H", 1 + len(entries))
    return b"Exif\0\0II*\0\x08\0\0\0" + count + b"".join(entries) + own + bytes(4)


def many_scans(size: tuple[int, int], count: int) -> bytes:
    """A progressive JPEG whose last scan comes `count` times more."""
    content = encoded(Image.new("RGB", size, RED), "JPEG", progressive=True)
    scan, end = content.rfind(b"\xff\xda"), content.rfind(b"\xff\xd9")
    return content[:end] + content[scan:end] * count + content[end:]
