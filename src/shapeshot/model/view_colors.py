"""Colours of a shape that was seen by one camera: the photo's own where that camera sees, guessed ones elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.geometry.frustum import HALF_DEPTH, bin_depths
from shapeshot.photo.crop import GREY

if TYPE_CHECKING:
    from jaxtyping import Float32, UInt8

SEEN_WITHIN, HIDDEN_FROM = 0.05, 0.12  # sides of the crop behind the first surface: seen up to, hidden beyond
SOLID_COVERAGE = 0.95  # a pixel that the object covers less is mixed with the background


@dataclass(frozen=True, eq=False)
class ViewColors:
    """pixels: the crop on grey. coverage: how much of each pixel the object covers. guessed: sRGB in 0..1 on a coarser
    frustum grid."""

    pixels: UInt8[np.ndarray, "size size 3"]
    coverage: Float32[np.ndarray, "size size"]
    guessed: Float32[np.ndarray, "3 depths rows columns"]

    def at(
        self,
        seen: Float32[np.ndarray, "points 3"],
        logits: Float32[np.ndarray, "depths rows columns"],
        level: float,
    ) -> Float32[np.ndarray, "points 3"]:
        """sRGB in 0..1 at crop coordinates, for a shape whose frustum grid holds `logits`.

        Guesses are shifted by what they are wrong by, in the mean, where the camera sees.
        """
        guesses = np.stack([_sampled(channel, seen) for channel in self.guessed], axis=1)
        photographed = _bilinear(self._object_colors(), seen)
        behind = _front(logits, level, seen) - seen[:, 2]
        share = np.clip((HIDDEN_FROM - behind) / (HIDDEN_FROM - SEEN_WITHIN), 0, 1).astype(np.float32)[:, None]
        if share.sum() > 1:
            guesses = guesses + (share * (photographed - guesses)).sum(axis=0) / share.sum()
        mixed: np.ndarray = np.clip(guesses + share * (photographed - guesses), 0, 1)
        return mixed.astype(np.float32)

    def _object_colors(self) -> Float32[np.ndarray, "size size 3"]:
        """The object's colours, carried over its edge: pixels there are mixed with the grey behind."""
        coverage = self.coverage[..., None]
        solid = (coverage >= SOLID_COVERAGE).astype(np.float32)
        own = self.pixels.astype(np.float32) / 255
        colors, weight = own * solid, solid
        for _ in range(4):
            grown, sums = _blurred(colors), _blurred(weight)
            filled = np.where(weight > 0, colors / np.maximum(weight, 1e-6), grown / np.maximum(sums, 1e-6))
            weight = ((weight > 0) | (sums > 0)).astype(np.float32)
            colors = filled * weight
        # Where nothing solid is near (thin parts), the grey is taken out of the mixture.
        unmixed = np.clip((own - GREY / 255 * (1 - coverage)) / np.maximum(coverage, 0.2), 0, 1)
        result: np.ndarray = np.where(weight > 0, colors, unmixed).astype(np.float32)
        return result


def _blurred(image: Float32[np.ndarray, "rows columns channels"]) -> Float32[np.ndarray, "rows columns channels"]:
    """Sums over a pixel and its eight neighbours."""
    for axis in range(2):
        padded = np.pad(image, [(1, 1) if axis == own else (0, 0) for own in range(3)])
        image = np.add.reduce([padded.take(range(start, start + image.shape[axis]), axis) for start in range(3)])
    return image


def _front(
    logits: Float32[np.ndarray, "depths rows columns"], level: float, seen: Float32[np.ndarray, "points 3"]
) -> Float32[np.ndarray, " points"]:
    """The depth of the first surface along the ray of each point; the farthest depth where a ray meets nothing."""
    depths, rows, columns = logits.shape
    inside = logits > level
    first = np.where(inside.any(axis=0), inside.argmax(axis=0), depths - 1)
    front = bin_depths(depths)[first] + np.float32(HALF_DEPTH / depths)
    row = np.clip(((0.5 - seen[:, 1]) * rows).astype(np.int32), 0, rows - 1)
    column = np.clip(((seen[:, 0] + 0.5) * columns).astype(np.int32), 0, columns - 1)
    nearest: np.ndarray = front[row, column]
    return nearest


def _sampled(
    grid: Float32[np.ndarray, "depths rows columns"], seen: Float32[np.ndarray, "points 3"]
) -> Float32[np.ndarray, " points"]:
    """The nearest cell's value in a frustum grid, whose cells are as large as colours are vague."""
    depths, rows, columns = grid.shape
    indices = [
        (HALF_DEPTH - seen[:, 2]) * depths / (2 * HALF_DEPTH),
        (0.5 - seen[:, 1]) * rows,
        (seen[:, 0] + 0.5) * columns,
    ]
    cells = [np.clip(i.astype(np.int32), 0, count - 1) for i, count in zip(indices, grid.shape, strict=True)]
    values: np.ndarray = grid[cells[0], cells[1], cells[2]]
    return values


def _bilinear(
    image: Float32[np.ndarray, "size size 3"], seen: Float32[np.ndarray, "points 3"]
) -> Float32[np.ndarray, "points 3"]:
    """The values of an image between its pixels' centres."""
    size = len(image)
    column = np.clip((seen[:, 0] + 0.5) * size - 0.5, 0, size - 1)
    row = np.clip((0.5 - seen[:, 1]) * size - 0.5, 0, size - 1)
    left, top = np.minimum(column.astype(np.int32), size - 2), np.minimum(row.astype(np.int32), size - 2)
    across, down = (column - left).astype(np.float32)[:, None], (row - top).astype(np.float32)[:, None]
    upper = image[top, left] + (image[top, left + 1] - image[top, left]) * across
    lower = image[top + 1, left] + (image[top + 1, left + 1] - image[top + 1, left]) * across
    between: np.ndarray = upper + (lower - upper) * down
    return between
