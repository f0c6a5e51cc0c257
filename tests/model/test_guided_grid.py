"""The shipped model's fine field where the coarse one sends it: the same shape, to the bit, as everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

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
