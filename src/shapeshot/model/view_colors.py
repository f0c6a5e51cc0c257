"""Colours of a shape that was seen by one camera: the photo's own where that camera sees, guessed ones elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shapeshot.geometry.frustum import HALF_DEPTH, bin_depths
from shapeshot.model.frustum_grid import sample_frustum
from shapeshot.model.neighbors import neighborhoods
from shapeshot.photo.crop import GREY, carried_over

if TYPE_CHECKING:
    from jaxtyping import Float32, UInt8

SEEN_WITHIN, HIDDEN_FROM = 0.05, 0.12  # sides of the crop behind the first surface: seen up to, hidden beyond
LEAST_COVERAGE = 0.2  # of a pixel that still tells the object's colour
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

        The hidden side takes the mean of what the network guesses and of the photo seen through the object: of the two
        and their mixtures that was nearest to the true colours (docs/results.md, "Colour").
        """
        photographed = self.photographed(seen)
        guessed = np.stack([sample_frustum(channel, seen) for channel in self.guessed], axis=1)
        behind = _front(logits, level, seen) - seen[:, 2]
        is_seen = np.clip((HIDDEN_FROM - behind) / (HIDDEN_FROM - SEEN_WITHIN), 0, 1).astype(np.float32)[:, None]
        mixed: np.ndarray = photographed + (1 - is_seen) * (guessed - photographed) / 2
        return mixed.astype(np.float32)

    def mirrored(self) -> ViewColors:
        """The colours of the same photo with its depth the other way round."""
        return replace(self, guessed=self.guessed[:, ::-1])

    def photographed(self, seen: Float32[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """The photo's own colours where it shows points, sRGB in 0..1, also of those that others hide."""
        return _bilinear(self._object_colors, seen)

    @cached_property
    def _object_colors(self) -> Float32[np.ndarray, "size size 3"]:
        """The object's colours, carried over its edge: pixels there are mixed with the grey behind."""
        coverage = self.coverage[..., None]
        solid = (coverage >= SOLID_COVERAGE).astype(np.float32)
        own = self.pixels.astype(np.float32) / 255
        colors, weight = own * solid, solid
        for _ in range(4):
            grown, sums = (neighborhoods(part).sum(axis=0) for part in (colors, weight))
            filled = np.where(weight > 0, colors / np.maximum(weight, 1e-6), grown / np.maximum(sums, 1e-6))
            weight = ((weight > 0) | (sums > 0)).astype(np.float32)
            colors = filled * weight
        # Where nothing solid is near (thin parts), the grey is taken out of the mixture; beyond the object's pixels the
        # colours around are carried on.
        unmixed = np.clip((own - GREY / 255 * (1 - coverage)) / np.maximum(coverage, LEAST_COVERAGE), 0, 1)
        near = np.where(weight > 0, colors, unmixed)
        known = ((weight > 0) | (coverage >= LEAST_COVERAGE)).astype(np.float32)
        levels = (np.concatenate([near, known], axis=2) * 255 + 0.5).astype(np.uint8)
        carried = np.asarray(carried_over(Image.fromarray(levels)), np.float32) / 255
        result: np.ndarray = np.where(known > 0, near, carried).astype(np.float32)
        return result


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
