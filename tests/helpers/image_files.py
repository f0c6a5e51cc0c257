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


def tiff_file(
    values: np.ndarray, order: str = "<", planar: bool = False, packed: bool = False, differences: bool = False,
    photometric: int | None = None, premultiplied: bool = False, rows_per_strip: int | None = None,
) -> bytes:  # fmt: skip
    """A TIFF of uint16 or float32 [height, width] or [height, width, channels]; an alpha is the last of 2 or 4."""
    height, width = values.shape[:2]
    layers = values.reshape(height, width, -1).astype(values.dtype.newbyteorder(order))
    channels, rows = layers.shape[2], rows_per_strip or height
    photometric = (2 if channels > 2 else 1) if photometric is None else photometric
    if differences:
        layers = np.diff(layers, axis=1, prepend=0).astype(layers.dtype)
    planes = [layers[..., [channel]] for channel in range(channels)] if planar else [layers]
    strips = [plane[top : top + rows].tobytes() for plane in planes for top in range(0, height, rows)]
    strips = [zlib.compress(strip) if packed else strip for strip in strips]
    starts = np.cumsum([8] + [len(strip) for strip in strips])
    tags: dict[int, tuple[str, list[int]]] = {
        256: ("I", [width]), 257: ("I", [height]), 258: ("H", [values.itemsize * 8] * channels),
        259: ("H", [8 if packed else 1]), 262: ("H", [photometric]),
        273: ("I", [int(start) for start in starts[:-1]]), 277: ("H", [channels]), 278: ("I", [rows]),
        279: ("I", [len(strip) for strip in strips]), 284: ("H", [2 if planar else 1]),
        317: ("H", [2 if differences else 1]), 338: ("H", [1 if premultiplied else 2] * (channels in (2, 4))),
        339: ("H", [3 if values.dtype.kind == "f" else 1] * channels),
    }  # fmt: skip
    tags = {tag: field for tag, field in tags.items() if field[1]}
    directory = int(starts[-1]) + int(starts[-1]) % 2
    more_at, entries, more = directory + 2 + 12 * len(tags) + 4, b"", b""
    for tag, (code, numbers) in tags.items():
        content = struct.pack(f"{order}{len(numbers)}{code}", *numbers)
        if len(content) > 4:
            more, content = more + content, struct.pack(order + "I", more_at + len(more))
        entries += struct.pack(order + "HHI", tag, 3 if code == "H" else 4, len(numbers)) + content.ljust(4, b"\0")
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(order + "I", directory) + b"".join(strips).ljust(directory - 8, b"\0")
    return head + struct.pack(order + "H", len(tags)) + entries + bytes(4) + more


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
