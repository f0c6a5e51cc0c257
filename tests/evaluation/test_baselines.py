"""Baselines on boxes whose right answers are known, and against naive computation."""

import numpy as np
import pytest
import torch

from shapeshot.data.dataset import Dataset
from shapeshot.data.truth import true_shape
from shapeshot.errors import DatasetError, ModelError, PhotoError, UserError
from shapeshot.evaluation.baselines import BASELINES, build_baseline
from shapeshot.evaluation.features import choose_features, encoder_feature, model_layout, silhouette, thumbnail
from shapeshot.evaluation.retrieval import FeatureBank, RetrievalPredictor, blends, build_banks
from shapeshot.evaluation.scoring import evaluate
from shapeshot.model.heads import Heads
from shapeshot.model.planes import PlanesReading
from shapeshot.model.seen import Seen
from shapeshot.photo import crop_silhouette, object_box
from shapeshot.scores.metrics import voxel_iou
from shapeshot.tuning.gallery import Gallery
from shapeshot.tuning.memory_of import memory_of


@pytest.fixture(scope="module")
def gallery(boxes):
    return Gallery([boxes], progress=False)


def constant(view):
    return np.zeros(4, np.float32)


def test_gallery_ious_match_the_metric(boxes, gallery):
    truth = true_shape(boxes.sample("board-t")).occupancy
    naive = [voxel_iou(true_shape(boxes.sample(name)).occupancy, truth) for name in boxes.ids("train")]
    np.testing.assert_allclose(gallery.ious(truth), naive)


def test_gallery_joins_datasets(boxes):
    assert len(Gallery([boxes, boxes], progress=False)) == 2 * len(boxes.ids("train"))


def test_retrieval_finds_the_object_that_a_view_is_of(boxes, gallery):
    predictor = RetrievalPredictor.fit(gallery, boxes, {"silhouette": silhouette}, progress=False)
    for index, name in enumerate(boxes.ids("train")):
        found = predictor.predict(boxes.sample(name).view(1))
        np.testing.assert_array_equal(found.occupancy, gallery.occupancies[index])


def test_retrieval_chooses_the_features_that_are_best_on_validation(boxes, gallery):
    predictor = RetrievalPredictor.fit(gallery, boxes, {"constant": constant, "silhouette": silhouette}, progress=False)
    tried = predictor.details["validation_iou_by_features"]
    assert set(tried) == {"constant", "silhouette", "constant+silhouette"}
    assert tried["silhouette"] > tried["constant"]
    assert tried[predictor.details["features"]] == max(tried.values())


def test_retrieval_refuses_a_view_that_shows_nothing(boxes, gallery):
    predictor = RetrievalPredictor.fit(gallery, boxes, {"silhouette": silhouette}, progress=False)
    with pytest.raises(PhotoError):
        predictor.predict(np.zeros((64, 64, 4), np.uint8))


def test_bank_cosines_match_naive(boxes, gallery):
    banks, owners = build_banks(gallery, {"thumbnail": thumbnail})
    raw = np.stack([thumbnail(boxes.sample(name).view(view)) for name in boxes.ids("train") for view in range(3)])
    query = thumbnail(boxes.sample("tower-t").view(0)) - raw.mean(axis=0)
    centred = raw - raw.mean(axis=0)
    naive = [row @ query / (np.linalg.norm(row) * np.linalg.norm(query)) for row in centred]
    cosines = banks["thumbnail"].cosines(boxes.sample("tower-t").view(0))
    np.testing.assert_allclose(cosines, naive, atol=2e-3)
    assert owners.tolist() == np.repeat(np.arange(5), 3).tolist()


def test_an_encoder_is_asked_for_with_its_weights_and_the_side_of_its_image(boxes):
    view = boxes.sample(boxes.ids()[0]).view(0)

    def seen(feature):
        torch.manual_seed(0)  # of the random weights
        return choose_features((feature,), None)["resnet18"](view)

    found = seen("resnet18=none@32")
    torch.manual_seed(0)
    np.testing.assert_array_equal(found, encoder_feature("resnet18", "none", 32)(view))
    assert not np.allclose(found, seen("resnet18=none@64"))
    with pytest.raises(ModelError, match="at@home"):
        choose_features(("resnet18=at@home",), None)


def test_bank_of_equal_features_is_not_nan():
    bank = FeatureBank.build(constant, np.zeros((3, 4), np.float32))
    np.testing.assert_array_equal(bank.cosines(np.zeros((8, 8, 4), np.uint8)), np.zeros(3))


def test_blends_are_all_subsets():
    assert blends(["a", "b", "c"]) == [("a",), ("b",), ("c",), ("a", "b"), ("a", "c"), ("b", "c"), ("a", "b", "c")]


def test_silhouette_ignores_colour_and_thumbnail_does_not(boxes):
    view = boxes.sample("board-t").view(0)
    repainted = view.copy()
    repainted[..., :3] = 255 - repainted[..., :3]
    np.testing.assert_array_equal(silhouette(view), silhouette(repainted))
    assert np.abs(thumbnail(view) - thumbnail(repainted)).max() > 0.1


def test_a_models_layout_is_of_block_means(boxes):
    planes = np.random.default_rng(0).random((3, 2, 8, 8)).astype(np.float32)

    class Model:
        image_size = 32

        def see(self, photo):
            assert photo.pixels.shape == (32, 32, 3)
            return Seen(photo, PlanesReading(planes, photo.silhouette, None, None), None, Heads(), 0.5)  # type: ignore[arg-type]

    blocks = planes.reshape(3, 2, 4, 2, 4, 2).mean(axis=(3, 5))
    feature = model_layout(Model())(boxes.sample("board-t").view(0))
    assert feature.shape == (3 * 2 * 16,)
    np.testing.assert_allclose(feature.reshape(4, 4, 6), blocks.reshape(6, 4, 4).transpose(1, 2, 0), rtol=1e-6)


def test_oracle_is_at_least_as_good_as_every_training_object(boxes, gallery):
    rows = evaluate(build_baseline("oracle", boxes, progress=False), boxes, "test", views_per_object=1, progress=False)
    for row in rows:
        truth = true_shape(boxes.sample(row.object_id)).occupancy
        assert row.scores["iou"] == pytest.approx(gallery.ious(truth).max())


def test_mean_shape_is_the_mean_cut_at_its_validation_threshold(boxes, gallery):
    predictor = build_baseline("mean", boxes, progress=False)
    answer = predictor.predict(boxes.sample("board-t").view(0))
    mean = np.mean([true_shape(boxes.sample(name)).occupancy for name in boxes.ids("train")], axis=0)
    np.testing.assert_array_equal(answer.occupancy, mean > predictor.details["threshold"])
    assert answer.surface.points.shape == (10_000, 3)
    assert answer.mesh.is_closed
    assert answer.mesh.volume > 0
    assert predictor.predict(boxes.sample("tower-t").view(0)) is answer


def test_memory_is_what_it_recalls_cut_at_its_validation_threshold(boxes, gallery):
    predictor = build_baseline("memory", boxes, progress=False)
    view = boxes.sample("tower-t").view(0)
    alpha = view[..., 3]
    recalled = memory_of(gallery).recall(crop_silhouette(alpha, object_box(alpha / 255)))
    np.testing.assert_array_equal(predictor.predict(view).occupancy, recalled > predictor.details["threshold"])
    assert predictor.details["shapes"] > len(gallery)
    with pytest.raises(PhotoError):
        predictor.predict(np.zeros((64, 64, 4), np.uint8))


def test_memory_is_above_the_mean_shape(boxes):
    ious = {}
    for name in ("mean", "memory"):
        rows = evaluate(build_baseline(name, boxes, progress=False), boxes, "test", views_per_object=1, progress=False)
        ious[name] = np.mean([row.scores["iou"] for row in rows])
    assert ious["memory"] > ious["mean"]


def test_ranking_is_mean_below_retrieval_below_oracle(boxes, gallery):
    retrieval = RetrievalPredictor.fit(gallery, boxes, {"silhouette": silhouette}, progress=False)
    predictors = [
        build_baseline("mean", boxes, progress=False),
        retrieval,
        build_baseline("oracle", boxes, progress=False),
    ]
    ious = []
    for predictor in predictors:
        rows = evaluate(predictor, boxes, "test", views_per_object=1, progress=False)
        ious.append(np.mean([row.scores["iou"] for row in rows]))
    assert ious[0] < ious[1] <= ious[2]


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_every_baseline_refuses_a_dataset_without_training_objects(name, no_training_folder):
    with pytest.raises(DatasetError, match="train"):
        build_baseline(name, Dataset.open(no_training_folder), progress=False)


def test_an_unknown_baseline_lists_the_known(boxes):
    with pytest.raises(UserError, match="Did you mean 'retrieval'"):
        build_baseline("retreival", boxes, progress=False)
