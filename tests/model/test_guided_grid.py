"""The shipped model's fine field where the coarse one sends it: the same shape, to the bit, as everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shapeshot.geometry.isosurface import isosurface
from shapeshot.model.field_model import FieldModel
from shapeshot.model.memory import CERTAINTY
from shapeshot.photo import look_at

MOST_CERTAIN = np.log(1 / CERTAINTY - 1) - 1e-3
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.jpg"))


@pytest.fixture(scope="module")
def model() -> FieldModel:
    return FieldModel.load(num_threads=1)


@pytest.mark.parametrize("photo", EXAMPLES, ids=lambda photo: photo.stem)
@pytest.mark.parametrize("coarse", [32, 40])
@pytest.mark.parametrize("with_memory", [True, False], ids=["memory", "network alone"])
def test_a_guide_changes_no_bit_of_the_shape(model: FieldModel, photo: Path, coarse: int, with_memory: bool) -> None:
    prepared = look_at(photo, model.image_size).photo
    seen = (model if with_memory else model.with_memory(None)).see(prepared)
    assert (seen.recalled is not None) == with_memory
    whole = seen.field(2 * coarse)
    guided = seen.finer(seen.field(coarse), 2 * coarse)
    assert np.array_equal(guided.occupancy, whole.occupancy)
    undecided = np.abs(whole.logits) < MOST_CERTAIN  # the memory makes far cells equally certain on both roads
    assert (guided.logits != whole.logits)[undecided].mean() > 0.15, "it did run on a part alone"
    expected, found = (isosurface(field.logits, field.level, 0.0, 1.0) for field in (whole, guided))
    assert np.array_equal(found[0], expected[0])
    assert np.array_equal(found[1], expected[1])
