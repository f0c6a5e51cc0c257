"""The one list of image formats: what is read as a photo, a mask, a texture or a view, and what a folder run takes.

A format is known by a file's first bytes, never by its name. Pillow is then asked for that format and no other, since
some of its readers start programs (EPS), unwrap what lies inside (IPTC, and so pass every limit), or are slow enough
to be weapons (PPM, QOI, FITS).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec

from shapeshot.photo.containers.bmp import inspect_bmp
from shapeshot.photo.containers.boxes import inspect_boxes
from shapeshot.photo.containers.gif import inspect_gif
from shapeshot.photo.containers.inspected import Inspected
from shapeshot.photo.containers.jpeg import inspect_jpeg
from shapeshot.photo.containers.png import SIGNATURE, inspect_png
from shapeshot.photo.containers.tiff import inspect_tiff
from shapeshot.photo.containers.webp import inspect_webp

SNIFFED_BYTES = 64
_HEIF_PACKAGES = ("pi_heif", "pillow_heif")
_AVIF_BRANDS, _HEIF_BRANDS = (
    (b"avif", b"avis"),
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
)


@dataclass(frozen=True)
class ImageFormat:
    """A format that is read. suffixes: of its files, in lower case. begins: whether a file's first bytes are such."""

    suffixes: tuple[str, ...]
    begins: Callable[[bytes], bool]
    inspect: Callable[[bytes, str], Inspected]


def _brands(head: bytes) -> list[bytes]:
    """The brands of an ISO base media file: the major one first."""
    if head[4:8] != b"ftyp":
        return []
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]


def _is_avif(head: bytes) -> bool:
    return any(brand in _AVIF_BRANDS for brand in _brands(head))


def _is_heif(head: bytes) -> bool:
    return any(brand in _HEIF_BRANDS for brand in _brands(head)) and not _is_avif(head)


# By Pillow's name. The first picture of a JPEG is that of an MPO, so MPO has no reader of its own.
FORMATS: dict[str, ImageFormat] = {
    "JPEG": ImageFormat(
        (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), lambda head: head[:3] == b"\xff\xd8\xff", inspect_jpeg
    ),
    "PNG": ImageFormat((".png",), lambda head: head[:8] == SIGNATURE, inspect_png),
    "WEBP": ImageFormat((".webp",), lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP", inspect_webp),
    "TIFF": ImageFormat(
        (".tif", ".tiff"), lambda head: head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), inspect_tiff
    ),
    "BMP": ImageFormat((".bmp",), lambda head: head[:2] == b"BM", inspect_bmp),
    "GIF": ImageFormat((".gif",), lambda head: head[:6] in (b"GIF87a", b"GIF89a"), inspect_gif),
    "AVIF": ImageFormat((".avif",), _is_avif, inspect_boxes),
    "HEIF": ImageFormat((".heic", ".heif"), _is_heif, inspect_boxes),  # where a package for it is installed
}

# What people take for photos and is not read: by its beginning, its name and its usual suffixes.
_REFUSED: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"\0\0\0\x0cjP  ", "JPEG 2000", (".jp2", ".j2k", ".jpx", ".jpf")),
    (b"\xff\x4f\xff\x51", "JPEG 2000", ()),
    (b"\xff\x0a", "JPEG XL", (".jxl",)),
    (b"\0\0\0\x0cJXL ", "JPEG XL", ()),
    (b"8BPS", "Photoshop", (".psd",)),
    (b"%!PS", "EPS, a drawing program", (".eps", ".ps")),
    (b"\xc5\xd0\xd3\xc6", "EPS, a drawing program", ()),
    (b"%PDF", "PDF", (".pdf",)),
    (b"<svg", "SVG, a drawing", (".svg",)),
    (b"<?xml", "XML or SVG, a drawing", ()),
    (b"\0\0\1\0", "an icon", (".ico",)),
    (b"qoif", "QOI", (".qoi",)),
    (b"SIMPLE", "FITS", (".fits",)),
    (b"P6", "PPM", (".ppm", ".pgm", ".pbm", ".pnm")),
    (b"P5", "PPM", ()),
)
_RAW_SUFFIXES = (".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".rw2")

READ_AS = "JPEG, PNG, WebP, TIFF, BMP, GIF or AVIF"  # for errors
HEIF_EXTRA = "needs an optional package: pip install 'shapeshot[heif]'"
HEIF_HINT = f"HEIC, which {HEIF_EXTRA}, or save it as JPEG"


def format_of(head: bytes) -> str | None:
    """The name in FORMATS of what begins so, or None."""
    return next((name for name, image in FORMATS.items() if image.begins(head)), None)


def refused_format(head: bytes) -> str | None:
    """The name of a known format that is not read and begins so, or None."""
    return next((name for start, name, _ in _REFUSED if head.startswith(start)), None)


def photo_suffixes() -> tuple[str, ...]:
    """The suffixes, in lower case, of files that a folder run takes for photos."""
    names = (name for name in FORMATS if name != "HEIF" or heif_package() is not None)
    return tuple(sorted(suffix for name in names for suffix in FORMATS[name].suffixes))


def left_out_as(suffix: str) -> str | None:
    """What a file of this suffix is called where it looks like a picture and is not read; None for any other file."""
    suffix = suffix.lower()
    if suffix in FORMATS["HEIF"].suffixes and heif_package() is None:
        return "HEIC"
    if suffix in _RAW_SUFFIXES:
        return "camera raw"
    return next((name for _, name, suffixes in _REFUSED if suffix in suffixes), None)


@lru_cache(maxsize=1)
def heif_package() -> str | None:
    """The installed package that teaches Pillow to read HEIC, or None."""
    return next((package for package in _HEIF_PACKAGES if find_spec(package) is not None), None)
