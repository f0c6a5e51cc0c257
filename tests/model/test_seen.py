"""What a model has seen: the field with the memory in it, wherever and however it is asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hand_models import SIZE, shown, small_memory, write_part

from shapeshot.errors import ModelError
from shapeshot.geometry import cell_centers
from shapeshot.model import field
from shapeshot.model.field_model import FieldModel
from shapeshot.model.memory import CERTAINTY

OUTLINE = np.eye(32, dtype=np.float32)
PIXELS = np.full((SIZE, SIZE, 3), 2, np.uint8)


def centers_of(cells: int) -> np.ndarray:
    return np.stack(np.meshgrid(*[cell_centers(cells)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)


@pytest.mark.parametrize("cells_per_run", [1, 30, 10**6])
def test_the_field_is_indexed_xyz_at_cell_centres(
    folder: Path, monkeypatch: pytest.MonkeyPatch, cells_per_run: int
) -> None:
    monkeypatch.setattr(field, "CELLS_PER_RUN", cells_per_run)
    found = FieldModel.load(folder).see(shown(PIXELS)).field(5)
    x, y, z = np.meshgrid(*[(np.arange(5) + 0.5) / 5 - 0.5] * 3, indexing="ij")
    np.testing.assert_allclose(found.logits, x + 10 * y + 100 * z + 2, atol=1e-5)
    assert found.logits.dtype == np.float32
    assert found.resolution == 5
    probability = 1 / (1 + np.exp(-found.logits.astype(np.float64)))
    np.testing.assert_allclose(found.probabilities, probability, atol=1e-6)
    assert np.array_equal(found.occupancy, probability > 0.25)
    assert np.array_equal(found.at_threshold(0.9).occupancy, probability > 0.9)


def test_a_photo_is_one_of_a_batch(folder: Path) -> None:
    model = FieldModel.load(folder)
    pixels = np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8)
    batch = model.see_batch([shown(one) for one in pixels])
    for one, seen in zip(pixels, batch, strict=True):
        np.testing.assert_array_equal(seen.photo.pixels, one)
        np.testing.assert_array_equal(model.see(shown(one)).field(3).logits, seen.field(3).logits)
        np.testing.assert_allclose(seen.logits_at(np.zeros((1, 3))), one.mean(), rtol=1e-6)
        assert seen.features is None
    assert model.see_batch([]) == []
    with pytest.raises(ModelError, match="of one size"):
        model.see_batch([shown(pixels[0]), shown(np.zeros((5, 5, 3), np.uint8))])


def test_resolutions_below_one_and_guides_that_do_not_fit(folder: Path) -> None:
    seen = FieldModel.load(folder).see(shown(PIXELS))
    with pytest.raises(ModelError, match="at least 1"):
        seen.field(0)
    with pytest.raises(ModelError, match="cannot be guided by one of 4"):
        seen.finer(seen.field(4), 9)


def test_the_latest_grid_is_evaluated_once(folder: Path) -> None:
    seen = FieldModel.load(folder).see(shown(PIXELS))
    assert seen.field(4) is seen.field(4)
    assert seen.field(5).resolution == 5


def test_nobody_can_forget_the_memory(folder: Path) -> None:
    """Grids, finer grids and points agree with the mean of probabilities, by a loop over cells."""
    write_part(folder, small_memory().encode(), "memory.npz")
    model = FieldModel.load(folder)
    seen = model.see(shown(PIXELS, OUTLINE))
    alone = model.with_memory(None).see(shown(PIXELS, OUTLINE))
    assert seen.reading.recalled is not None
    assert alone.reading.recalled is None
    half = np.arange(32)[:, None, None] < 16
    network = 1 / (1 + np.exp(-alone.field(32).logits.astype(np.float64)))
    expected = np.clip(0.7 * network + 0.3 * half, CERTAINTY, 1 - CERTAINTY)
    np.testing.assert_allclose(seen.field(32).probabilities, expected, atol=1e-5)
    points = 1 / (1 + np.exp(-alone.logits_at(centers_of(32)).astype(np.float64)))
    expected = 0.7 * points + 0.3 * np.broadcast_to(half, (32, 32, 32)).ravel()
    np.testing.assert_allclose(1 / (1 + np.exp(-seen.logits_at(centers_of(32)))), expected, atol=1e-5)
    whole, guided = seen.field(64), seen.finer(seen.field(32), 64)
    np.testing.assert_array_equal(guided.occupancy, whole.occupancy)
    assert not np.array_equal(whole.occupancy, alone.field(64).occupancy)


def test_the_same_network_with_another_memory(folder: Path) -> None:
    write_part(folder, small_memory(0.3).encode(), "memory.npz")
    model = FieldModel.load(folder)
    surer = model.with_memory(replace(small_memory(), weight=0.9)).see(shown(PIXELS, OUTLINE)).field(8)
    assert not np.array_equal(surer.logits, model.see(shown(PIXELS, OUTLINE)).field(8).logits)
    bare = model.with_memory(None)
    assert bare.optimized().memory is None, "what was taken away does not come back"
    assert model.memory is not None


def test_colours_and_layout(folder: Path) -> None:
    seen = FieldModel.load(folder).see(shown(np.arange(SIZE * SIZE * 3, dtype=np.uint8).reshape(SIZE, SIZE, 3)))
    points = np.random.default_rng(1).random((6, 3)).astype(np.float32)
    np.testing.assert_allclose(seen.colors_at(points), points, rtol=1e-6)
    planes = np.arange(SIZE * SIZE * 3, dtype=np.float32).reshape(SIZE, SIZE, 3)  # "rows" of SIZE by 3
    np.testing.assert_allclose(seen.layout(1), planes.mean(axis=(1, 2)), rtol=1e-6)
    assert seen.layout(4).shape == (SIZE * 9,)  # no more blocks than there are columns


def test_a_silhouette_of_another_size_is_told(folder: Path) -> None:
    write_part(folder, small_memory(pixels=4).encode(), "memory.npz")
    with pytest.raises(ModelError, match="silhouettes of 4 pixels; got 1024"):
        FieldModel.load(folder).see(shown(PIXELS)).field(8)
