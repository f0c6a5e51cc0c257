"""An object as one of its views shows it: the truth that predictions in the frame of the view are compared with.

The frame of the view: +y up, the camera at azimuth 0, the origin on the ray through the crop's centre at the depth of
the object's centre, the crop's side at that depth as the unit. The crop is the runtime's, of an exact mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import distance_transform_edt

from shapeshot.data.augment import alpha_box
from shapeshot.data.dataset import Sample
from shapeshot.data.frustum_truth import frustum_occupancy
from shapeshot.data.queries import PackedSolid
from shapeshot.data.truth import Truth, true_shape
from shapeshot.geometry.frustum import Frustum, ViewCamera

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float32

CELLS = 58  # of the grid along each side, 1/32 of the crop's side wide: all that a frustum grid can hold
CELL = 1 / 32
RAYS, DEPTHS = 64, 128  # of the silhouette from the photo's own camera
THIN = 3 / 32  # local thickness, canonical units, below which a part is thin
MAX_THIN_POINTS = 4000
SYMMETRIC_IOU = 0.9  # with itself, turned by 90 or 180 degrees: where its front is cannot be told then


@dataclass(frozen=True, eq=False)
class ObjectTruth:
    """What all views of an object share. thin: places inside its thin parts, in the canonical cube."""

    packed: PackedSolid
    truth: Truth
    thin: Float32[np.ndarray, "cells 3"]
    is_symmetric: bool

    @classmethod
    def of(cls, sample: Sample, num_points: int) -> ObjectTruth:
        """The truth of an object of a dataset. num_points: of its surface."""
        solid = sample.solid
        thin = np.argwhere(thin_parts(solid, THIN * len(solid)))
        chosen = np.random.default_rng(0).permutation(len(thin))[:MAX_THIN_POINTS]
        places = ((thin[chosen] + 0.5) / len(solid) - 0.5).astype(np.float32)
        return cls(PackedSolid.pack(solid), true_shape(sample, num_points), places, _is_symmetric(solid))


@dataclass(frozen=True, eq=False)
class ViewTruth:
    """The truth of one view. frustum: of the runtime's crop."""

    whole: ObjectTruth
    frustum: Frustum

    @classmethod
    def of(cls, whole: ObjectTruth, sample: Sample, view: int) -> ViewTruth:
        """The truth of view `view` of an object of a dataset."""
        rgba = sample.view(view)
        return cls(whole, Frustum(sample.cameras[view], alpha_box(rgba), rgba.shape[0]))

    def to_view(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """Points of the canonical cube in the frame of the view."""
        moved: np.ndarray = (np.asarray(points, np.float64) - self._origin) @ self._turn / self.frustum.side
        return moved.astype(np.float32)

    def to_canonical(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """The inverse of `to_view`."""
        moved: np.ndarray = np.asarray(points, np.float64) * self.frustum.side @ self._turn.T + self._origin
        return moved.astype(np.float32)

    @cached_property
    def occupancy(self) -> Bool[np.ndarray, "n n n"]:
        """The solid on the grid over the frame of the view."""
        return self.whole.packed.at(self.to_canonical(grid_points())).reshape((CELLS,) * 3)

    @cached_property
    def silhouette(self) -> Bool[np.ndarray, "rows columns"]:
        """The solid's silhouette from the photo's own camera."""
        rays = np.ones((RAYS, RAYS), bool)
        met = np.asarray(frustum_occupancy(self.whole.packed, self.frustum, RAYS, DEPTHS, rays).any(axis=0))
        return met

    @property
    def camera(self) -> ViewCamera:
        """The true camera in terms of the crop."""
        return self.frustum.view

    @cached_property
    def _origin(self) -> Float[np.ndarray, " 3"]:
        """What the crop's centre shows at the depth of the object's centre, canonical."""
        starts, _ = self.frustum.rays(1)
        middle: np.ndarray = starts[0].astype(np.float64)
        return middle

    @cached_property
    def _turn(self) -> Float[np.ndarray, "3 3"]:
        """Columns: the axes of the frame of the view, in canonical axes."""
        azimuth = np.radians(self.frustum.camera.azimuth_deg)
        cos, sin = np.cos(azimuth), np.sin(azimuth)
        return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def grid_points() -> Float32[np.ndarray, "cells 3"]:
    """The centres of the grid's cells in the frame of the view, [x, y, z] flattened."""
    axis = (np.arange(CELLS) + 0.5 - CELLS / 2) * CELL
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.float32)


def thin_parts(solid: Bool[np.ndarray, "n n n"], thickness: float) -> Bool[np.ndarray, "n n n"]:
    """Which cells no ball of diameter `thickness` (in cells) inside the solid covers: its local thickness is less."""
    padded = np.pad(solid, 1)
    core = distance_transform_edt(padded) > thickness / 2
    covered = distance_transform_edt(~core) <= thickness / 2 if core.any() else np.zeros_like(core)
    thin: np.ndarray = (padded & ~covered)[1:-1, 1:-1, 1:-1]
    return thin


def _is_symmetric(solid: Bool[np.ndarray, "n n n"]) -> bool:
    """Whether a turn about the vertical leaves the object nearly as it is."""
    coarse = solid[::2, ::2, ::2]
    for quarters in (1, 2):
        turned = np.rot90(coarse, quarters, axes=(0, 2))
        union = int((coarse | turned).sum())
        if union and int((coarse & turned).sum()) / union >= SYMMETRIC_IOU:
            return True
    return False
