"""What a prediction of an object is compared with: its occupancy and points of its outer surface."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from shapeshot.data.dataset import Sample
from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.data.solids.surface import outer_points
from shapeshot.geometry import PointCloud
from shapeshot.scores.prediction import NUM_POINTS, RESOLUTION


@dataclass(frozen=True, eq=False)
class Truth:
    """occupancy: which cells of the canonical cube are inside. surface: points with normals."""

    occupancy: Bool[np.ndarray, "n n n"]
    surface: PointCloud


def true_shape(sample: Sample, num_points: int = NUM_POINTS) -> Truth:
    """The truth of one object of a dataset."""
    return truth_of(sample.id, sample.vertices, sample.faces, sample.solid, num_points)


def truth_of(
    name: str,
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    solid: Bool[np.ndarray, "n n n"],
    num_points: int = NUM_POINTS,
) -> Truth:
    """The truth of a canonical mesh and its solid; points are drawn with a seed made of the object's name.

    So all runs score against the same points.
    """
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    points, normals = outer_points(vertices, faces, solid, num_points, rng)
    return Truth(downsample_occupancy(solid, RESOLUTION), PointCloud(points, normals=normals))
