"""Reading any image a person may hand over as straight-alpha RGBA, upright and of workable size."""

from __future__ import annotations

import io
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from shapeshot.errors import NotAnImageError, PhotoError, TooLargeError

PhotoSource: TypeAlias = "str | os.PathLike[str] | bytes | Image.Image | np.ndarray | Photo"

MAX_PIXELS = 120_000_000  # a 108-megapixel phone passes; decoded as RGBA this is half a gigabyte, enough
MAX_BYTES = 256 * 2**20
MIN_SIDE = 16  # pixels; below this there is no shape to see
LONG_SIDE = 1024  # the network sees a crop of at most 224 pixels, so more only costs time
_DRAFT_SIDE = 768  # a JPEG may be decoded down to this: 12 megapixels then land on a quarter, not a half
_PROGRAM_FORMATS = frozenset({"EPS", "WMF"})  # Pillow hands these to an interpreter: never for a stranger's file
_ORIENTATION, _QUARTER_TURNS = 0x0112, (5, 6, 7, 8)  # EXIF: the values that swap width and height
_HIGH_RANGE_MODES = ("I", "F")  # with I;16, I;16B, I;16L: more than 8 bits a channel


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo as it is worked with, and as it came.

    rgba: straight alpha, uint8 [height, width, 4], upright, the long side at most 1024 pixels.
    size: (width, height) of the upright photo in its own pixels, before it was scaled down.
    """

    rgba: np.ndarray
    size: tuple[int, int]


def load_photo(source: PhotoSource) -> np.ndarray:
    """The pixels of `read_photo` alone: uint8 [height, width, 4]."""
    return read_photo(source).rgba


def read_photo(source: PhotoSource, max_pixels: int = MAX_PIXELS) -> Photo:
    """An image as straight-alpha RGBA, uint8 [height, width, 4], upright, its long side at most 1024 pixels.

    `source` is a path, the bytes of an image file, a Pillow image, or an array: uint8, uint16 or bool,
    [height, width] grey or [height, width, 1 to 4] (grey, grey + alpha, RGB, RGBA). EXIF orientation is applied;
    an animation gives its first frame; colour profiles are ignored (values are taken as sRGB). A Photo is
    returned as it is.
    max_pixels: more than so many are refused, as TooLargeError.
    Raises PhotoError for anything that is not a readable image of sensible size; the size is judged from the
    header, before a pixel is decoded.
    """
    if isinstance(source, Photo):
        return source
    if isinstance(source, np.ndarray):
        return _to_photo(_from_array(source), "the array", max_pixels)
    if isinstance(source, Image.Image):
        return _to_photo(source, "the image", max_pixels)
    if isinstance(source, bytes):
        return _read(io.BytesIO(source), len(source), "the image data", max_pixels)
    if not isinstance(source, (str, os.PathLike)):
        raise PhotoError(f"cannot read a photo from {type(source).__name__}; give a path, bytes, Pillow image or array")
    path = Path(source)
    try:
        with _open_file(path) as file:
            return _read(file, os.fstat(file.fileno()).st_size, str(path), max_pixels)
    except OSError as error:
        raise PhotoError(f"cannot open {path}: {error.strerror or error}; check the file's permissions") from error


def read_bytes(source: str | os.PathLike[str]) -> bytes:
    """The bytes of an image file, not decoded: `read_photo` takes them. Raises PhotoError where it cannot be read."""
    path = Path(source)
    try:
        with _open_file(path) as file:
            _check_bytes(os.fstat(file.fileno()).st_size, str(path))
            return file.read()
    except OSError as error:
        raise PhotoError(f"cannot open {path}: {error.strerror or error}; check the file's permissions") from error


def _open_file(path: Path) -> BinaryIO:
    if path.is_dir():
        raise PhotoError(f"{path} is a folder; give an image file")
    if not path.exists():
        raise PhotoError(f"no such photo: {path}; check the path")
    if not path.is_file():
        raise PhotoError(f"{path} is not a regular file; give an image file")
    return path.open("rb")


def _read(file: BinaryIO, num_bytes: int, name: str, max_pixels: int) -> Photo:
    _check_bytes(num_bytes, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # _check_size says it better
            image = Image.open(file)
    except Image.DecompressionBombError as error:
        raise TooLargeError(f"{name} claims more than {max_pixels // 10**6} megapixels; scale it down first") from error
    except UnidentifiedImageError as error:
        raise NotAnImageError(f"{name} is not an image that can be read; give a JPEG, PNG or WebP file") from error
    except Exception as error:  # a damaged header makes Pillow's readers fail in a dozen ways
        raise PhotoError(f"{name} is a damaged image ({error}); save it again as JPEG or PNG") from error
    _check_size(image.size, name, max_pixels)
    if image.format in _PROGRAM_FORMATS:
        raise NotAnImageError(f"{name} is {image.format}, a drawing program; save it as JPEG or PNG")
    full_size = image.size
    scale = _DRAFT_SIDE / max(*image.size, _DRAFT_SIDE)
    image.draft(None, (max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    return _to_photo(image, name, max_pixels, full_size)


def _check_bytes(num_bytes: int, name: str) -> None:
    if not num_bytes:
        raise NotAnImageError(f"{name} is empty; give an image file")
    if num_bytes > MAX_BYTES:
        raise TooLargeError(f"{name} has {num_bytes >> 20} MiB; the limit is {MAX_BYTES >> 20} MiB, save it smaller")


def _to_photo(image: Image.Image, name: str, max_pixels: int, full_size: tuple[int, int] | None = None) -> Photo:
    """full_size: before a draft made the image smaller."""
    _check_size(image.size, name, max_pixels)
    width, height = full_size or image.size
    try:
        is_turned = image.getexif().get(_ORIENTATION, 1) in _QUARTER_TURNS
        upright = ImageOps.exif_transpose(image)
        rgba = np.array(_shrunk(_eight_bit(upright)).convert("RGBA"))
    except Exception as error:  # as above: truncated and damaged data surface as many kinds of exception
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise PhotoError(f"{name} is damaged or cut short ({detail}); save or download it again") from error
    return Photo(rgba, (height, width) if is_turned else (width, height))


def _check_size(size: tuple[int, int], name: str, max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        limit = max_pixels // 10**6
        raise TooLargeError(f"{name} is {width}x{height}; the limit is {limit} megapixels, scale it down first")
    if min(width, height) * min(1.0, LONG_SIDE / max(width, height, 1)) < MIN_SIDE:
        raise PhotoError(f"{name} is {width}x{height}, too small or too thin; at least {MIN_SIDE}x{MIN_SIDE} is needed")


def _eight_bit(image: Image.Image) -> Image.Image:
    """In a mode with 8 bits a channel that resizes well: RGB, RGBA, L, LA or CMYK."""
    if image.mode.startswith("I;16") or image.mode in _HIGH_RANGE_MODES:
        return Image.fromarray(_scaled_to_eight_bits(np.asarray(image)))
    if image.mode in ("RGB", "L", "CMYK") and "transparency" not in image.info:
        return image
    return image.convert("RGBA")


def _scaled_to_eight_bits(values: np.ndarray) -> np.ndarray:
    """By the smallest usual white point that holds the values: 1 (floats), 255, 65535, else their maximum."""
    highest = float(values.max())
    if values.dtype == np.uint16:
        white = 65535.0
    else:
        points = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0)
        white = next((point for point in points if highest <= point), highest)
    return np.rint(np.clip(np.nan_to_num(values) / white, 0.0, 1.0) * 255).astype(np.uint8)


def _shrunk(image: Image.Image) -> Image.Image:
    scale = LONG_SIDE / max(image.size)
    if scale >= 1.0:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)


def _from_array(array: np.ndarray) -> Image.Image:
    expected = "uint8 [height, width] or [height, width, 1 to 4]"
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if not array.size or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (2, 3, 4)):
        raise PhotoError(f"cannot read a photo from an array of shape {list(array.shape)}; expected {expected}")
    if array.dtype == bool:
        array = array.astype(np.uint8) * 255
    elif array.dtype == np.uint16:
        array = _scaled_to_eight_bits(array)
    elif array.dtype != np.uint8:
        raise PhotoError(f"cannot read a photo from an array of {array.dtype}; expected {expected}")
    return Image.fromarray(np.ascontiguousarray(array))
