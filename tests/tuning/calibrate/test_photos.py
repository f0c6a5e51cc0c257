"""What is gathered of a split: rows that belong together, and views without an object counted and left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shapeshot.data.dataset import Dataset, Sample
from shapeshot.errors import DatasetError, PhotoError
from shapeshot.model.field_model import FieldModel
from shapeshot.tuning.calibrate import photos
from shapeshot.tuning.calibrate.photos import require_sizes, see_split


@pytest.fixture(scope="module")
def model(random_model_folder: Path) -> FieldModel:
    return FieldModel.load(random_model_folder)


def test_rows_are_the_runtimes_own(sized_boxes_folder: Path, model: FieldModel) -> None:
    dataset = Dataset.open(sized_boxes_folder)
    seen = see_split(model, dataset, "test", 2, with_fields=True, progress=False)
    assert len(seen.objects) == len(seen.logits) == len(seen.truth) == 12
    assert seen.refused == 0
    sample = dataset.sample(str(seen.objects[5]))
    one = model.see(photos.look_at(sample.view(1), model.image_size).photo)
    np.testing.assert_allclose(seen.features[5], one.features, atol=1e-4)
    np.testing.assert_allclose(seen.logits[5], one.field(32).logits, atol=0.05)
    np.testing.assert_allclose(np.exp(seen.log_metres[5]), sample.info.size_metres)
    assert seen.truth[5].mean() == pytest.approx(sample.solid.mean(), rel=0.1)


def test_views_without_an_object_are_counted(
    sized_boxes_folder: Path, model: FieldModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = Dataset.open(sized_boxes_folder)
    gone, real = dataset.ids("test")[0], Sample.view
    blind = {(gone, 0), (gone, 1), (dataset.ids("test")[1], 1)}

    def view(sample: Sample, index: int) -> np.ndarray:
        return real(sample, index) * (0 if (sample.id, index) in blind else 1)

    monkeypatch.setattr(Sample, "view", view)
    seen = see_split(model, dataset, "test", 2, progress=False)
    assert (len(seen.objects), seen.refused) == (9, 3)
    assert gone not in seen.objects

    def nothing(*_: object) -> None:
        raise PhotoError("no object")

    monkeypatch.setattr(photos, "look_at", nothing)
    with pytest.raises(DatasetError, match="no object is found in any view"):
        see_split(model, dataset, "test", 2, progress=False)


def test_sizes_must_be_known(boxes: Dataset, model: FieldModel) -> None:
    seen = see_split(model, boxes, "test", 1, progress=False)
    with pytest.raises(DatasetError, match="real size"):
        require_sizes(seen, "test")
