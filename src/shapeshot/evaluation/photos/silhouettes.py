"""How well a shape's silhouette is that of the object in a picture: from its known camera, or from the best direction.

Of a photograph nobody knows the camera, and today's model does not say from where it sees the object. Its shape is then
looked at from 96 directions, each silhouette is fitted to the object's square, and the best one counts. That is an
upper bound, and says something only beside what the shape of another picture's object gets by the same means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapeshot.data.solids.silhouettes import solid_silhouette
from shapeshot.errors import PhotoError
from shapeshot.geometry import Mesh
from shapeshot.geometry.camera import Camera, frame_distance
from shapeshot.geometry.rasterize import rasterize_triangles
from shapeshot.photo import crop_silhouette, object_box

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float32

FOV_DEG = 30.0
RADIUS = 0.87  # of the canonical cube's corners
AZIMUTHS = tuple(range(-180, 180, 15))
ELEVATIONS = (0, 15, 30, 50)
DIRECTIONS = tuple((float(azimuth), float(elevation)) for elevation in ELEVATIONS for azimuth in AZIMUTHS)


def mask_iou(first: Bool[np.ndarray, "height width"], second: Bool[np.ndarray, "height width"]) -> float:
    """Intersection over union of two masks; 0 where one is empty."""
    union = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / union if union else 0.0


def mask_silhouette(mask: Bool[np.ndarray, "height width"]) -> Float[np.ndarray, "32 32"]:
    """How the object fills its square. Raises PhotoError for an empty mask."""
    alpha = mask.astype(np.uint8) * np.uint8(255)
    return crop_silhouette(alpha, object_box(mask.astype(np.float32)))


def silhouettes_around(points: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, "directions 32 32"]:
    """How a shape fills its square from each of DIRECTIONS. points: thousands of its surface, in the canonical cube."""
    distance = frame_distance(FOV_DEG, RADIUS)
    return np.stack([_silhouette_or_nothing(points, Camera(*direction, distance, FOV_DEG)) for direction in DIRECTIONS])


def best_direction(
    silhouettes: Float[np.ndarray, "directions 32 32"], target: Float[np.ndarray, "32 32"]
) -> tuple[float, tuple[float, float]]:
    """The highest overlap, sum of minima over sum of maxima, and its azimuth and elevation in degrees."""
    overlap = np.minimum(silhouettes, target).sum(axis=(1, 2)) / np.maximum(silhouettes, target).sum(axis=(1, 2))
    best = int(overlap.argmax())
    return float(overlap[best]), DIRECTIONS[best]


def seen_mask(mesh: Mesh, camera: Camera, size: int) -> Bool[np.ndarray, "size size"]:
    """The pixels that a mesh covers in a square picture by a camera that stands outside of it."""
    backward = camera.origin / camera.distance
    nearness = 1.0 / (camera.distance - mesh.vertices @ backward)
    corners = np.column_stack([camera.project(mesh.vertices, size), nearness]).astype(np.float32)[mesh.faces]
    covered = np.zeros(size * size, bool)
    covered[rasterize_triangles(corners, size).pixels] = True
    return covered.reshape(size, size)


def _silhouette_or_nothing(points: Float[np.ndarray, "cells 3"], camera: Camera) -> Float32[np.ndarray, "side side"]:
    try:
        return solid_silhouette(points, camera)
    except PhotoError:
        return np.zeros((32, 32), np.float32)
