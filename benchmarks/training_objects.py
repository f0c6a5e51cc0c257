"""Objects to time training with: views and shapes of the usual sizes, drawn rather than rendered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from shapeshot.data.queries import PackedSolid
from shapeshot.data.shards import encode_view
from shapeshot.geometry import cell_centers
from shapeshot.lab.loading.training_set import TrainingObject

SOLID_RESOLUTION, NUM_POINTS = 128, 8192  # as in a dataset


def make_objects(count: int, views: int = 4, size: int = 128, seed: int = 0) -> list[TrainingObject]:
    """Ellipsoids of random proportions with blotched views, as a dataset's train split gives them."""
    rng = np.random.default_rng(seed)
    return [_ellipsoid(f"object-{index}", views, size, rng) for index in range(count)]


def _ellipsoid(name: str, views: int, size: int, rng: np.random.Generator) -> TrainingObject:
    half_axes = rng.uniform(0.2, 0.5, 3)
    axis = cell_centers(SOLID_RESOLUTION)
    x, y, z = np.meshgrid(*(axis / half for half in half_axes), indexing="ij", sparse=True)
    directions = rng.normal(size=(NUM_POINTS, 3))
    points = half_axes * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    colors = rng.integers(0, 256, (NUM_POINTS, 3), dtype=np.uint8)
    solid = PackedSolid.pack(x**2 + y**2 + z**2 < 1)
    photos = tuple(encode_view(_photo(size, half_axes, rng)) for _ in range(views))
    return TrainingObject(name, photos, solid, points.astype(np.float16), colors)


def _photo(size: int, half_axes: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    matte = Image.new("L", (size, size))
    width, height = half_axes[0] * size * 0.8, half_axes[1] * size * 0.8
    ImageDraw.Draw(matte).ellipse((size / 2 - width, size / 2 - height, size / 2 + width, size / 2 + height), fill=255)
    return np.dstack([np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC)), np.asarray(matte)])
