"""Where to look when somebody points beside what a photo is about: closer and closer around the points.

In a look at the whole photo the network marks what the photo is about, or too much, where a small other thing is
pointed at. Each window is looked at by itself; the mask that the others agree with is taken. What is no object, a patch
of wall or floor, looks different in each of them (recipes/finder/README.md has the figures).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.photo.finder.boxes import Box, Point, part, resized

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

SCALES = (0.55, 0.4, 0.3)  # a window's longer side, as a fraction of the photo's
ROOM = 2.0  # a window's longer side, at least, as a multiple of that of the points' box


def windows_around(points: Sequence[Point], width: int, height: int) -> list[Box]:
    """Boxes (left, top, right, bottom) inside the photo, with the points in their middle as far as its edge lets them.

    Each once, and none where they would hold the whole photo.
    """
    first, last = np.min(points, axis=0), np.max(points, axis=0)
    sides = [max(scale * max(width, height), ROOM * float((last - first).max())) for scale in SCALES]
    boxes = [_window((first + last) / 2, side, width, height) for side in sides]
    return [box for box in dict.fromkeys(boxes) if box != (0, 0, width, height)]


def _window(middle: Float[np.ndarray, " 2"], side: float, width: int, height: int) -> Box:
    edges = []
    for center, length in zip(middle, (width, height), strict=True):
        extent = max(1, min(round(side), length))
        start = int(np.clip(round(float(center) - extent / 2), 0, length - extent))
        edges.append((start, start + extent))
    (left, right), (top, bottom) = edges
    return left, top, right, bottom


def agreements(masks: Sequence[Bool[np.ndarray, "rows columns"]]) -> Float[np.ndarray, " masks"]:
    """Each mask's mean IoU with the others, which are at least one; an empty one has nothing in common with any."""
    shared = np.zeros((len(masks), len(masks)))
    for i, one in enumerate(masks):
        for j, other in enumerate(masks[:i]):
            shared[i, j] = shared[j, i] = (one & other).sum() / max(1, (one | other).sum())
    mean: np.ndarray = shared.sum(axis=1) / (len(masks) - 1)
    return mean


def share_held(whole: Bool[np.ndarray, "rows columns"], masks: Sequence[Bool[np.ndarray, "rows columns"]]) -> float:
    """The mean share of the masks that lies in `whole`; of empty ones nothing does."""
    return float(np.mean([(mask & whole).sum() / max(1, mask.sum()) for mask in masks]))


def cut_share(kept: Bool[np.ndarray, "rows columns"], box: Box, width: int, height: int) -> float:
    """How much of a mask lies on those edges of its window that are not the photo's, of its longer side."""
    left, top, right, bottom = box
    rows, columns = np.flatnonzero(kept.any(axis=1)), np.flatnonzero(kept.any(axis=0))
    if not len(rows):
        return 0.0
    edges = ((left > 0, kept[:, 0]), (top > 0, kept[0]), (right < width, kept[:, -1]), (bottom < height, kept[-1]))
    cut = sum(int(edge.sum()) for is_inside, edge in edges if is_inside)
    return cut / (max(int(np.ptp(rows)), int(np.ptp(columns))) + 1)


def placed_in_frame(
    kept: Bool[np.ndarray, "rows columns"], box: Box, width: int, height: int, shape: tuple[int, ...]
) -> Bool[np.ndarray, "frame_rows frame_columns"]:
    """A window's mask where it lies in a picture of the whole photo of this shape (rows, columns), False outside."""
    whole = np.zeros(shape, bool)
    inside = part(whole, box, (0, 0, width, height))
    inside[:] = resized(kept.astype(np.float32), inside.shape) >= 0.5
    return whole
