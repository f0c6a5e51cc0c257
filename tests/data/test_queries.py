"""Field queries: the truth they carry is the solid's."""

from __future__ import annotations

import numpy as np

from shapeshot.data.queries import PackedSolid, sample_queries


def ball(resolution: int = 64) -> np.ndarray:
    axis = (np.arange(resolution) + 0.5) / resolution - 0.5
    return np.add.outer(np.add.outer(axis**2, axis**2), axis**2) < 0.3**2


def test_lookup_equals_indexing_at_cell_centres() -> None:
    rng = np.random.default_rng(0)
    solid = rng.random((16, 16, 16)) < 0.4
    centers = (np.stack(np.meshgrid(*[np.arange(16)] * 3, indexing="ij"), -1).reshape(-1, 3) + 0.5) / 16 - 0.5
    np.testing.assert_array_equal(PackedSolid.pack(solid).at(centers), solid.ravel())


def test_outside_the_cube_is_empty() -> None:
    solid = PackedSolid.pack(np.ones((8, 8, 8), bool))
    outside = np.array([[0.51, 0, 0], [0, -0.6, 0], [9, 9, 9], [0, 0, 0.5]])
    assert not solid.at(outside).any()


def test_half_are_near_and_half_anywhere() -> None:
    rng = np.random.default_rng(1)
    direction = rng.normal(size=(500, 3))
    surface = (0.3 * direction / np.linalg.norm(direction, axis=1, keepdims=True)).astype(np.float32)
    colors = np.tile(np.array([[255, 0, 51]], np.uint8), (500, 1))
    queries = sample_queries(PackedSolid.pack(ball()), surface, colors, 4000, rng)
    assert queries.near.sum() == 2000
    radius = np.linalg.norm(queries.points, axis=1)
    assert np.abs(radius[queries.near] - 0.3).mean() < 0.03
    clear = np.abs(radius - 0.3) > 0.03
    np.testing.assert_array_equal(queries.occupancy[clear], radius[clear] < 0.3)
    np.testing.assert_allclose(queries.colors[queries.near], np.tile([1, 0, 0.2], (2000, 1)), atol=1e-6)
    assert queries.occupancy[~queries.near].mean() < 0.2 < queries.occupancy[queries.near].mean()
