"""The one way from the bytes of an image file to Pillow, for photos, masks, textures and the views in shards.

A file is looked at before it is opened: its format by its first bytes, its size, its pieces and what decoding it will
take. Only then is Pillow asked for that one format.
"""

from __future__ import annotations

import importlib
import io
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from shapeshot.errors import NotAnImageError, PhotoError, TooLargeError
from shapeshot.limits import DECODE_BYTES, PHOTO_PIXELS
from shapeshot.photo.containers import Inspected
from shapeshot.photo.containers.tiff_layers import Layers
from shapeshot.photo.deep import DeepPicture, deep_color, deep_grey, in_native_order, is_deep_color, is_deep_grey
from shapeshot.photo.deep_layers import deep_layers
from shapeshot.photo.formats import (
    FORMATS,
    HEIF_HINT,
    READ_AS,
    SNIFFED_BYTES,
    format_of,
    heif_package,
    refused_format,
)
from shapeshot.photo.memory_budget import DECODING
from shapeshot.photo.orientation import image_orientation

_MIB = 2**20
_MODE_BYTES = {"1": 1, "L": 1, "P": 1}  # of a pixel in Pillow's memory; I;16 takes 2, all others 4


@dataclass(frozen=True)
class OpenedImage:
    """A decoded image, not yet turned upright.

    pixels: what Pillow has, or the samples of a picture of more than 8 bits. size: (width, height) in the file's own
    pixels, which is more than that of `pixels` where a JPEG was decoded at a part of its size. orientation: EXIF's.
    """

    pixels: Image.Image | DeepPicture
    size: tuple[int, int]
    orientation: int


@contextmanager
def opened_image(
    content: bytes,
    name: str,
    max_pixels: int = PHOTO_PIXELS,
    draft_side: int | None = None,
    formats: Collection[str] = FORMATS,
) -> Iterator[OpenedImage]:
    """The decoded image of a file's bytes, for as long as the block lasts; it holds a part of the memory budget.

    name: what errors call it. draft_side: a JPEG may be decoded smaller, but not below this long side in pixels.
    formats: names in FORMATS. Raises NotAnImageError, TooLargeError or PhotoError; sizes are judged before a pixel is
    decoded.
    """
    file_format = _known_format(content, name, formats)
    inspected = FORMATS[file_format].inspect(content, name)
    if inspected.size is not None:
        check_pixels(inspected.size, name, max_pixels)
    if inspected.layers is not None:
        with _opened_layers(inspected, inspected.layers, file_format, name) as opened:
            yield opened
        return
    image = _open(inspected.content, file_format, name)
    check_pixels(image.size, name, max_pixels)
    full_size = image.size
    orientation = image_orientation(image) if inspected.orientation is None else inspected.orientation
    if draft_side is not None:
        scale = draft_side / max(*image.size, draft_side)
        image.draft(None, (max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    with DECODING.taken(_decode_bytes(image, inspected, file_format, name)):
        with damage_told(name):
            pixels = _decoded(image, inspected.content, file_format, name)
        yield OpenedImage(pixels, full_size, orientation)


@contextmanager
def _opened_layers(inspected: Inspected, layers: Layers, file_format: str, name: str) -> Iterator[OpenedImage]:
    # The samples, and a copy of the file that holds them.
    per_pixel = 2 * layers.sample_bytes * layers.channels + inspected.extra_per_pixel
    num_bytes = int(layers.size[0] * layers.size[1] * per_pixel)
    with DECODING.taken(_within_budget(num_bytes, layers.size, file_format, name)):
        with damage_told(name):
            pixels = deep_layers(layers, (_open(content, file_format, name) for content in layers.pictures()))
        yield OpenedImage(pixels, layers.size, inspected.orientation or 1)


def check_pixels(size: tuple[int, int], name: str, max_pixels: int) -> None:
    """Raises TooLargeError for a (width, height) of more pixels."""
    width, height = size
    if width * height > max_pixels:
        limit = max_pixels // 10**6
        raise TooLargeError(f"{name} is {width}x{height}; the limit is {limit} megapixels, scale it down first")


@contextmanager
def damage_told(name: str) -> Iterator[None]:
    """Whatever Pillow raises on truncated and damaged data, which is many kinds of exception, as one PhotoError."""
    try:
        yield
    except PhotoError:
        raise
    except MemoryError as error:
        raise TooLargeError(f"{name} takes more memory to decode than there is; scale it down first") from error
    except Exception as error:
        detail = (str(error).splitlines() or [type(error).__name__])[0]
        raise PhotoError(f"{name} is damaged or cut short ({detail}); save or download it again") from error


def _known_format(content: bytes, name: str, formats: Collection[str]) -> str:
    head = content[:SNIFFED_BYTES]
    found = format_of(head)
    if found is not None and found in formats:
        if found == "HEIF" and heif_package() is None:
            raise NotAnImageError(f"{name} is {HEIF_HINT}")
        return found
    known = found or refused_format(head)
    if known:
        raise NotAnImageError(f"{name} is {known}, which is not read; save it as JPEG or PNG")
    raise NotAnImageError(f"{name} is not an image that can be read; give a file of {READ_AS}")


def _open(content: bytes, file_format: str, name: str) -> Image.Image:
    if file_format == "HEIF":
        _register_heif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes, which are judged here, and of odd tags, which do not matter
            return in_native_order(Image.open(io.BytesIO(content), formats=[file_format]))
    except Image.DecompressionBombError as error:
        raise TooLargeError(f"{name} claims more pixels than will be read; scale it down first") from error
    except Exception as error:  # a damaged header makes Pillow's readers fail in a dozen ways
        detail = "" if isinstance(error, OSError) else f" ({(str(error).splitlines() or ['?'])[0]})"
        raise PhotoError(
            f"{name} is a {file_format} image that is damaged, or of a kind that is not read{detail}; "
            "save it again as JPEG or PNG"
        ) from error


@lru_cache(maxsize=1)
def _register_heif() -> None:
    importlib.import_module(str(heif_package())).register_heif_opener()


def _decode_bytes(image: Image.Image, inspected: Inspected, file_format: str, name: str) -> int:
    """What decoding will take. Raises TooLargeError where that is over the budget."""
    per_pixel = 2.0 if image.mode.startswith("I;16") else float(_MODE_BYTES.get(image.mode, 4))
    if is_deep_color(image):
        per_pixel *= 2  # two decodes
    num_bytes = int(image.width * image.height * (per_pixel + inspected.extra_per_pixel)) + inspected.extra_bytes
    return _within_budget(num_bytes, image.size, file_format, name)


def _within_budget(num_bytes: int, size: tuple[int, int], file_format: str, name: str) -> int:
    if num_bytes > DECODE_BYTES:
        raise TooLargeError(
            f"{name} is a {file_format} of {size[0]}x{size[1]} that takes {num_bytes // _MIB} MiB to decode; "
            f"the limit is {DECODE_BYTES // _MIB} MiB, save it smaller or as a plain JPEG"
        )
    return num_bytes


def _decoded(image: Image.Image, content: bytes, file_format: str, name: str) -> Image.Image | DeepPicture:
    if is_deep_color(image):
        try:
            deep = deep_color(image, lambda: _open(content, file_format, name))
        except ValueError:  # a layout that Pillow knows in one byte order alone: its upper bytes have to do
            deep = None
        return image if deep is None else deep
    image.load()
    return deep_grey(image) if is_deep_grey(image) else image
