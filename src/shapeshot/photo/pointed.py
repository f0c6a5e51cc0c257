"""Where a person says what the object is: points on it, a rectangle to look in, or a mask of its pixels.

All are given in the pixels of the upright photo as it came (`Photo.size`), whatever size it is worked with at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from shapeshot.errors import PhotoError, UserError, shortened
from shapeshot.limits import PHOTO_MIN_SIDE, PHOTO_PIXELS
from shapeshot.photo.background import ObjectMask, find_object
from shapeshot.photo.decode import Photo, PhotoSource, read_photo

if TYPE_CHECKING:
    from jaxtyping import Shaped, UInt8

Region = tuple[float, float, float, float]
Points = tuple[tuple[float, float], ...]
MAX_POINTS = 100


def check_region(region: Sequence[float]) -> Region:
    """(left, top, right, bottom) as floats; UserError unless they are four finite numbers that span a rectangle."""
    try:
        left, top, right, bottom = (float(edge) for edge in region)
    except (TypeError, ValueError):
        raise UserError(f"a region is four numbers, left, top, right, bottom in pixels; got {region!r}") from None
    if not np.isfinite((left, top, right, bottom)).all() or left >= right or top >= bottom:
        raise UserError(
            f"the region must have left < right and top < bottom; got {left:g},{top:g},{right:g},{bottom:g}"
        )
    return left, top, right, bottom


def parse_region(text: str) -> Region:
    """A region as people write it: "100,80,900,1500". UserError as `check_region`."""
    edges = text.split(",")
    try:
        return check_region([float(edge) for edge in edges])
    except ValueError:
        raise UserError(f"cannot read the region {text!r}; write left,top,right,bottom like 100,80,900,1500") from None


def check_points(points: Sequence[Sequence[float]] | Sequence[float]) -> Points:
    """One (x, y), or several, as pairs of floats; UserError unless they are finite numbers, 1 to MAX_POINTS pairs."""
    try:
        pairs: list[Any] = list(points) if hasattr(points[0], "__len__") else [points]
        told: Points = tuple(_pair(*pair) for pair in pairs)
    except (TypeError, ValueError, IndexError, OverflowError):
        raise UserError(f"a point is two numbers, x and y in pixels; got {shortened(repr(points))}") from None
    if len(told) > MAX_POINTS or not np.isfinite(told).all():
        raise UserError(f"expected at most {MAX_POINTS} points of finite numbers; got {shortened(repr(points))}")
    return told


def _pair(x: Any, y: Any) -> tuple[float, float]:
    return float(x), float(y)


def parse_points(text: str) -> Points:
    """Points as people write them: "120,80", or several: "120,80 300,200". UserError as `check_points`."""
    try:
        return check_points([[float(number) for number in pair.split(",")] for pair in text.split()])
    except ValueError:
        raise UserError(f"cannot read the point {shortened(text)!r}; write x,y like 120,80") from None


def points_in_photo(photo: Photo, points: Points) -> Points:
    """The points in pixels of `photo.rgba`. Raises PhotoError for one beside the photo."""
    (width, height), (rows, columns) = photo.size, photo.rgba.shape[:2]
    for x, y in points:
        if not (0 <= x < width and 0 <= y < height):
            raise PhotoError(
                f"the point {x:g},{y:g} lies beside the photo of {width}x{height} pixels; point at the object"
            )
    return tuple((x * columns / width, y * rows / height) for x, y in points)


def object_in_region(photo: Photo, region: Region, background: str = "auto", points: Points = ()) -> ObjectMask:
    """`find_object` inside a rectangle; whatever lies outside is background.

    region: (left, top, right, bottom) in the pixels of `photo.size`; it is cut to the frame.
    points: in pixels of `photo.rgba`; PhotoError for one outside the region.
    Returns a mask float32 of the whole `photo.rgba`. Raises PhotoError as find_object does, and where less than
    16 pixels of the photo as it is worked with lie inside.
    """
    left, top, right, bottom = _in_frame(photo, check_region(region))
    for x, y in points:
        if not (left <= x < right and top <= y < bottom):
            raise PhotoError("a point lies outside the region; point at the object inside it")
    inside = [(x - left, y - top) for x, y in points]
    found = find_object(np.ascontiguousarray(photo.rgba[top:bottom, left:right]), background, inside)
    mask = np.zeros(photo.rgba.shape[:2], np.float32)
    mask[top:bottom, left:right] = found.mask
    return replace(found, mask=mask)


def read_mask(source: PhotoSource, max_pixels: int = PHOTO_PIXELS) -> UInt8[np.ndarray, "height width"]:
    """A mask from an image file, uint8 [height, width], scaled down as photos are: white, or opaque, is the object.

    Where any of it is transparent its alpha counts, else its lightness. Raises PhotoError as read_photo does.
    """
    rgba = read_photo(source, max_pixels).rgba
    if rgba[..., 3].min() < 255:
        return rgba[..., 3]
    return np.asarray(Image.fromarray(rgba).convert("L"))


def given_mask(photo: Photo, mask: Shaped[np.ndarray, "height width"], region: Region | None = None) -> ObjectMask:
    """The object as it was painted.

    mask: bool or uint8 (255 is the object) [height, width], of the photo's own size or a scaled copy of it.
    region: where given, nothing outside it counts; see object_in_region.
    Returns a mask float32 of `photo.rgba`. Raises PhotoError for an array of another kind or shape, or an empty mask.
    """
    values = np.asarray(mask)
    width, height = photo.size
    if values.ndim != 2 or values.dtype not in (np.dtype(bool), np.dtype(np.uint8)):
        raise PhotoError(
            f"a mask is bool or uint8 [{height}, {width}] (height, width); got {values.dtype} {list(values.shape)}"
        )
    _check_proportions(values.shape[1], values.shape[0], photo)
    grey = values.astype(np.uint8) * 255 if values.dtype == bool else values
    size = (photo.rgba.shape[1], photo.rgba.shape[0])
    scaled = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX), np.float32) / 255
    if region is not None:
        left, top, right, bottom = _in_frame(photo, check_region(region))
        inside = np.zeros_like(scaled)
        inside[top:bottom, left:right] = scaled[top:bottom, left:right]
        scaled = inside
    if not (scaled >= 0.5).any():
        raise PhotoError("the mask marks no pixel as the object; paint the object white (255) on black (0)")
    return ObjectMask(scaled, "given mask")


def _in_frame(photo: Photo, region: Region) -> tuple[int, int, int, int]:
    """The region in whole pixels of `photo.rgba`, inside its frame."""
    height, width = photo.rgba.shape[:2]
    scale_x, scale_y = width / photo.size[0], height / photo.size[1]
    left, right = (int(np.clip(round(x * scale_x), 0, width)) for x in (region[0], region[2]))
    top, bottom = (int(np.clip(round(y * scale_y), 0, height)) for y in (region[1], region[3]))
    if min(right - left, bottom - top) < PHOTO_MIN_SIDE:
        given = ",".join(f"{edge:g}" for edge in region)
        raise PhotoError(
            f"the region {given} holds too little of the photo of {photo.size[0]}x{photo.size[1]} pixels; "
            "give left,top,right,bottom inside it, around the whole object"
        )
    return left, top, right, bottom


def _check_proportions(width: int, height: int, photo: Photo) -> None:
    """PhotoError unless width:height is the photo's within the rounding of a scaled copy (a pixel of either side)."""
    expected_width, expected_height = photo.size
    tolerance = max(expected_width, expected_height, width, height)
    if not width or not height or abs(width * expected_height - height * expected_width) > tolerance:
        expected = f"{expected_width}x{expected_height} pixels, as the upright photo, or a scaled copy of that"
        raise PhotoError(f"the mask has {width}x{height} pixels; expected {expected}")
