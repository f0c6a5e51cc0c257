"""Probabilities and the confidence in a surface: laws, and a field whose surface is known."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.confidence import Calibration, surface_confidence
from shapeshot.confidence.calibration import REACH
from shapeshot.geometry import cell_centers

AS_IT_IS = Calibration(1.0)
NORMALS = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
NORMALS /= np.linalg.norm(NORMALS, axis=1, keepdims=True)
RADIUS = np.float32(0.3)


def ball(sharpness: float, cells: int = 64) -> np.ndarray:
    """Occupancy probability of a ball of radius 0.3; its logits grow by `sharpness` per unit of depth."""
    axis = cell_centers(cells)
    distance = np.linalg.norm(np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1), axis=-1)
    return AS_IT_IS(sharpness * (RADIUS - distance))


def test_temperature_one_is_the_sigmoid() -> None:
    logits = np.linspace(-200, 200, 401)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(AS_IT_IS(logits), 1 / (1 + np.exp(-logits)), atol=1e-6)


def test_temperature_moves_towards_a_half_and_keeps_the_order() -> None:
    logits = np.linspace(-6, 6, 50)
    cool, hot = AS_IT_IS(logits), Calibration(3.0)(logits)
    assert np.all(np.abs(hot - 0.5) <= np.abs(cool - 0.5))
    assert np.all(np.diff(hot) > 0)
    assert hot.dtype == np.float32


def test_a_bias_moves_the_even_chance() -> None:
    assert Calibration(2.0, -0.5)(np.float32(1.0)) == pytest.approx(0.5)
    assert Calibration(2.0, 0.5)(np.float32(1.0)) > 0.7


def test_confidence_is_the_probability_of_the_shell() -> None:
    """Linear logits along the normal: what it must be is known in closed form."""
    sharpness = 40.0
    sure = surface_confidence(ball(sharpness, 128), RADIUS * NORMALS, NORMALS)
    expected = np.diff(AS_IT_IS(np.array([-REACH, REACH]) * sharpness))[0]
    np.testing.assert_allclose(sure, expected, atol=0.03)


def test_sharper_is_surer_and_flat_knows_nothing() -> None:
    means = [float(surface_confidence(ball(s), RADIUS * NORMALS, NORMALS).mean()) for s in (0.0, 5.0, 20.0, 500.0)]
    assert means[0] < 1e-6
    assert means == sorted(means)
    assert means[-1] > 0.95


def test_a_surface_turned_inside_out_is_no_surface() -> None:
    assert surface_confidence(ball(50.0), RADIUS * NORMALS, -NORMALS).max() == 0


def test_points_away_from_the_surface_are_unsure() -> None:
    probabilities = ball(100.0)
    on, off = (surface_confidence(probabilities, np.float32(r) * NORMALS, NORMALS) for r in (0.3, 0.4))
    assert off.max() < 0.1 < on.min()


def test_edges_of_the_cube_and_no_points(monkeypatch: pytest.MonkeyPatch) -> None:
    corners = np.float32([[0.5, 0.5, 0.5], [-0.5, -0.5, -0.5]])
    sure = surface_confidence(np.ones((4, 4, 4), np.float32), corners, corners)
    np.testing.assert_array_equal(sure, 0)  # inside on both sides, as far as the grid can tell
    assert surface_confidence(np.ones((4, 4, 4), np.float32), np.zeros((0, 3)), np.zeros((0, 3))).shape == (0,)
    whole = surface_confidence(ball(20.0), RADIUS * NORMALS, NORMALS)
    monkeypatch.setattr("shapeshot.confidence.calibration._POINTS_PER_RUN", 7)
    np.testing.assert_array_equal(surface_confidence(ball(20.0), RADIUS * NORMALS, NORMALS), whole)
