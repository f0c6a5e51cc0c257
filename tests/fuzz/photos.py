"""Photos of every format: opened, decoded, turned upright, and the object in them found."""

from __future__ import annotations

import io
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from bundles import Files, damaged
from image_files import deep_png, exif_block, jpeg_segment, many_scans, png_chunk, tiff_file
from isolated import MIB
from PIL import Image, features

from shapeshot.errors import PhotoError
from shapeshot.photo import look_at, read_mask, read_photo

HEIC = Path(__file__).parents[1] / "photo" / "two_halves.heic"
PNG = b"\x89PNG\r\n\x1a\n"


def picture(mode: str = "RGB", side: int = 40) -> Image.Image:
    """A disc before a slope of grey."""
    y, x = np.mgrid[:side, :side]
    disc = np.hypot(x - side / 2, y - side / 2) < side / 3
    rgb = np.where(disc[..., None], (200, 60, 20), (x * 3 + 90)[..., None]).astype(np.uint8)
    rgba = np.dstack([rgb, np.where(disc, 255, 0).astype(np.uint8)])
    return Image.fromarray(rgba).convert(mode)


def saved(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    """The picture in a file."""
    content = io.BytesIO()
    picture(mode).save(content, kind, **options)
    return content.getvalue()


def seeds() -> list[Files]:
    """One file of every format and of its variants."""
    jpeg, deep = saved("JPEG"), np.arange(40 * 40 * 3, dtype=np.uint16).reshape(40, 40, 3) * 13
    turned = jpeg[:2] + jpeg_segment(0xE1, exif_block(6)) + jpeg[2:]
    pages = [picture(), picture().rotate(90)]
    files = {
        "jpg": [
            jpeg,
            turned,
            saved("JPEG", "L"),
            saved("JPEG", "CMYK"),
            saved("JPEG", progressive=True),
            saved("JPEG", restart_marker_blocks=1),
            many_scans((40, 40), 3),
        ],
        "png": [
            saved("PNG"),
            saved("PNG", "RGBA"),
            saved("PNG", "P"),
            saved("PNG", "1"),
            saved("PNG", "LA"),
            saved("PNG", save_all=True, append_images=pages[1:]),
            deep_png(deep),
            deep_png(deep[..., :1], png_chunk(b"tRNS", b"\0\1")),
        ],
        "webp": [
            saved("WEBP"),
            saved("WEBP", "RGBA", lossless=True),
            saved("WEBP", save_all=True, append_images=pages[1:]),
        ],
        "tif": [
            saved("TIFF"),
            saved("TIFF", "RGBA", compression="tiff_deflate"),
            saved("TIFF", compression="tiff_lzw"),
            saved("TIFF", compression="jpeg"),
            saved("TIFF", "1", compression="group4"),
            saved("TIFF", "P", compression="packbits"),
            saved("TIFF", "F"),
            tiff_file(deep, planar=True, packed=True, rows_per_strip=11),
            tiff_file(np.dstack([deep, deep[..., :1]]), ">", premultiplied=True),
            tiff_file(deep[..., :2], differences=True, packed=True),
            tiff_file(deep[..., 0], photometric=0),
            tiff_file((deep / 65535).astype(np.float32), ">", packed=True),
        ],
        "bmp": [saved("BMP"), saved("BMP", "P"), saved("BMP", "1")],
        "gif": [saved("GIF", "P"), saved("GIF", "P", save_all=True, append_images=pages[1:])],
        "heic": [HEIC.read_bytes()],
    }
    if features.check("avif"):
        files["avif"] = [saved("AVIF"), saved("AVIF", "RGBA")]
    return [{f"photo.{suffix}": content} for suffix, contents in files.items() for content in contents]


def with_sums(png: bytes) -> bytes:
    """A damaged PNG whose chunks have the right checksums, as far as they can be followed."""
    whole, at = bytearray(png), len(PNG)
    while png.startswith(PNG) and at + 12 <= len(whole):
        end = at + 8 + struct.unpack_from(">I", whole, at)[0]
        if end + 4 > len(whole):
            break
        struct.pack_into(">I", whole, end, zlib.crc32(whole[at + 4 : end]))
        at = end + 4
    return bytes(whole)


class Photos:
    """Reads each as a photo, and its first channel as a mask."""

    seconds, memory = 10.0, 640 * MIB

    def __init__(self) -> None:
        self.good = seeds()

    def make(self, chance: random.Random) -> Files:
        """A damaged photo; of a damaged PNG half the time one whose checksums are right."""
        files = damaged(chance.choice(self.good), self.good, chance)
        return {name: with_sums(content) if chance.random() < 0.5 else content for name, content in files.items()}

    def read(self, files: Files, folder: Path) -> str:
        """Photo, object and mask."""
        [content] = files.values()
        photo = read_photo(content)
        read_mask(content)
        try:
            look_at(photo, 64)
        except PhotoError:
            return "read, without an object"
        return "read"
