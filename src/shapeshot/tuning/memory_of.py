"""The memory of a gallery: objects by the silhouettes of their views, and copies in other proportions by projections.

Furniture comes in every proportion. A copy costs some hundred bytes and no rendering, and its shape may fit where that
of the object does not.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.data.dataset import Sample
from shapeshot.data.solids.silhouettes import solid_silhouette, surface_centers, view_silhouette
from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.data.solids.warps import random_warp, warp
from shapeshot.errors import DatasetError, PhotoError, UserError
from shapeshot.geometry.camera import sample_camera
from shapeshot.model.memory import RESOLUTION, ShapeMemory, pack_keys, pack_shapes
from shapeshot.tuning.gallery import Gallery

if TYPE_CHECKING:
    from jaxtyping import Float, Float32

# All tried on val, docs/results.md.
DIRECTIONS = 64  # principal components of silhouettes; nearly as good as all 1024 pixels
TEMPERATURE, NEIGHBORS, SHARPENING, WEIGHT = 0.02, 40, 2.0, 0.5
COPIES, VIEWS_OF_A_COPY = 8, 6
MAX_COPIES = 100
BLOCK = 8192  # silhouettes that are in single precision at a time

# An object or copy: its occupancy bool [32, 32, 32], and silhouettes float16 [32, 32] of it.
Remembered = tuple[np.ndarray, list[np.ndarray]]


def memory_of(gallery: Gallery, copies: int = COPIES) -> ShapeMemory:
    """All objects of a gallery by their silhouettes in every view, and `copies` of each in other proportions.

    Variants in the gallery are such copies themselves and are not copied. The same gallery gives the same memory.
    Raises UserError for a number of copies out of range and DatasetError where no view shows an object.
    """
    if not 0 <= copies <= MAX_COPIES:
        raise UserError(f"copies must lie in 0..{MAX_COPIES}; got {copies}")
    shapes: list[np.ndarray] = []
    starts: list[int] = []
    silhouettes: list[np.ndarray] = []
    for sample in gallery.samples("remembering"):
        for shape, seen in (_as_rendered(sample), *_copies(sample, copies)):
            if seen and shape.any():  # a thin part can vanish where its copy shrinks
                shapes.append(shape)
                starts.append(len(silhouettes))
                silhouettes += seen
    if not silhouettes:
        raise DatasetError("no training view shows an object; build the dataset again")
    pixels = np.stack(silhouettes).reshape(len(silhouettes), -1)
    center, basis = principal_directions(pixels, DIRECTIONS)
    keys = np.concatenate([pack_keys((rows - center) @ basis) for rows in _blocks(pixels)])
    packed, ends = pack_shapes(shapes)
    first_views = np.array(starts, np.int64)
    return ShapeMemory(center, basis, keys, first_views, packed, ends, WEIGHT, TEMPERATURE, NEIGHBORS, SHARPENING)


def _as_rendered(sample: Sample) -> Remembered:
    seen = []
    for index in range(sample.num_views):
        try:
            seen.append(view_silhouette(sample.view(index)).astype(np.float16))
        except PhotoError:  # too thin to be seen from there
            continue
    return downsample_occupancy(sample.solid, RESOLUTION), seen


def _copies(sample: Sample, count: int) -> Iterator[Remembered]:
    """Every second copy bent, the others stretched as wholes, each seen by cameras as people hold them."""
    if sample.record.variant_of:
        return
    rng, centers = np.random.default_rng(zlib.crc32(sample.id.encode())), surface_centers(sample.solid)
    half_cell = 0.5 / len(sample.solid)
    low, high = centers.min(axis=0) - half_cell, centers.max(axis=0) + half_cell
    for number in range(count):
        maps = random_warp(rng, low, high, bent=number % 2 == 1)
        shape, points = warp(sample.solid, centers, maps, RESOLUTION)
        radius, seen = float(np.linalg.norm(points, axis=1).max()), []
        for _ in range(VIEWS_OF_A_COPY):
            try:
                seen.append(solid_silhouette(points, sample_camera(rng, radius)).astype(np.float16))
            except PhotoError:
                continue
        yield shape, seen


def principal_directions(
    rows: Float[np.ndarray, "rows columns"], count: int
) -> tuple[Float32[np.ndarray, " columns"], Float32[np.ndarray, "columns count"]]:
    """Mean float32 [columns] and the first principal components float32 [columns, count] of rows [rows, columns]."""
    center = rows.mean(axis=0, dtype=np.float64)
    products = sum((block.T @ block).astype(np.float64) for block in _blocks(rows))
    _, vectors = np.linalg.eigh(products / len(rows) - np.outer(center, center))
    chosen = vectors[:, ::-1][:, :count]
    largest = np.take_along_axis(chosen, np.abs(chosen).argmax(axis=0)[None], axis=0)
    return center.astype(np.float32), (chosen * np.sign(largest)).astype(np.float32)


def _blocks(rows: Float[np.ndarray, "rows columns"]) -> Iterator[Float32[np.ndarray, "block columns"]]:
    for start in range(0, len(rows), BLOCK):
        yield rows[start : start + BLOCK].astype(np.float32)
