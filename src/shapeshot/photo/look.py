"""From a picture to what a network is shown: read it, find the object, crop it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.photo.background import ObjectMask, find_object
from shapeshot.photo.crop import PreparedPhoto, prepare_photo
from shapeshot.photo.decode import Photo, read_photo
from shapeshot.photo.pointed import check_points, check_region, given_mask, object_in_region, points_in_photo

if TYPE_CHECKING:
    from jaxtyping import Shaped

    from shapeshot.photo.pointed import Points, Region


@dataclass(frozen=True, eq=False)
class View:
    """What is known of a photo before a network sees it: its pixels, the object in them and the network's input."""

    source: Photo
    found: ObjectMask
    photo: PreparedPhoto


def look_at(
    image: Any,
    image_size: int,
    background: str = "auto",
    region: Sequence[float] | None = None,
    mask: Shaped[np.ndarray, "height width"] | None = None,
    point: Sequence[Sequence[float]] | Sequence[float] | None = None,
) -> View:
    """Read a photo, find the object and crop it to image_size pixels.

    image: a path, the bytes of an image file, a Pillow image, an array, or a Photo that was read already.
    background: how the object is found, see `find_object`. region: (left, top, right, bottom), in pixels of the upright
    photo, in which it is looked for. mask: bool or uint8, the object's pixels; `background` is not looked at then.
    point: (x, y), or several, in pixels of the upright photo, each on the object that is meant.
    Raises PhotoError where the photo cannot be read or shows no object, and UserError for an unsound region or point.
    """
    source = image if isinstance(image, Photo) else read_photo(image)
    area = None if region is None else check_region(region)
    points = () if point is None else check_points(point)
    found = _find(source, background, area, mask, points)
    return View(source, found, prepare_photo(source.rgba, found, image_size))


def _find(
    source: Photo,
    background: str,
    region: Region | None,
    mask: Shaped[np.ndarray, "height width"] | None,
    points: Points,
) -> ObjectMask:
    if mask is not None:
        return given_mask(source, mask, region)
    inside = points_in_photo(source, points)
    if region is not None:
        return object_in_region(source, region, background, inside)
    return find_object(source.rgba, background, inside)
