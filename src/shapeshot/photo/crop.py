"""What the network sees: a square around the object, composited on neutral grey. Training calls the same function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from shapeshot.errors import PhotoError
from shapeshot.geometry.box import Box
from shapeshot.photo.background import ObjectMask

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, UInt8

GREY = 128
SILHOUETTE_SIZE = 32
HALF = 128  # of 255: a pixel that the object covers more shows it
RIM = 2  # pixels inside the edge that are mixed with what is behind
NEAR = 6  # pixels: what is thinner than twice the rim keeps its own colours only so far from wider parts
FOURFOLD = [min(4 * level, 255) for level in range(256)]  # a table for Pillow, which asks a function 256 times


@dataclass(frozen=True, eq=False)
class PreparedPhoto:
    """The network's input and where it came from.

    pixels: uint8 [size, size, 3], the object on grey (128, 128, 128).
    box: the square of the source image that `pixels` shows.
    method: how the object was found, see ObjectMask.
    silhouette: float32 [32, 32] in 0..1, how much of each part of the square the object covers. coverage: float32
    [size, size], the same for each of `pixels`; None where it is not known.
    """

    pixels: UInt8[np.ndarray, "size size 3"]
    box: Box
    method: str
    silhouette: Float32[np.ndarray, "side side"]
    coverage: Float32[np.ndarray, "size size"] | None = None

    def coverage_or_silhouette(self, size: int) -> Float32[np.ndarray, "size size"]:
        """The coverage of each pixel, or what the silhouette says of it."""
        if self.coverage is not None:
            return self.coverage
        cells = np.arange(size) * len(self.silhouette) // size
        return self.silhouette[np.ix_(cells, cells)]


def prepare_photo(
    rgba: UInt8[np.ndarray, "height width 4"], mask: ObjectMask, size: int = 128, margin: float = 0.1
) -> PreparedPhoto:
    """Crop a square around the object and composite it on grey.

    rgba: uint8 [height, width, 4], as load_photo returns; its alpha is replaced by the mask.
    margin: free space on each side, as a fraction of the longer side of the object's bounding box.
    Raises PhotoError where the mask is empty.
    """
    box = object_box(mask.mask, margin)
    masked = rgba.copy()
    masked[..., 3] = (mask.mask * 255 + 0.5).astype(np.uint8)
    alpha = masked[..., 3]
    silhouette, coverage = crop_silhouette(alpha, box), crop_silhouette(alpha, box, size)
    return PreparedPhoto(crop_on_grey(masked, box, size), box, mask.method, silhouette, coverage)


def object_box(mask: Float[np.ndarray, "height width"], margin: float = 0.1) -> Box:
    """The square around all pixels of a mask in [0, 1] (float [height, width]) that are at least half inside.

    Raises PhotoError where there is no such pixel.
    """
    inside = mask >= 0.5
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        raise PhotoError("no object found: the mask is empty; give a photo that shows one object")
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    side = max(bottom - top, right - left) * (1.0 + 2.0 * margin)
    return Box((left + right - side) / 2, (top + bottom - side) / 2, side)


def crop_on_grey(
    rgba: UInt8[np.ndarray, "height width 4"], box: Box | tuple[float, float, float], size: int
) -> UInt8[np.ndarray, "size size 3"]:
    """The square `box` (left, top, side in source pixels) of a straight-alpha image on grey, uint8 [size, size, 3].

    rgba: uint8 [height, width, 4]. Antialiased; colours are averaged with their alpha as weight, so that the
    colour of transparent pixels never shows. Whatever lies beyond the frame is grey.
    Raises PhotoError for a box without area.
    """
    window, edges = _cut(rgba, box, size)
    premultiplied = Image.fromarray(window).convert("RGBa")
    small = premultiplied.resize((size, size), Image.Resampling.BILINEAR, box=edges, reducing_gap=2.0)
    values = np.asarray(small).astype(np.uint16)
    grey = (255 - values[..., 3:]) * GREY
    levels: np.ndarray = np.minimum((values[..., :3] * 255 + grey + 127) // 255, 255).astype(np.uint8)
    return levels


def object_crop(
    rgba: UInt8[np.ndarray, "height width 4"],
    mask: Float[np.ndarray, "height width"],
    box: Box | tuple[float, float, float],
    size: int,
) -> Image.Image:
    """The square `box` of a photo as an RGBA picture of size x size whose alpha is how much the object covers.

    Raises PhotoError for a box without area.
    """
    masked = rgba.copy()
    masked[..., 3] = (mask * 255 + 0.5).astype(np.uint8)
    window, edges = _cut(masked, box, size)
    return Image.fromarray(window).resize((size, size), Image.Resampling.BILINEAR, box=edges, reducing_gap=2.0)


def crop_silhouette(
    alpha: UInt8[np.ndarray, "height width"], box: Box | tuple[float, float, float], size: int = SILHOUETTE_SIZE
) -> Float32[np.ndarray, "size size"]:
    """How much of each part of the square `box` an object covers, float32 [size, size] in 0..1; none beyond the frame.

    alpha: uint8 [height, width]. Antialiased, as `crop_on_grey` is. Raises PhotoError for a box without area.
    """
    window, edges = _cut(alpha, box, size)
    small = Image.fromarray(window).resize((size, size), Image.Resampling.BILINEAR, box=edges, reducing_gap=2.0)
    return np.asarray(small, np.float32) / 255


def own_pixels(alpha: Image.Image) -> Image.Image:
    """Which pixels show the object alone, 255 or 0; alpha: how much it covers each, of 255.

    Those are the pixels away from its edge, and of parts so thin that they have no others, all.
    """
    covered = alpha.point(_from_level(HALF))
    inner = covered.filter(ImageFilter.BoxBlur(RIM)).point(_from_level(254))
    beside = inner.filter(ImageFilter.BoxBlur(NEAR)).point(_from_level(1))
    return ImageChops.lighter(inner, ImageChops.subtract(covered, beside))


def _from_level(least: int) -> list[int]:
    """For each of 256 levels 255 from `least` on, else 0; a table, since Pillow asks a function 256 times."""
    return [255 if level >= least else 0 for level in range(256)]


def carried_over(picture: Image.Image) -> Image.Image:
    """An RGBA picture, opaque or transparent, whose transparent parts take the colours around; RGB.

    The pyramid of Gortler et al., "The Lumigraph" (1996), section 3.4.
    """
    return _filled(picture).convert("RGB")


def _filled(picture: Image.Image) -> Image.Image:
    if max(picture.size) == 1:
        ground = Image.new("RGBA", picture.size, (GREY, GREY, GREY, 255))
    else:
        smaller = picture.reduce(2)
        smaller.putalpha(smaller.getchannel("A").point(FOURFOLD))  # one of four is enough
        ground = _filled(smaller).resize(picture.size, Image.Resampling.BILINEAR)
    return Image.alpha_composite(ground, picture)


def shrunk_coverage(coverage: Float32[np.ndarray, "size size"], side: int) -> Float32[np.ndarray, "side side"]:
    """The mean coverage of coarser cells, of which `side` fit along each side. Raises PhotoError where none do."""
    times, rest = divmod(len(coverage), side)
    if rest or not times:
        raise PhotoError(f"{len(coverage)} pixels cannot be shared evenly by {side} cells")
    means: np.ndarray = coverage.reshape(side, times, side, times).mean(axis=(1, 3), dtype=np.float32)
    return means


def _cut(
    image: UInt8[np.ndarray, "height width *channels"], box: Box | tuple[float, float, float], size: int
) -> tuple[UInt8[np.ndarray, "rows columns *channels"], tuple[float, float, float, float]]:
    """The whole pixels around a square, and its edges (left, top, right, bottom) among them."""
    left, top, side = (float(value) for value in box)
    if not (np.isfinite([left, top, side]).all() and side > 0 and size > 0):
        raise PhotoError(f"cannot crop the square {tuple(box)} to {size} pixels; both sides must be positive")
    x0, y0 = int(np.floor(left)), int(np.floor(top))
    window = _window(image, x0, y0, int(np.ceil(left + side)), int(np.ceil(top + side)))
    return window, (left - x0, top - y0, left - x0 + side, top - y0 + side)


def _window(
    image: UInt8[np.ndarray, "height width *channels"], x0: int, y0: int, x1: int, y1: int
) -> UInt8[np.ndarray, "rows columns *channels"]:
    """Rows y0..y1 and columns x0..x1, transparent (0) beyond the frame."""
    height, width = image.shape[:2]
    inside = image[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
    if x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height:
        return np.ascontiguousarray(inside)
    window = np.zeros((y1 - y0, x1 - x0, *image.shape[2:]), np.uint8)
    row, column = max(-y0, 0), max(-x0, 0)
    window[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
    return window
