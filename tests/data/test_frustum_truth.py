"""Truth along rays: a solid's silhouette there is that of its picture, and its surface lies where the grid changes."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.data.augment import alpha_box, turned
from shapeshot.data.frustum_truth import frustum_occupancy, frustum_places
from shapeshot.data.queries import PackedSolid
from shapeshot.geometry.box import Box
from shapeshot.geometry.camera import Camera
from shapeshot.geometry.frustum import Frustum
from shapeshot.photo.crop import crop_silhouette

CAMERA = Camera(50.0, 25.0, 2.0, 40.0)
SIZE = 128


def box_solid() -> PackedSolid:
    x, y, z = (np.indices((64, 64, 64)) + 0.5) / 64 - 0.5
    return PackedSolid.pack((abs(x) < 0.3) & (abs(y) < 0.15) & (abs(z) < 0.2))


def surface(count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    places = rng.uniform(-1, 1, (count, 3))
    axis, sign = rng.integers(0, 3, count), rng.choice([-1.0, 1.0], count)
    places[np.arange(count), axis] = sign
    return (places * [0.3, 0.15, 0.2]).astype(np.float32)


def picture() -> np.ndarray:
    columns, rows = CAMERA.project(surface(200_000), SIZE).astype(int).T
    rgba = np.zeros((SIZE, SIZE, 4), np.uint8)
    rgba[rows, columns] = 255
    return rgba


@pytest.mark.parametrize("roll", [0.0, 9.0])
def test_the_silhouette_is_that_of_the_picture(roll: float) -> None:
    rgba = turned(picture(), roll)
    frustum = Frustum(CAMERA, alpha_box(rgba), SIZE, roll)
    occupied = frustum_occupancy(box_solid(), frustum, 64, 96, np.ones((64, 64), bool)).any(axis=0)
    seen = crop_silhouette(rgba[..., 3], frustum.box, 64) > 0.5
    assert (occupied & seen).sum() / (occupied | seen).sum() > 0.95


def test_rays_that_are_not_looked_along_are_empty() -> None:
    frustum = Frustum(CAMERA, Box(0.0, 0.0, SIZE), SIZE)
    rays = np.zeros((32, 32), bool)
    rays[:, :16] = True
    half, whole = (frustum_occupancy(box_solid(), frustum, 32, 48, part) for part in (rays, np.ones_like(rays)))
    assert np.array_equal(half[:, :, :16], whole[:, :, :16])
    assert not half[:, :, 16:].any()
    assert whole[:, :, 16:].any()


def test_the_surface_lies_where_the_grid_changes() -> None:
    frustum = Frustum(CAMERA, Box(24.0, 24.0, 80.0), SIZE)
    grid = frustum_occupancy(box_solid(), frustum, 64, 64, np.ones((64, 64), bool))
    cells = ((frustum_places(frustum, surface(500)) + 1) / 2 * 64).astype(int)
    mixed = []
    for column, row, depth in cells:
        around = grid[depth - 1 : depth + 2, row - 1 : row + 2, column - 1 : column + 2]
        mixed.append(around.any() and not around.all())
    assert np.mean(mixed) > 0.98
