"""Scores in the frame of the view: the truth scores best, an extrusion is found out, and a wrong azimuth is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shapeshot.data.frustum_truth import frustum_occupancy
from shapeshot.data.queries import PackedSolid
from shapeshot.data.truth import Truth
from shapeshot.evaluation.views.score import InView, score_in_view, worst_in_view
from shapeshot.evaluation.views.truth import ObjectTruth, ViewTruth, grid_points, thin_parts
from shapeshot.geometry import PointCloud
from shapeshot.geometry.box import Box
from shapeshot.geometry.camera import Camera
from shapeshot.geometry.frustum import Frustum
from shapeshot.model.camera_estimate import CameraEstimate
from shapeshot.model.view import ViewReading
from shapeshot.model.view_colors import ViewColors

FRUSTUM = Frustum(Camera(40.0, 20.0, 2.5, 40.0), Box(28.0, 28.0, 64.0), 120)
COLORS = ViewColors(np.zeros((4, 4, 3), np.uint8), np.ones((4, 4), np.float32), np.zeros((3, 2, 2, 2), np.float32))


def solid() -> np.ndarray:
    """A seat with one thin leg."""
    x, y, z = (np.indices((128, 128, 128)) + 0.5) / 128 - 0.5
    return ((abs(x) < 0.35) & (abs(y - 0.1) < 0.1) & (abs(z) < 0.2)) | ((abs(x) < 0.03) & (y < 0.1) & (abs(z) < 0.03))


@pytest.fixture(scope="module")
def truth() -> ViewTruth:
    cells = solid()
    thin = np.argwhere(thin_parts(cells, 12.0))
    surface = np.argwhere(cells & ~np.roll(cells, 1, 0) | (cells & ~np.roll(cells, -1, 1)))[::7]
    points = ((surface + 0.5) / 128 - 0.5).astype(np.float32)
    whole = ObjectTruth(
        PackedSolid.pack(cells),
        Truth(cells[::4, ::4, ::4], PointCloud(points)),
        ((thin[::9] + 0.5) / 128 - 0.5).astype(np.float32),
        is_symmetric=False,
    )
    return ViewTruth(whole, FRUSTUM)


def reading(truth: ViewTruth, occupied: np.ndarray | None = None, azimuth_error: float = 0.0) -> ViewReading:
    rays = np.ones((64, 64), bool)
    cells = frustum_occupancy(truth.whole.packed, FRUSTUM, 64, 64, rays) if occupied is None else occupied
    camera = replace(FRUSTUM.view, azimuth_deg=40.0 + azimuth_error)
    logits = np.where(cells, 5.0, -5.0).astype(np.float32)
    return ViewReading(logits, CameraEstimate(camera, 1.0), COLORS, None, 0.0)


def scores_of(truth: ViewTruth, one: ViewReading) -> dict[str, float]:
    return score_in_view(InView(one, 0.0, truth), 4000)


def test_the_truth_scores_best(truth: ViewTruth) -> None:
    scores = scores_of(truth, reading(truth))
    assert scores["iou"] > 0.85
    assert scores["photo_silhouette"] > 0.9
    assert scores["side_silhouettes"] > 0.9
    assert scores["thin_recall"] > 0.8
    assert scores["azimuth_error_deg"] == pytest.approx(0.0)


def test_an_extrusion_is_found_out(truth: ViewTruth) -> None:
    cells = frustum_occupancy(truth.whole.packed, FRUSTUM, 64, 64, np.ones((64, 64), bool))
    extruded = np.broadcast_to(cells.any(axis=0), cells.shape)
    scores = scores_of(truth, reading(truth, extruded))
    assert scores["photo_silhouette"] > 0.9
    assert scores["side_silhouettes"] < 0.6
    assert scores["iou"] < 0.4


def test_a_wrong_azimuth_costs_nothing_but_itself(truth: ViewTruth) -> None:
    right, wrong = (scores_of(truth, reading(truth, azimuth_error=error)) for error in (0.0, 200.0))
    assert wrong.pop("azimuth_error_deg") == pytest.approx(160.0)
    right.pop("azimuth_error_deg")
    assert wrong == pytest.approx(right)


def test_nothing_scores_worst(truth: ViewTruth) -> None:
    nothing = scores_of(truth, reading(truth, np.zeros((64, 64, 64), bool)))
    assert nothing.pop("azimuth_error_deg") == pytest.approx(0.0)
    worst = worst_in_view(truth)
    assert worst.pop("azimuth_error_deg") == 180.0
    assert nothing == worst


class Canonical:
    """Stands in for a model that does not tell the camera: it knows the solid."""

    camera = None
    colors_of_photo = False

    def __init__(self, truth: ViewTruth) -> None:
        self._packed = truth.whole.packed

    def logits_at(self, points: np.ndarray) -> np.ndarray:
        return np.where(self._packed.at(points), 5.0, -5.0).astype(np.float32)


def test_a_canonical_model_is_given_the_camera(truth: ViewTruth) -> None:
    prediction = InView(Canonical(truth), 0.0, truth)  # type: ignore[arg-type]
    assert prediction.is_given_camera
    scores = score_in_view(prediction, 4000)
    assert scores["iou"] == 1.0
    assert scores["photo_silhouette"] > 0.9
    assert "azimuth_error_deg" not in scores


def test_the_frame_is_that_of_the_photo(truth: ViewTruth) -> None:
    places = np.random.default_rng(0).uniform(-0.4, 0.4, (20, 3))
    view = truth.to_view(places)
    np.testing.assert_allclose(truth.to_canonical(view), places, atol=1e-5)
    np.testing.assert_allclose(replace(FRUSTUM.view, azimuth_deg=0.0).project(view), FRUSTUM.project(places), atol=2e-3)


def test_thin_parts_are_those_that_no_ball_fits_into() -> None:
    thin = thin_parts(solid(), 12.0)
    leg = solid().copy()
    leg[:, 64:] = False
    assert (thin & leg).sum() > 0.8 * leg.sum()
    assert (thin & ~leg).sum() < 0.1 * solid().sum()


def test_the_grid_is_centred() -> None:
    np.testing.assert_allclose(grid_points().mean(axis=0), 0, atol=1e-4)
