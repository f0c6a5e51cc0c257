"""Pictures of more than 8 bits a sample, a block of rows at a time.

Pillow keeps a grey picture of 16 bits whole, but of colours only each sample's upper byte. Its decoders read the lower
byte as well when told that the file is of the other byte order, so two decodes of one file give all 16 bits.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from shapeshot.photo.sample_range import largest_finite, to_eight_bits, transparent_alpha, white_point

if TYPE_CHECKING:
    from jaxtyping import Real, UInt8

BLOCK_BYTES = 8 * 2**20  # of samples in float32
_GREY_MODES = ("I", "F")  # with I;16, I;16L, I;16B
_BRIGHT = 64  # an upper byte from which on white is 65535 whatever the lower bytes are
# Compressed samples come in this machine's order, whatever the file's: Pillow turns these over once more.
_UNPACKED = {"F;32BF": "F;32NF", "F;32F": "F;32NF", "I;32BS": "I;32NS", "I;32S": "I;32NS"}
_NATIVE, _SWAPPED = (";16L", ";16B") if sys.byteorder == "little" else (";16B", ";16L")
_OTHER_ORDER = {";16L": ";16B", ";16B": ";16L", ";16N": _SWAPPED}


@dataclass(frozen=True)
class DeepPicture:
    """Samples of a picture by rows. rows(top, bottom): number [rows, width] grey, or [rows, width, channels].

    channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. key: the transparent sample or colour, None where there is none.
    """

    size: tuple[int, int]
    channels: int
    is_float: bool
    rows: Callable[[int, int], Real[np.ndarray, "rows width *channels"]]
    key: int | tuple[int, ...] | None = None

    def to_eight_bits(self) -> EightBitRows:
        """The same with 8 bits a sample; walks over all rows once to find white."""
        colors, alphas = [], []
        for top, bottom in self.blocks():
            values = self.rows(top, bottom)
            colors.append(largest_finite(values[..., : self._num_colors] if self.channels > 1 else values))
            if self.has_alpha_channel:
                alphas.append(largest_finite(values[..., -1]))
        white = white_point(colors, self.is_float)
        if self.is_float:
            return EightBitRows(self, white, white_point(alphas, True))
        # An opaque alpha of 12 bits goes with colours of 12 bits; an alpha that is merely low is transparent.
        narrow = bool(alphas) and white_point(alphas, False) <= white
        return EightBitRows(self, white, white if narrow else 65535.0)

    @property
    def has_alpha_channel(self) -> bool:
        return self.channels in (2, 4)

    @property
    def _num_colors(self) -> int:
        return self.channels - self.has_alpha_channel

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Yield (top, bottom) of runs of rows that together are the picture."""
        width, height = self.size
        step = max(1, BLOCK_BYTES // (4 * self.channels * width))
        yield from ((top, min(top + step, height)) for top in range(0, height, step))


@dataclass(frozen=True)
class EightBitRows:
    """A deep picture at 8 bits a sample. white, alpha_white: the samples that become 255."""

    picture: DeepPicture
    white: float
    alpha_white: float

    @property
    def mode(self) -> str:
        """Pillow's mode of a block: L, LA, RGB or RGBA."""
        colors = "L" if self.picture.channels <= 2 else "RGB"
        return colors + ("A" if self.picture.has_alpha_channel or self.picture.key is not None else "")

    def block(self, top: int, bottom: int) -> Image.Image:
        """Rows top..bottom-1."""
        values = self.picture.rows(top, bottom)
        if self.picture.has_alpha_channel:
            layers = [to_eight_bits(values[..., :-1], self.white), to_eight_bits(values[..., -1:], self.alpha_white)]
            return _image(np.concatenate(layers, axis=2))
        eight = to_eight_bits(values, self.white)
        if self.picture.key is None:
            return _image(eight)
        alpha = transparent_alpha(values, self.picture.key)
        return _image(np.dstack([eight, alpha]))


def _image(pixels: UInt8[np.ndarray, "height width *channels"]) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels))


def is_deep_grey(image: Image.Image) -> bool:
    """Whether Pillow holds more than 8 bits of each sample of this image."""
    return image.mode.startswith("I;16") or image.mode in _GREY_MODES


def deep_grey(image: Image.Image) -> DeepPicture:
    """A grey picture of 16 bits, 32 bits or floating point."""
    key = image.info.get("transparency")
    width = image.width

    def rows(top: int, bottom: int) -> Real[np.ndarray, "rows width *channels"]:
        values = np.asarray(image.crop((0, top, width, bottom)))
        return values.astype(values.dtype.newbyteorder("="), copy=False)

    return DeepPicture(image.size, 1, image.mode == "F", rows, key if isinstance(key, int) else None)


def deep_array(values: Real[np.ndarray, "height width *channels"]) -> DeepPicture:
    """An array of samples, [height, width] or [height, width, channels]."""
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    channels = values.shape[2] if values.ndim == 3 else 1
    size = (values.shape[1], values.shape[0])
    return DeepPicture(size, channels, values.dtype.kind == "f", lambda top, bottom: values[top:bottom])


def in_native_order(image: Image.Image) -> Image.Image:
    """The same image, not yet loaded, its compressed samples of 32 bits read as libtiff unpacks them."""
    tiles = getattr(image, "tile", [])
    if any(tile[0] == "libtiff" and str(_raw_mode(tile)) in _UNPACKED for tile in tiles):
        image.tile = [_with_layout(tile, _UNPACKED[str(_raw_mode(tile))]) for tile in tiles]  # type: ignore[attr-defined]
    return image


def is_deep_color(image: Image.Image) -> bool:
    """Whether an image that is open, and not yet loaded, has samples of 16 bits of which Pillow would keep 8."""
    return image.mode in ("RGB", "RGBA") and any(";16" in str(_raw_mode(tile)) for tile in getattr(image, "tile", []))


def deep_color(image: Image.Image, open_again: Callable[[], Image.Image]) -> DeepPicture | None:
    """All 16 bits of a colour picture, or None where its upper bytes, which `image` has once loaded, are enough.

    image: not yet loaded. open_again: gives the same file anew.
    """
    key = image.info.get("transparency")
    if str(_raw_mode(image.tile[0])) == "LA;16B":  # type: ignore[attr-defined]
        return _grey_and_alpha(_reread(open_again(), "LA;16B", "RGBA"))
    image.load()
    highest = max(high for _, high in image.getextrema()[:3])  # type: ignore[misc]
    if highest >= _BRIGHT and key is None:
        return None
    upper, lower = image, open_again()
    for old, new in _OTHER_ORDER.items():
        if any(old in str(_raw_mode(tile)) for tile in lower.tile):  # type: ignore[attr-defined]
            lower = _reread(lower, old, new)
            break
    width = image.width

    def rows(top: int, bottom: int) -> Real[np.ndarray, "rows width *channels"]:
        box = (0, top, width, bottom)
        samples: np.ndarray = np.asarray(upper.crop(box)).astype(np.uint16) << 8 | np.asarray(lower.crop(box))
        return samples

    return DeepPicture(image.size, len(image.getbands()), False, rows, key if isinstance(key, tuple) else None)


def _grey_and_alpha(raw: Image.Image) -> DeepPicture:
    """Make a deep picture of a PNG whose pixels of four bytes (grey and alpha of 16 bits) were read as RGBA."""
    width = raw.width

    def rows(top: int, bottom: int) -> Real[np.ndarray, "rows width *channels"]:
        values = np.asarray(raw.crop((0, top, width, bottom))).astype(np.uint16)
        return values[..., 0::2] << 8 | values[..., 1::2]

    return DeepPicture(raw.size, 2, False, rows)


def _raw_mode(tile: tuple) -> object:  # type: ignore[type-arg]
    args = tile[3]
    return args[0] if isinstance(args, tuple) and args else args


def _reread(image: Image.Image, old: str, new: str) -> Image.Image:
    """The image, loaded with another layout of its samples. Raises ValueError where the decoder knows no such."""
    image.tile = [  # type: ignore[attr-defined]
        _with_layout(tile, str(_raw_mode(tile)).replace(old, new))
        for tile in image.tile  # type: ignore[attr-defined]
    ]
    image.load()
    return image


def _with_layout(tile: Any, layout: str) -> Any:
    args = tile[3]
    return tile._replace(args=(layout, *args[1:]) if isinstance(args, tuple) else layout)
