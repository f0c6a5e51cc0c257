"""A photo as a frustum grid: the shape in the frame of the view, made to agree with the silhouette, and placed in the
canonical cube.

The network says for each ray of the crop how probable it is to be inside at each depth; see `geometry.frustum` for the
axes. A ray beside the object's silhouette is empty, and one inside it meets the object somewhere: where it would meet
nothing, since its depth is uncertain, the most probable depths count as inside. So thin parts survive.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.geometry.frustum import HALF_DEPTH, bin_depths
from shapeshot.model.camera_estimate import CameraEstimate, PhotoCamera
from shapeshot.model.planes import block_means
from shapeshot.model.view_colors import ViewColors

if TYPE_CHECKING:
    from jaxtyping import Float, Float32

OUTSIDE = 12.0  # logits by which a ray is held down per unit of coverage that it lacks
EMPTY_COVERAGE = 0.1  # of a cell and its neighbours: with less the ray passes beside the object
FULL_COVERAGE = 0.6  # of a cell: with more the ray meets the object
EXPLAINED_BY = 0.7  # logits above the level that the most probable depth of such a ray is raised to
STRAY_CELLS = 4  # at each end of the object that do not count for its extent


@dataclass(frozen=True)
class Placing:
    """Where the canonical cube lies. center: of the object, from the view's origin; side: both in sides of the crop."""

    center: Float32[np.ndarray, " 3"]
    side: float


class ViewReading:
    """A `Reading` of a network that draws a frustum grid."""

    colors_of_photo = True

    def __init__(
        self,
        logits: Float32[np.ndarray, "depths rows columns"],
        estimate: CameraEstimate,
        colors: ViewColors,
        coverage: Float32[np.ndarray, "rows columns"] | None,
        level: float,
    ) -> None:
        """logits: as the network gives them. coverage: how much of each cell the object covers; None where that is not
        known. level: of the surface, as a logit, by which the silhouette is enforced and the object placed.
        """
        self._raw, self._estimate, self._colors, self._coverage, self._level = logits, estimate, colors, coverage, level

    @property
    def camera(self) -> PhotoCamera:
        return self._estimate.beside(self.placing.center, self.placing.side)

    def facing(self, azimuth_deg: float) -> ViewReading:
        """The same photo with its camera at another azimuth: the finished shape is turned."""
        camera = replace(self._estimate.camera, azimuth_deg=azimuth_deg)
        turned = ViewReading(
            self._raw, replace(self._estimate, camera=camera), self._colors, self._coverage, self._level
        )
        turned.__dict__["logits"] = self.logits
        return turned

    @cached_property
    def logits(self) -> Float32[np.ndarray, "depths rows columns"]:
        """The frustum grid in agreement with the silhouette."""
        return self._raw if self._coverage is None else explained(self._raw, self._coverage, self._level)

    @cached_property
    def placing(self) -> Placing:
        """Where the object's bounding cube lies, in its own axes."""
        depths, rows, columns = self.logits.shape
        inside = np.argwhere(self.logits > self._level)
        if not len(inside):
            return Placing(np.zeros(3, np.float32), 1.0)
        u = (inside[:, 2] + 0.5) / columns - 0.5
        v = 0.5 - (inside[:, 1] + 0.5) / rows
        placed = self._estimate.camera.place(np.stack([u, v, bin_depths(depths)[inside[:, 0]]], axis=1))
        stray = min(STRAY_CELLS, len(placed) // 20)
        ordered = np.sort(placed, axis=0)
        half = np.float32(0.5 / columns)  # cells reach beyond their centres
        low, high = ordered[stray] - half, ordered[-1 - stray] + half
        return Placing((low + high) / 2, float((high - low).max()))

    def grid(
        self, xs: Float32[np.ndarray, " x"], ys: Float32[np.ndarray, " y"], zs: Float32[np.ndarray, " z"]
    ) -> Float32[np.ndarray, "x y z"]:
        """Logits where the coordinates cross."""
        x, y, z = np.meshgrid(xs, ys, zs, indexing="ij")
        points = np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)
        return self.logits_at(points).reshape(len(xs), len(ys), len(zs))

    def logits_at(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, " points"]:
        """Logits at points of the canonical cube."""
        return sample_frustum(self.logits, self.seen(points))

    def logits_in_view(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, " points"]:
        """Logits at points in the frame of the view: +y up, the camera at azimuth 0, in sides of the crop."""
        return sample_frustum(self.logits, replace(self._estimate.camera, azimuth_deg=0.0).project(points))

    def colors_at(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """The photo's own colours on the side that the camera sees, the network's on the other."""
        return self._colors.at(self.seen(points), self.logits, self._level)

    def layout(self, blocks: int) -> Float32[np.ndarray, " values"]:
        """Average the occupancy of each depth over blocks^2 blocks of the crop."""
        return block_means(self._raw, blocks)

    def seen(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """The crop coordinates of points of the canonical cube."""
        placing = self.placing
        return self._estimate.camera.project(np.asarray(points, np.float32) * placing.side + placing.center)


def explained(
    logits: Float32[np.ndarray, "depths rows columns"], coverage: Float32[np.ndarray, "rows columns"], level: float
) -> Float32[np.ndarray, "depths rows columns"]:
    """A frustum grid that agrees with the silhouette: see the module."""
    near = coverage
    for axis in range(2):  # the greatest of a cell and its eight neighbours: truth is a little fatter than photos
        padded = np.pad(near, [(1, 1) if axis == own else (0, 0) for own in range(2)])
        parts = [padded.take(range(start, start + near.shape[axis]), axis) for start in range(3)]
        near = np.maximum.reduce(parts)
    held = np.minimum(logits, level + OUTSIDE * (near - EMPTY_COVERAGE) / (1 - EMPTY_COVERAGE))
    lacking = np.maximum(level + EXPLAINED_BY - held.max(axis=0), 0) * _share(coverage)
    agreed: np.ndarray = (held + lacking).astype(np.float32)
    return agreed


def _share(coverage: Float32[np.ndarray, "rows columns"]) -> Float32[np.ndarray, "rows columns"]:
    """1 where the object covers a cell enough to be met there, 0 where not."""
    share: np.ndarray = (coverage >= FULL_COVERAGE).astype(np.float32)
    return share


def sample_frustum(
    grid: Float32[np.ndarray, "depths rows columns"], seen: Float32[np.ndarray, "points 3"]
) -> Float32[np.ndarray, " points"]:
    """The values of a frustum grid between its cells' centres, at crop coordinates. Beyond it nothing is inside."""
    depths, rows, columns = grid.shape
    # A border of emptiness, so that a shape that reaches the edge is closed there.
    padded = np.pad(grid, 1, constant_values=np.float32(-OUTSIDE)).ravel()
    u, v, t = seen.T
    places = (
        (HALF_DEPTH - t) * np.float32(depths / (2 * HALF_DEPTH)) + np.float32(0.5),
        (np.float32(0.5) - v) * np.float32(rows) + np.float32(0.5),
        (u + np.float32(0.5)) * np.float32(columns) + np.float32(0.5),
    )
    strides = ((rows + 2) * (columns + 2), columns + 2, 1)
    corner, shares = np.zeros(len(u), np.int32), []
    for place, count, stride in zip(places, grid.shape, strides, strict=True):
        inside = np.clip(place, 0, count + 1)
        low = np.minimum(inside.astype(np.int32), count)
        shares.append((inside - low).astype(np.float32))
        corner += low * np.int32(stride)
    values = [padded[corner + offset] for offset in _corners(strides)]
    for share in reversed(shares):
        values = [low + (high - low) * share for low, high in zip(values[::2], values[1::2], strict=True)]
    between: np.ndarray = values[0]
    return between


def _corners(strides: tuple[int, int, int]) -> list[np.int32]:
    """The offsets of a cell's eight corners; the last axis changes first."""
    return [
        np.int32(first * strides[0] + second * strides[1] + third * strides[2])
        for first in (0, 1)
        for second in (0, 1)
        for third in (0, 1)
    ]
