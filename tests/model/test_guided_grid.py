"""The shipped model's fine field where the coarse one sends it: the same shape, to the bit, as everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hand_models import SIZE, shown, small_memory, write_model

from shapeshot.geometry.isosurface import isosurface
from shapeshot.model.field_model import FieldModel
from shapeshot.photo import look_at

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.jpg"))


@pytest.fixture(scope="module")
def model() -> FieldModel:
    return FieldModel.load(num_threads=1)


@pytest.mark.parametrize("photo", EXAMPLES, ids=lambda photo: photo.stem)
@pytest.mark.parametrize("coarse", [32, 40])
def test_a_guide_changes_no_bit_of_the_shape(model: FieldModel, photo: Path, coarse: int) -> None:
    seen = model.see(look_at(photo, model.image_size).photo)
    whole = seen.field(2 * coarse)
    guided = seen.finer(seen.field(coarse), 2 * coarse)
    assert np.array_equal(guided.occupancy, whole.occupancy)
    assert (guided.logits != whole.logits).mean() > 0.15, "it did run on a part alone"
    expected, found = (isosurface(field.logits, field.level, 0.0, 1.0) for field in (whole, guided))
    assert np.array_equal(found[0], expected[0])
    assert np.array_equal(found[1], expected[1])


@pytest.mark.parametrize("coarse", [8, 10])
def test_a_guide_changes_no_bit_where_a_memory_takes_part(tmp_path: Path, coarse: int) -> None:
    model = FieldModel.load(write_model(tmp_path)).with_memory(small_memory())
    seen = model.see(shown(np.zeros((SIZE, SIZE, 3), np.uint8), np.full((32, 32), 0.5, np.float32)))
    assert seen.reading.recalled is not None  # type: ignore[attr-defined]
    alone = model.with_memory(None).see(shown(np.zeros((SIZE, SIZE, 3), np.uint8)))
    whole, guided = seen.field(2 * coarse), seen.finer(seen.field(coarse), 2 * coarse)
    assert not np.array_equal(whole.logits, alone.field(2 * coarse).logits)
    assert whole.occupancy.any()
    assert np.array_equal(guided.occupancy, whole.occupancy)
    expected, found = (isosurface(field.logits, field.level, 0.0, 1.0) for field in (whole, guided))
    assert np.array_equal(found[0], expected[0])
    assert np.array_equal(found[1], expected[1])
