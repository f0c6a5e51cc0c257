"""A point's confidence: the field is read where it should be, and the regression finds what is informative."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from shapeshot.geometry import cell_centers
from shapeshot.model.field import sample_points
from shapeshot.model.heads import PointHead
from shapeshot.model.heads.points import MAX_LOGIT, OFFSETS, point_features
from shapeshot.tuning.calibrate.point_scores import point_scores
from shapeshot.tuning.calibrate.points import SurfacePoints, fit_points

NORMALS = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
NORMALS /= np.linalg.norm(NORMALS, axis=1, keepdims=True)
RADIUS = np.float32(0.3)


def ball(sharpness: float, cells: int = 64) -> np.ndarray:
    """Logits of a ball of radius 0.3 that grow by `sharpness` per unit of depth."""
    axis = cell_centers(cells)
    distance = np.linalg.norm(np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1), axis=-1)
    return (sharpness * (RADIUS - distance)).astype(np.float32)


def test_scipy_interpolates_alike() -> None:
    rng = np.random.default_rng(1)
    grid, axis = rng.normal(size=(9, 9, 9)), cell_centers(9)
    inside = rng.uniform(axis[0], axis[-1], (200, 3))
    expected = RegularGridInterpolator((axis,) * 3, grid)(inside)
    np.testing.assert_allclose(sample_points(grid, inside), expected, atol=1e-5)
    corner = sample_points(
        grid, np.float32([[0.5, 0.5, 0.5], [-2, -2, -2]])
    )  # beyond the last centres: their own values
    np.testing.assert_allclose(corner, [grid[-1, -1, -1], grid[0, 0, 0]], rtol=1e-6)


def test_the_profile_runs_from_inside_to_outside() -> None:
    features = point_features(ball(20.0, 128), RADIUS * NORMALS, NORMALS)
    assert features.shape == (300, 21)
    np.testing.assert_allclose(features[:, : len(OFFSETS)], np.tile(-20 * OFFSETS, (300, 1)), atol=0.05)
    np.testing.assert_array_equal(features[:, 9:12], NORMALS)
    steep = point_features(ball(1e4), RADIUS * NORMALS, NORMALS)[:, : len(OFFSETS)]
    assert np.abs(steep).max() == MAX_LOGIT


def spoilt_surface(seed: int) -> SurfacePoints:
    """Fields of different sharpness whose points are off by more the flatter the field is."""
    rng = np.random.default_rng(seed)
    features, distances, objects = [], [], []
    for index, sharpness in enumerate(rng.uniform(5, 80, 40)):
        features.append(point_features(ball(sharpness, 32), RADIUS * NORMALS, NORMALS))
        distances.append(np.abs(rng.normal(size=300)) * 2 / sharpness)
        objects.append(np.repeat(f"object {index}", 300))
    return SurfacePoints(np.concatenate(features), np.concatenate(distances), np.concatenate(objects))


def test_surer_points_are_nearer_and_the_probability_is_honest() -> None:
    scores = point_scores(fit_points(spoilt_surface(1)), spoilt_surface(2))
    assert scores["spearman"] < -0.4
    nearest_last = scores["distance_by_confidence"]
    assert nearest_last == sorted(nearest_last, reverse=True)
    assert scores["calibration_error"] < 0.06


def test_what_says_nothing_is_not_believed() -> None:
    surface = spoilt_surface(1)
    shuffled = np.random.default_rng(0).permutation(surface.distances)
    head = fit_points(SurfacePoints(surface.features, shuffled, surface.objects))
    sure = head.confidence(surface.features)
    assert sure.std() < 0.05
    assert sure.mean() == pytest.approx((shuffled <= head.distance).mean(), abs=0.01)


def test_runs_of_points_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    head = PointHead(np.zeros(21), np.ones(21), np.linspace(-0.2, 0.2, 21), 0.1, 0.05)
    whole = head(ball(20.0), RADIUS * NORMALS, NORMALS)
    assert whole.dtype == np.float32
    assert 0 < whole.min() < whole.max() < 1
    monkeypatch.setattr("shapeshot.model.heads.points._POINTS_PER_RUN", 7)
    np.testing.assert_array_equal(head(ball(20.0), RADIUS * NORMALS, NORMALS), whole)
    assert head(ball(20.0), np.zeros((0, 3)), np.zeros((0, 3))).shape == (0,)
