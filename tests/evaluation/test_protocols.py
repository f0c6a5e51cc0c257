"""The registry of protocols: every row is sound, its views are fixed, its numbers are those of its source."""

import numpy as np
import pytest

from shapeshot.data.dataset import Dataset
from shapeshot.data.truth import true_shape
from shapeshot.errors import UserError
from shapeshot.evaluation.baselines import BASELINES, MeanShapePredictor, build_baseline
from shapeshot.evaluation.protocols import PROTOCOLS, find_protocol
from shapeshot.evaluation.run import run_evaluation
from shapeshot.evaluation.scoring import evaluate
from shapeshot.evaluation.threshold import PROBABILITY_THRESHOLDS, fix_threshold
from shapeshot.geometry import PointCloud
from shapeshot.scores.aspects import ASPECTS, SHAPE, SURFACE
from shapeshot.scores.metrics import METRICS, f_score, nearest_pairs, voxel_iou
from shapeshot.scores.prediction import Prediction
from shapeshot.tuning.gallery import Gallery


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_every_protocol_is_sound(name):
    protocol = PROTOCOLS[name]
    assert protocol.name == name
    assert protocol.source
    assert protocol.scores <= ASPECTS
    assert set(protocol.headlines) <= set(protocol.metrics(ASPECTS))
    assert set(protocol.ranking) <= set(protocol.headlines)


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_views_are_fixed_distinct_and_there(name):
    protocol = PROTOCOLS[name]
    for object_id in ("a", "b"):
        views = protocol.views(object_id, 24, 3)
        assert views == protocol.views(object_id, 24, 3) == sorted(set(views))
        assert len(views) == 3
        assert all(0 <= view < 24 for view in views)
        assert protocol.views(object_id, 2, 3) == [0, 1]


def test_seeded_views_differ_from_object_to_object():
    chosen = {tuple(PROTOCOLS["cmu-16825"].views(str(index), 24, 3)) for index in range(20)}
    assert len(chosen) > 10
    assert len({view for views in chosen for view in views}) > 15


def test_a_surface_is_thinned_to_the_protocols_points_and_never_filled_up():
    rng = np.random.default_rng(0)
    cloud = PointCloud(rng.random((6000, 3)), normals=rng.random((6000, 3)))
    taken = PROTOCOLS["cmu-16825"].take(cloud)
    assert taken.points.shape == taken.normals.shape == (5000, 3)
    rows = {tuple(row) for row in np.hstack([cloud.points, cloud.normals]).tolist()}
    assert len({tuple(row) for row in np.hstack([taken.points, taken.normals]).tolist()} & rows) == 5000
    assert PROTOCOLS["cmu-16825-1000"].take(PointCloud(cloud.points[:700])).points.shape == (700, 3)


class Shifted:
    """The truth of every view's object, moved; only a seer could know it, so the test tells it."""

    name, details, gives = "shifted", {}, SHAPE

    def __init__(self, boxes, shift):
        self.answers = {}
        for name in boxes.ids("test"):
            sample = boxes.sample(name)
            truth = true_shape(sample, 10_000)
            cloud = PointCloud(truth.surface.points + np.float32(shift), normals=truth.surface.normals)
            for view in range(sample.num_views):
                self.answers[sample.view(view).tobytes()] = Prediction(truth.occupancy, cloud)

    def predict(self, view):
        return self.answers[view.tobytes()]


@pytest.mark.parametrize(
    ("name", "metric", "distance"), [("cmu-16825", "f_score_5", 0.05), ("what3d", "f_score_1", 0.01)]
)
def test_f_scores_are_those_of_the_source(boxes, name, metric, distance):
    """Against the definition, on the points that the protocol says."""
    protocol, predictor = PROTOCOLS[name], Shifted(boxes, (0.03, 0, 0))
    rows = evaluate(predictor, boxes, "test", protocol=protocol, views_per_object=1, progress=False)
    for row in rows:
        sample = boxes.sample(row.object_id)
        assert [row.view] == protocol.views(row.object_id, sample.num_views, 1)
        truth = true_shape(sample, protocol.num_points).surface.points
        mine = protocol.take(predictor.predict(sample.view(row.view)).surface).points
        assert len(truth) == len(mine) == protocol.num_points
        naive = f_score(nearest_pairs(mine, truth), nearest_pairs(truth, mine), distance)[0]
        assert row.scores[metric] == pytest.approx(naive)
        assert "iou" not in row.scores
        assert row.check is None


def test_r2n2_fixes_the_threshold_on_validation_and_scores_above_it(boxes_folder, boxes, tmp_path):
    summary = run_evaluation(
        boxes_folder, tmp_path, protocol="r2n2-iou", baseline="mean", views_per_object=2, progress=False
    )
    field = Gallery([boxes], progress=False).occupancies.mean(axis=0)
    truths = {
        split: [true_shape(boxes.sample(name)).occupancy for name in boxes.ids(split)] for split in ("val", "test")
    }
    naive = [np.mean([voxel_iou(field > level, truth) for truth in truths["val"]]) for level in PROBABILITY_THRESHOLDS]
    assert summary.threshold.threshold == PROBABILITY_THRESHOLDS[int(np.argmax(naive))]
    assert summary.threshold.iou == pytest.approx(max(naive))
    scored = np.mean([voxel_iou(field > summary.threshold.threshold, truth) for truth in truths["test"]])
    assert summary.overall["iou"].mean == pytest.approx(scored)
    assert summary.details["threshold"] == summary.threshold.threshold
    assert summary.iou_curve[50] == pytest.approx(np.mean([voxel_iou(field > 0.5, truth) for truth in truths["test"]]))


def test_the_threshold_never_sees_the_split_that_is_scored(boxes_folder, boxes, monkeypatch, tmp_path):
    seen = []
    sample = Dataset.sample
    monkeypatch.setattr(Dataset, "sample", lambda self, name: seen.append(name) or sample(self, name))
    predictor = MeanShapePredictor(np.linspace(0, 1, 32**3).reshape(32, 32, 32), 0.5)
    fixed, fit = fix_threshold(predictor, boxes, PROTOCOLS["r2n2-iou"], None, False)
    assert set(seen) == set(boxes.ids("val"))
    assert fixed.details["threshold"] == fit.threshold
    assert fix_threshold(predictor, boxes, PROTOCOLS["shapeshot"], None, False) == (predictor, None)


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
@pytest.mark.parametrize("baseline", sorted(BASELINES))
def test_every_baseline_works_by_every_protocol(name, baseline, boxes, boxes_folder):
    predictor = build_baseline(baseline, boxes, features=["silhouette"], progress=False)
    rows = evaluate(predictor, boxes, "test", protocol=PROTOCOLS[name], views_per_object=1, progress=False)
    for row in rows:
        assert tuple(row.scores) == PROTOCOLS[name].metrics(predictor.gives)
        for metric, value in row.scores.items():
            worst, best = sorted((METRICS[metric].worst, METRICS[metric].best))
            assert worst <= value <= best


def test_an_unknown_protocol_suggests_the_nearest():
    assert find_protocol("what3d") is PROTOCOLS["what3d"]
    with pytest.raises(UserError, match="Did you mean 'cmu-16825'"):
        find_protocol("cmu16825")


def test_a_cloud_fits_every_protocol_that_scores_surfaces():
    fitting = [name for name, protocol in PROTOCOLS.items() if protocol.metrics({SURFACE})]
    assert fitting == ["shapeshot", "cmu-16825", "cmu-16825-1000", "what3d"]
