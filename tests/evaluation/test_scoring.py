"""The protocol: what is scored, how failures count, who sees the truth."""

import numpy as np
import pytest

from shapeshot.data.truth import true_shape
from shapeshot.errors import DatasetError, EmptyShapeError, ModelError, PhotoError, UserError
from shapeshot.evaluation.model_predictor import ModelPredictor
from shapeshot.evaluation.predictor import Answer
from shapeshot.evaluation.protocols import PROTOCOLS
from shapeshot.evaluation.rows import object_means
from shapeshot.evaluation.scoring import evaluate
from shapeshot.evaluation.threshold import fit_threshold, occupancy_probabilities
from shapeshot.geometry import Mesh, PointCloud, cell_centers
from shapeshot.pipeline.reconstruct import reconstruct
from shapeshot.scores.aspects import ASPECTS, SHAPE, SURFACE
from shapeshot.scores.metrics import MeshCheck, voxel_iou
from shapeshot.scores.prediction import Prediction


class Recorder:
    """Answers every view with the truth of one object, and remembers the views."""

    name, details, gives = "recorder", {}, SHAPE

    def __init__(self, sample):
        truth = true_shape(sample)
        self.views = []
        self.answer = Prediction(truth.occupancy, truth.surface, Mesh(sample.vertices, sample.faces))

    def predict(self, view):
        self.views.append(view)
        return self.answer


class Failing:
    name, details = "failing", {}

    def __init__(self, error, gives=SHAPE):
        self.error, self.gives = error, gives

    def predict(self, view):
        raise self.error


class Seer:
    name, details, gives = "seer", {}, SHAPE

    def predict_from_truth(self, occupancy):
        centers = cell_centers(32)[np.argwhere(occupancy)]
        return Prediction(occupancy, PointCloud(centers, normals=np.tile([0.0, 1, 0], (len(centers), 1))))


def test_the_first_views_of_every_object_in_order(boxes):
    recorder = Recorder(boxes.sample("board-t"))
    rows = evaluate(recorder, boxes, "test", views_per_object=2, progress=False)
    expected = [(name, view) for name in boxes.ids("test") for view in (0, 1)]
    assert [(row.object_id, row.view) for row in rows] == expected
    for view, (name, number) in zip(recorder.views, expected, strict=True):
        np.testing.assert_array_equal(view, boxes.sample(name).view(number))


def test_the_truth_scores_perfectly_and_another_object_does_not(boxes):
    rows = evaluate(Recorder(boxes.sample("board-t")), boxes, "test", views_per_object=1, progress=False)
    scores = {row.object_id: row.scores for row in rows}
    assert scores["board-t"]["iou"] == 1.0
    assert scores["board-t"]["chamfer_l1"] == 0.0
    assert scores["board-t"]["f_score_1"] == 1.0
    assert scores["tower-t"]["iou"] < 0.3
    assert scores["tower-t"]["f_score_1"] < scores["tower-t"]["f_score_5"] < 0.7
    assert all(row.check.passed for row in rows)


def test_runs_repeat_exactly(boxes):
    first, second = (
        evaluate(Recorder(boxes.sample("cube-1")), boxes, "test", views_per_object=1, progress=False) for _ in range(2)
    )
    assert [row.scores for row in first] == [row.scores for row in second]


def test_a_failure_scores_worst_under_the_same_keys(boxes):
    good = evaluate(Recorder(boxes.sample("cube-1")), boxes, "test", views_per_object=1, progress=False)
    rows = evaluate(Failing(EmptyShapeError("nothing there")), boxes, "test", views_per_object=1, progress=False)
    assert len(rows) == len(good)
    for row in rows:
        assert row.failure == "nothing there"
        assert row.scores.keys() == good[0].scores.keys()
        assert row.scores["chamfer_l1"] == pytest.approx(np.sqrt(3))
        assert {value for key, value in row.scores.items() if key != "chamfer_l1"} == {0.0}
        assert row.check == MeshCheck(closed=False, manifold=False, positive_volume=False)


def test_a_broken_model_stops_the_run(boxes):
    with pytest.raises(ModelError, match="damaged"):
        evaluate(Failing(ModelError("damaged")), boxes, "test", progress=False)


def test_only_a_seer_is_shown_the_truth(boxes):
    rows = evaluate(Seer(), boxes, "test", views_per_object=1, progress=False)
    assert [row.scores["iou"] for row in rows] == [1.0] * 3


def test_views_are_averaged_per_object(boxes):
    rows = evaluate(Recorder(boxes.sample("cube-t")), boxes, "test", views_per_object=3, progress=False)
    means = object_means(rows)
    assert [scores.object_id for scores in means] == boxes.ids("test")
    for scores in means:
        views = [row.scores["chamfer_l1"] for row in rows if row.object_id == scores.object_id]
        assert len(views) == 3
        assert scores.scores["chamfer_l1"] == pytest.approx(sum(views) / 3)


def test_unknown_and_empty_splits_and_no_views_are_refused(boxes):
    recorder = Recorder(boxes.sample("cube-1"))
    with pytest.raises(DatasetError, match="unknown split 'tset'"):
        evaluate(recorder, boxes, "tset", progress=False)
    with pytest.raises(DatasetError, match="empty"):
        evaluate(recorder, boxes, "test-unseen", progress=False)
    with pytest.raises(UserError, match="at least 1; got 0"):
        evaluate(recorder, boxes, "test", views_per_object=0, progress=False)


class Cloud:
    """Answers with points alone, as a point decoder does."""

    name, details, gives = "cloud", {}, frozenset((SURFACE,))

    def __init__(self, points):
        self.points = points

    def predict(self, view):
        return Prediction(None, PointCloud(self.points))


def test_a_cloud_has_no_volume_normals_or_mesh_and_says_so(boxes):
    truth = true_shape(boxes.sample("cube-t"))
    rows = evaluate(Cloud(truth.surface.points), boxes, "test", views_per_object=1, progress=False)
    row = {row.object_id: row for row in rows}["cube-t"]
    assert row.scores["f_score_1"] == 1.0
    assert row.check is None
    assert not {"iou", "normal_consistency", "iou_above_50"} & row.scores.keys()
    assert set(row.scores) == set(PROTOCOLS["shapeshot"].metrics({SURFACE}))


def test_an_empty_cloud_is_worst_in_what_a_cloud_has(boxes):
    full = evaluate(Cloud(np.zeros((5, 3))), boxes, "test", views_per_object=1, progress=False)
    for predictor in (Cloud(np.zeros((0, 3))), Failing(EmptyShapeError("nothing there"), frozenset((SURFACE,)))):
        rows = evaluate(predictor, boxes, "test", views_per_object=1, progress=False)
        for row, other in zip(rows, full, strict=True):
            assert row.scores.keys() == other.scores.keys()
            assert row.scores["chamfer_l1"] == pytest.approx(np.sqrt(3))
            assert {value for key, value in row.scores.items() if key != "chamfer_l1"} == {0.0}


class Faint:
    """Sees something everywhere, but is cut where nothing is left."""

    name, details, gives = "faint", {}, ASPECTS

    def predict(self, view):
        raise EmptyShapeError("nothing is above the threshold")

    def answer(self, view):
        if not view.any():
            raise PhotoError("nothing there")
        return Answer(np.full((32, 32, 32), 0.32), lambda: self.predict(view))


def test_a_shape_that_is_empty_at_its_threshold_still_has_a_curve(boxes):
    rows = evaluate(Faint(), boxes, "test", views_per_object=1, progress=False)
    for row in rows:
        filled = true_shape(boxes.sample(row.object_id)).occupancy.mean()
        assert row.scores["iou"] == 0.0
        assert row.scores["iou_above_30"] == pytest.approx(filled)
        assert row.scores["iou_above_35"] == 0.0
    dark = Faint()
    dark.answer = lambda view: Faint().answer(np.zeros_like(view))
    assert evaluate(dark, boxes, "test", views_per_object=1, progress=False)[0].scores["iou_above_30"] == 0.0


def test_what_a_prediction_lacks_of_its_kind_is_worst(boxes):
    class Half(Cloud):
        gives = SHAPE

    rows = evaluate(Half(np.zeros((5, 3))), boxes, "test", views_per_object=1, progress=False)
    assert {row.scores["iou"] for row in rows} == {0.0}
    assert {row.scores["normal_consistency"] for row in rows} == {0.0}
    assert not any(row.check.passed for row in rows)


def test_a_protocol_without_a_metric_for_a_kind_says_which_fit(boxes):
    with pytest.raises(UserError, match=r"scores probabilities and volume, but cloud gives surface.*cmu-16825"):
        evaluate(Cloud(np.zeros((5, 3))), boxes, "test", protocol=PROTOCOLS["r2n2-iou"], progress=False)


def test_threshold_is_the_best_of_the_grid_on_its_split(boxes):
    axis = cell_centers(32)
    field = -np.maximum.reduce(np.meshgrid(*[np.abs(axis)] * 3, indexing="ij"))
    thresholds = (-0.5, -0.4, -0.3, -0.2, -0.1)
    fit = fit_threshold(lambda view: field, boxes, "val", thresholds=thresholds, views_per_object=2, progress=False)
    truths = [true_shape(boxes.sample(name)).occupancy for name in boxes.ids("val")]
    naive = [np.mean([voxel_iou(field > level, truth) for truth in truths]) for level in thresholds]
    assert [iou for _, iou in fit.curve] == pytest.approx(naive)
    assert fit.threshold == thresholds[int(np.argmax(naive))]
    assert fit.iou == pytest.approx(max(naive))


def test_a_model_is_scored_by_what_reconstruct_gives(boxes, analytic_field):
    model = analytic_field((0.5, 0.5, 0.5))
    predictor = ModelPredictor(model)
    answer = predictor.predict(boxes.sample("cube-t").view(0))
    x, y, z = np.meshgrid(*[cell_centers(32)] * 3, indexing="ij")
    np.testing.assert_array_equal(answer.occupancy, x**2 + y**2 + z**2 < 0.25)
    assert answer.surface.points.shape == (10_000, 3)
    rows = evaluate(predictor, boxes, "test", views_per_object=1, progress=False)
    ball_in_cube = {row.object_id: row for row in rows}["cube-t"]
    assert ball_in_cube.scores["iou"] == pytest.approx(np.pi / 6 / 0.95, abs=0.02)
    assert ball_in_cube.check.passed


@pytest.mark.parametrize("protocol", ["shapeshot", "r2n2-iou"])
def test_a_view_is_shown_to_the_network_once(boxes, analytic_field, protocol):
    """For probabilities and shape together; and what `reconstruct` gives is what is scored."""
    model = analytic_field()
    rules, predictor = PROTOCOLS[protocol], ModelPredictor(model)
    rows = evaluate(predictor, boxes, "test", protocol=rules, views_per_object=2, progress=False)
    assert model.calls == len(rows) == 6
    view = boxes.sample("tower-t").view(0)
    mine, users = ModelPredictor(model).predict(view), reconstruct(view, model=model, num_points=10_000)
    np.testing.assert_array_equal(mine.occupancy, users.voxels.occupancy)
    np.testing.assert_array_equal(mine.surface.points, users.points.points)
    np.testing.assert_array_equal(mine.mesh.vertices, users.mesh.vertices)


def test_probabilities_of_a_model_cross_its_threshold_at_its_surface(boxes, analytic_field):
    model = analytic_field(threshold=0.3)
    probabilities = occupancy_probabilities(model)(boxes.sample("cube-t").view(0))
    assert 0 <= probabilities.min() < 0.3 < probabilities.max() <= 1
    np.testing.assert_array_equal(probabilities > 0.3, model.field(32).occupancy)
