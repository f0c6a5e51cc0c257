"""Reading any image a person may hand over as straight-alpha RGBA, upright and of workable size."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import numpy as np
from PIL import Image

from shapeshot.errors import NotAnImageError, PhotoError, TooLargeError
from shapeshot.limits import PHOTO_BYTES, PHOTO_MIN_SIDE, PHOTO_PIXELS
from shapeshot.photo.deep import DeepPicture, deep_array, deep_grey, is_deep_grey
from shapeshot.photo.opener import OpenedImage, check_pixels, damage_told, opened_image
from shapeshot.photo.orientation import image_orientation, swaps_sides, turned_upright
from shapeshot.photo.shrink import as_rgba, shrunk

if TYPE_CHECKING:
    from jaxtyping import Shaped, UInt8

PhotoSource: TypeAlias = "str | os.PathLike[str] | bytes | Image.Image | np.ndarray | Photo"

LONG_SIDE = 1024  # the network sees a crop of at most 224 pixels, so more only costs time
_DRAFT_SIDE = 768  # a JPEG may be decoded down to this: 12 megapixels then land on a quarter, not a half


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo as it is worked with, and as it came.

    rgba: straight alpha, uint8 [height, width, 4], upright, the long side at most 1024 pixels.
    size: (width, height) of the upright photo in its own pixels, before it was scaled down.
    """

    rgba: UInt8[np.ndarray, "height width 4"]
    size: tuple[int, int]


def load_photo(source: PhotoSource) -> UInt8[np.ndarray, "height width 4"]:
    """The pixels of `read_photo` alone: uint8 [height, width, 4]."""
    return read_photo(source).rgba


def read_photo(source: PhotoSource, max_pixels: int = PHOTO_PIXELS) -> Photo:
    """An image as straight-alpha RGBA, uint8 [height, width, 4], upright, its long side at most 1024 pixels.

    `source` is a path, the bytes of an image file, a Pillow image, or an array: uint8, uint16 or bool,
    [height, width] grey or [height, width, 1 to 4] (grey, grey + alpha, RGB, RGBA). EXIF orientation is applied
    where it can be read; an animation gives its first frame; colour profiles are ignored (values are taken as sRGB).
    Of samples of more than 8 bits, white is what `sample_range` finds. A Photo is returned as it is.
    max_pixels: more than so many are refused, as TooLargeError.
    Raises PhotoError for anything that is not a readable image of sensible size (see `formats` and `limits`); the size
    is judged from the header, before a pixel is decoded.
    """
    if isinstance(source, Photo):
        return source
    if isinstance(source, np.ndarray):
        return _photo(OpenedImage(_from_array(source), source.shape[1::-1], 1), "the array", max_pixels)
    if isinstance(source, Image.Image):
        with damage_told("the image"):
            pixels = deep_grey(source) if is_deep_grey(source) else source
            opened = OpenedImage(pixels, source.size, image_orientation(source))
        return _photo(opened, "the image", max_pixels)
    if isinstance(source, bytes):
        _check_bytes(len(source), "the image data")
        return _from_bytes(source, "the image data", max_pixels)
    if not isinstance(source, (str, os.PathLike)):
        raise PhotoError(f"cannot read a photo from {type(source).__name__}; give a path, bytes, Pillow image or array")
    return _from_bytes(read_bytes(source), str(source), max_pixels)


def read_bytes(source: str | os.PathLike[str]) -> bytes:
    """The bytes of an image file, not decoded: `read_photo` takes them. Raises PhotoError where it cannot be read."""
    path = Path(source)
    try:
        with _open_file(path) as file:
            _check_bytes(os.fstat(file.fileno()).st_size, str(path))
            content = file.read(PHOTO_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        reason = getattr(error, "strerror", None) or error
        raise PhotoError(f"cannot open {path}: {reason}; check the file's name and permissions") from error
    _check_bytes(len(content), str(path))
    return content


def _open_file(path: Path) -> BinaryIO:
    if path.is_dir():
        raise PhotoError(f"{path} is a folder; give an image file")
    if not path.exists():
        raise PhotoError(f"no such photo: {path}; check the path")
    if not path.is_file():
        raise PhotoError(f"{path} is not a regular file; give an image file")
    return path.open("rb")


def _check_bytes(num_bytes: int, name: str) -> None:
    if not num_bytes:
        raise NotAnImageError(f"{name} is empty; give an image file")
    if num_bytes > PHOTO_BYTES:
        raise TooLargeError(f"{name} has {num_bytes >> 20} MiB; the limit is {PHOTO_BYTES >> 20} MiB, save it smaller")


def _from_bytes(content: bytes, name: str, max_pixels: int) -> Photo:
    with opened_image(content, name, max_pixels, _DRAFT_SIDE) as opened:
        return _photo(opened, name, max_pixels)


def _photo(opened: OpenedImage, name: str, max_pixels: int) -> Photo:
    width, height = opened.size
    check_pixels((width, height), name, max_pixels)
    if min(width, height) * min(1.0, LONG_SIDE / max(width, height, 1)) < PHOTO_MIN_SIDE:
        least = f"{PHOTO_MIN_SIDE}x{PHOTO_MIN_SIDE}"
        raise PhotoError(f"{name} is {width}x{height}, too small or too thin; at least {least} is needed")
    with damage_told(name):
        rgba = as_rgba(turned_upright(shrunk(opened.pixels, LONG_SIDE), opened.orientation))
    return Photo(rgba, (height, width) if swaps_sides(opened.orientation) else (width, height))


def _from_array(array: Shaped[np.ndarray, "height width *channels"]) -> Image.Image | DeepPicture:
    expected = "uint8 [height, width] or [height, width, 1 to 4]"
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if not array.size or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (2, 3, 4)):
        raise PhotoError(f"cannot read a photo from an array of shape {list(array.shape)}; expected {expected}")
    if array.dtype == bool:
        array = array.astype(np.uint8) * 255
    elif array.dtype.kind == "u" and array.dtype.itemsize == 2:
        return deep_array(array)
    elif array.dtype != np.uint8:
        raise PhotoError(f"cannot read a photo from an array of {array.dtype}; expected {expected}")
    return Image.fromarray(np.ascontiguousarray(array))
