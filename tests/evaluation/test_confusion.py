"""The nearest true shape against a naive search, and the counts against a confusion matrix."""

import numpy as np
import pytest

from shapeshot.data.truth import true_shape
from shapeshot.evaluation import confusion
from shapeshot.evaluation.confusion import (
    ConfusedPair,
    SurfaceIndex,
    confusion_text,
    count_confusions,
    similarities,
    surface_cells,
)
from shapeshot.evaluation.rows import Row
from shapeshot.evaluation.scoring import evaluate
from shapeshot.geometry import PointCloud


def row(object_id, kind, nearest_id="", nearest_kind=""):
    return Row(
        object_id, kind, object_id, 0, {"iou": 0.5}, None, 0.0, "" if nearest_id else "no", nearest_id, nearest_kind
    )


def naive_f_score(predicted, true, tolerance):
    """The definition: a cell counts where one of the other set is at most so many cells away in every direction."""
    mine, other = np.argwhere(predicted), np.argwhere(true)
    near = (np.abs(mine[:, None] - other[None]) <= tolerance).all(axis=2)
    precision, recall = near.any(axis=1).mean(), near.any(axis=0).mean()
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def test_similarities_match_the_definition():
    rng = np.random.default_rng(0)
    predicted, true = rng.random((3, 8, 8, 8)) < 0.03, rng.random((4, 8, 8, 8)) < 0.05
    naive = [[np.mean([naive_f_score(mine, other, t) for t in (0, 1)]) for other in true] for mine in predicted]
    np.testing.assert_allclose(similarities(predicted, true), naive, rtol=1e-5)


def test_cells_are_those_that_hold_a_point():
    cells = surface_cells(PointCloud(np.array([[-0.5, 0, 0.499], [0.7, 0, 0]], np.float32)))
    assert np.argwhere(cells).tolist() == [[0, 16, 31], [31, 16, 16]]


def test_the_nearest_truth_is_found_whatever_the_blocks(boxes, monkeypatch):
    truths = {name: true_shape(boxes.sample(name)).surface for name in [*boxes.ids("train"), *boxes.ids("test")]}

    def nearest():
        index = SurfaceIndex()
        for name, surface in truths.items():
            index.add_truth(name, name.split("-")[0], surface)
        index.add_prediction(truths["tower-2"])
        index.add_prediction(None)
        index.add_prediction(PointCloud(np.zeros((0, 3))))
        index.add_prediction(PointCloud(truths["cube-t"].points * np.float32(0.99)))
        return index.with_nearest([row("a", "tower"), row("b", "tower"), row("c", "tower"), row("d", "tower")])

    found = nearest()
    assert [item.nearest_id for item in found] == ["tower-2", "", "", "cube-t"]
    assert [item.nearest_kind for item in found] == ["tower", "", "", "cube"]
    monkeypatch.setattr(confusion, "_BLOCK", 2)
    assert nearest() == found


def test_counts_and_shares():
    rows = [
        row("a", "chair", "a", "chair"),
        row("b", "chair", "a", "chair"),
        row("c", "chair", "d", "table"),
        row("d", "table", "a", "chair"),
        row("e", "table", "b", "chair"),
        row("f", "sofa"),
    ]
    counted = count_confusions(rows)
    assert counted.same_kind == pytest.approx(2 / 6)
    assert counted.same_object == pytest.approx(1 / 6)
    assert counted.same_kind_by_chance == pytest.approx((3 / 6) ** 2 + (2 / 6) ** 2 + (1 / 6) ** 2)
    assert counted.pairs == (
        ConfusedPair("table", "chair", 2),
        ConfusedPair("chair", "table", 1),
        ConfusedPair("sofa", "(no shape)", 1),
    )
    assert "33.3%" in confusion_text(counted)
    assert "table as chair (2), chair as table (1)" in confusion_text(counted)


def test_the_truth_is_taken_for_itself_and_a_wrong_answer_for_what_it_shows(boxes):
    class Answer:
        name, details, gives = "answer", {}, frozenset(("surface",))

        def predict(self, view):
            from shapeshot.scores.prediction import Prediction

            return Prediction(None, true_shape(boxes.sample("tower-t")).surface)

    rows = evaluate(Answer(), boxes, "test", views_per_object=1, progress=False)
    assert {item.nearest_id for item in rows} == {"tower-t"}
    assert count_confusions(rows).same_object == pytest.approx(1 / 3)
    assert {pair.nearest_kind for pair in count_confusions(rows).pairs} == {"tower"}
