"""Parts of a photo, and masks of them: from the network's pixels to the photo's and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shapeshot.photo.guided import guided_upsample

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float32, Shaped, UInt8

MARGIN = 0.15  # around an object, in the second look at it, as a fraction of its longer side

Point = tuple[float, float]
Box = tuple[int, int, int, int]


def around(inside: Bool[np.ndarray, "rows columns"], frame: Box) -> Box:
    """The box of the pixels in the photo, with MARGIN around it."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    scale_x, scale_y = frame[2] / inside.shape[1], frame[3] / inside.shape[0]
    left, right = columns[0] * scale_x, (columns[-1] + 1) * scale_x
    top, bottom = rows[0] * scale_y, (rows[-1] + 1) * scale_y
    room = MARGIN * max(right - left, bottom - top)
    return (
        max(0, int(left - room)),
        max(0, int(top - room)),
        min(frame[2], int(right + room) + 1),
        min(frame[3], int(bottom + room) + 1),
    )


def part(
    mask: Shaped[np.ndarray, "rows columns"], box: Box, frame: Box
) -> Shaped[np.ndarray, "part_rows part_columns"]:
    """The box of a mask that shows the frame; a view of it."""
    scale_x, scale_y = mask.shape[1] / frame[2], mask.shape[0] / frame[3]
    left, right = int(box[0] * scale_x), max(int(box[0] * scale_x) + 1, round(box[2] * scale_x))
    top, bottom = int(box[1] * scale_y), max(int(box[1] * scale_y) + 1, round(box[3] * scale_y))
    return mask[top:bottom, left:right]


def placed(
    mask: Float[np.ndarray, "rows columns"], rgb: UInt8[np.ndarray, "height width 3"], box: Box
) -> Float32[np.ndarray, "height width"]:
    """The mask of a box at the photo's resolution, 0 outside."""
    left, top, right, bottom = box
    whole = np.zeros(rgb.shape[:2], np.float32)
    whole[top:bottom, left:right] = guided_upsample(mask, rgb[top:bottom, left:right])
    return whole


def scaled(point: Point, box: Box, mask: Shaped[np.ndarray, "rows columns"]) -> Point:
    """A point of the photo in the pixels of a mask that shows the box."""
    x, y = point
    return (
        (x - box[0]) * mask.shape[1] / (box[2] - box[0]),
        (y - box[1]) * mask.shape[0] / (box[3] - box[1]),
    )


def resized(
    mask: Float[np.ndarray, "rows columns"], shape: tuple[int, ...]
) -> Float32[np.ndarray, "new_rows new_columns"]:
    """The mask with other numbers of rows and columns, `shape`."""
    image = Image.fromarray(np.ascontiguousarray(mask, np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
