"""Silhouettes of pictures, and of solids without a renderer: surface cells are dropped onto a small picture."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from shapeshot.geometry import cell_centers
from shapeshot.geometry.camera import Camera
from shapeshot.photo import crop_silhouette, object_box

# Pixels a side: few enough that the cells of a 128^3 solid leave no holes between them, about as many as a crop needs.
PICTURE_SIZE = 72
OPAQUE = 255


def surface_centers(solid: Bool[np.ndarray, "side side side"]) -> Float32[np.ndarray, "cells 3"]:
    """Centres of the occupied cells that have an empty face neighbour, float32 [cells, 3] in the canonical cube.

    solid: bool [n, n, n] over that cube; what lies beyond it is empty.
    """
    padded = np.pad(solid, 1)
    inner = slice(1, -1)
    buried = solid.copy()
    for near in (slice(0, -2), slice(2, None)):
        buried &= padded[near, inner, inner] & padded[inner, near, inner] & padded[inner, inner, near]
    return cell_centers(len(solid))[np.argwhere(solid & ~buried)]


def view_silhouette(view: UInt8[np.ndarray, "size size 4"]) -> Float32[np.ndarray, "side side"]:
    """How the object in a view uint8 [size, size, 4] fills its crop: `crop_silhouette` of its alpha, float32 [32, 32].

    Raises PhotoError where the view shows nothing.
    """
    return _silhouette_of(view[..., 3])


def solid_silhouette(points: Float[np.ndarray, "cells 3"], camera: Camera) -> Float32[np.ndarray, "side side"]:
    """Draw a solid's surface cells as a camera sees them, and crop the silhouette: float32 [32, 32] in 0..1.

    points: float [cells, 3], in front of the camera, dense enough to leave no gaps; those of a 128^3 solid are.
    Raises PhotoError where the picture shows nothing.
    """
    columns, rows = np.floor(camera.project(points, PICTURE_SIZE)).astype(int).T
    inside = (columns >= 0) & (columns < PICTURE_SIZE) & (rows >= 0) & (rows < PICTURE_SIZE)
    alpha = np.zeros((PICTURE_SIZE, PICTURE_SIZE), np.uint8)
    alpha[rows[inside], columns[inside]] = OPAQUE
    return _silhouette_of(alpha)


def _silhouette_of(alpha: UInt8[np.ndarray, "size size"]) -> Float32[np.ndarray, "side side"]:
    return crop_silhouette(alpha, object_box(alpha / np.float32(OPAQUE)))
