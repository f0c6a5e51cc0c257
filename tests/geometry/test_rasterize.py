from __future__ import annotations

import numpy as np
import pytest

from shapeshot.geometry.rasterize import rasterize_balls, rasterize_triangles


def naive_owner(corners: np.ndarray, size: int) -> np.ndarray:
    """The nearest triangle of each pixel by solving for its barycentric weights, -1 where there is none."""
    owner, best = np.full((size, size), -1), np.zeros((size, size))
    for face, triangle in enumerate(corners.astype(np.float64)):
        system = np.vstack([triangle[:, :2].T, np.ones(3)])
        for row in range(size):
            for column in range(size):
                weights = np.linalg.solve(system, [column + 0.5, row + 0.5, 1.0])
                nearness = weights @ triangle[:, 2]
                if weights.min() >= 0 and nearness > best[row, column]:
                    owner[row, column], best[row, column] = face, nearness
    return owner


@pytest.mark.parametrize("seed", range(3))
def test_triangles_match_the_naive_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.uniform([-6, -6, 0.1], [26, 26, 1.0], (12, 3, 3)).astype(np.float32)  # partly off the picture
    hits = rasterize_triangles(corners, 20)
    expected = naive_owner(corners, 20).ravel()
    owner = np.full(400, -1)
    owner[hits.pixels] = hits.owner
    np.testing.assert_array_equal(owner, expected)
    np.testing.assert_allclose(hits.weights.sum(axis=1), 1.0, atol=1e-4)
    centers = np.einsum("hk,hkc->hc", hits.weights, corners[hits.owner])
    np.testing.assert_allclose(centers[:, 0], hits.pixels % 20 + 0.5, atol=1e-2)
    np.testing.assert_allclose(centers[:, 1], hits.pixels // 20 + 0.5, atol=1e-2)
    np.testing.assert_allclose(centers[:, 2], hits.nearness, atol=1e-5)


def test_either_winding() -> None:
    corners = np.random.default_rng(0).uniform(0.5, 15, (5, 3, 3)).astype(np.float32)
    there, back = rasterize_triangles(corners, 16), rasterize_triangles(corners[:, ::-1].copy(), 16)
    np.testing.assert_array_equal(there.pixels, back.pixels)
    np.testing.assert_array_equal(there.owner, back.owner)


@pytest.mark.parametrize("cells", [3, 17, 64])
def test_a_tiling_leaves_no_cracks(cells: int) -> None:
    ticks = np.linspace(0, 50, cells + 1)
    x, y = np.meshgrid(ticks[:-1], ticks[:-1], indexing="ij")
    step = ticks[1]
    square = np.array([[0, 0], [step, 0], [step, step], [0, step]])
    corners = np.stack([x, y], axis=2).reshape(-1, 1, 2) + square
    triangles = corners[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3, 2)
    hits = rasterize_triangles(np.concatenate([triangles, np.ones((len(triangles), 3, 1))], axis=2), 50)
    assert len(hits.pixels) == 2500


def test_nothing_to_draw() -> None:
    assert len(rasterize_triangles(np.zeros((0, 3, 3), np.float32), 8).pixels) == 0
    line = np.array([[[0, 0, 1], [4, 4, 1], [8, 8, 1]]], np.float32)  # no area
    beside = np.array([[[20, 0, 1], [30, 0, 1], [20, 9, 1]]], np.float32)
    assert len(rasterize_triangles(np.concatenate([line, beside]), 8).pixels) == 0
    assert len(rasterize_balls(np.zeros((0, 3), np.float32), np.zeros(0), np.zeros(0), 8).pixels) == 0


def test_balls_match_the_naive_loop() -> None:
    rng = np.random.default_rng(1)
    centers = rng.uniform([-2, -2, 0.2], [34, 34, 0.9], (30, 3)).astype(np.float32)
    radii, bulges = rng.uniform(1, 6, 30).astype(np.float32), rng.uniform(0, 0.3, 30).astype(np.float32)
    owner, best = np.full((32, 32), -1), np.zeros((32, 32))
    for row in range(32):
        for column in range(32):
            square = ((column + 0.5 - centers[:, 0]) ** 2 + (row + 0.5 - centers[:, 1]) ** 2) / radii**2
            nearness = np.where(square < 1, centers[:, 2] + bulges * np.sqrt(np.clip(1 - square, 0, 1)), 0.0)
            if nearness.max() > 0:
                owner[row, column], best[row, column] = nearness.argmax(), nearness.max()
    hits = rasterize_balls(centers, radii, bulges, 32)
    found = np.full(1024, -1)
    found[hits.pixels] = hits.owner
    np.testing.assert_array_equal(found, owner.ravel())
    np.testing.assert_allclose(hits.nearness, best.ravel()[hits.pixels], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(hits.weights, axis=1), 1.0, atol=1e-5)
