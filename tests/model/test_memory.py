"""The memory: it recalls what had such a silhouette, joins it with the network as it says, and reads arrays alone."""

from __future__ import annotations

import io
import pickle
import zlib
from dataclasses import fields, replace

import numpy as np
import pytest

from shapeshot.errors import ModelError
from shapeshot.geometry import cell_centers
from shapeshot.model.field import sample_axes
from shapeshot.model.memory import (
    CERTAINTY,
    EARLIER_VALUES,
    EARLIER_VERSION,
    RESOLUTION,
    UNIT,
    VERSION,
    ShapeMemory,
    pack_keys,
    pack_shapes,
    sharpened,
)
from shapeshot.pipeline.options import MIN_THRESHOLD

SIDE = 6


def made_memory(
    objects: int = 5, views: int = 3, neighbors: int = 1, temperature: float = 0.1, sharpening: float = 0.0
) -> ShapeMemory:
    """Random silhouettes, compared pixel by pixel, of random shapes."""
    rng = np.random.default_rng(0)
    keys = pack_keys(rng.normal(size=(objects * views, SIDE * SIDE)))
    packed, ends = pack_shapes(list(shapes(objects)))
    center, basis = np.full(SIDE * SIDE, 0.4, np.float32), np.eye(SIDE * SIDE, dtype=np.float32)
    starts = np.arange(0, objects * views, views)
    return ShapeMemory(center, basis, keys, starts, packed, ends, 0.3, temperature, neighbors, sharpening)


def shapes(objects: int) -> np.ndarray:
    """Boxes with a corner at the origin, bool [objects, 32, 32, 32]."""
    occupancies = np.zeros((objects, *(RESOLUTION,) * 3), bool)
    for index in range(objects):
        occupancies[index, : 5 + index, : 20 - index, : 3 * index + 2] = True
    return occupancies


def silhouette_of(memory: ShapeMemory, view: int) -> np.ndarray:
    return (memory.keys[view].astype(np.float32) / UNIT * 2 + memory.center).reshape(SIDE, SIDE)


@pytest.mark.parametrize("view", [0, 4, 14])
def test_a_silhouette_recalls_its_own_object(view: int) -> None:
    memory = made_memory()
    expected = shapes(5)[view // 3]
    np.testing.assert_array_equal(memory.recall(silhouette_of(memory, view)), expected)
    np.testing.assert_array_equal(memory.recall(silhouette_of(memory, view)[:, ::-1]), expected[::-1])


def test_recall_is_the_softmax_over_the_nearest_by_cosine() -> None:
    memory = made_memory(neighbors=4, temperature=0.2)
    silhouette = np.random.default_rng(1).uniform(0, 1, (SIDE, SIDE)).astype(np.float32)
    candidates = []
    for picture, turn in ((silhouette, 1), (silhouette[:, ::-1], -1)):
        direction = picture.ravel() - memory.center
        for index, shape in enumerate(shapes(5)):
            keys = memory.keys[3 * index : 3 * index + 3] / UNIT
            candidates.append((max(keys @ direction) / np.linalg.norm(direction), shape[::turn]))
    nearest = sorted(candidates, key=lambda candidate: -candidate[0])[:4]
    shares = np.exp([cosine / 0.2 for cosine, _ in nearest])
    expected = sum(share * shape for share, (_, shape) in zip(shares / shares.sum(), nearest, strict=True))
    np.testing.assert_allclose(memory.recall(silhouette), expected, atol=1e-4)


def test_sharpening_is_an_unsharp_mask_by_a_blur_of_one_cell() -> None:
    from scipy.ndimage import convolve1d

    volume = np.random.default_rng(6).uniform(0, 1, (7, 7, 7)).astype(np.float32)
    blurred = volume.astype(np.float64)
    for axis in range(3):
        blurred = convolve1d(blurred, np.array([1, 4, 6, 4, 1]) / 16, axis, mode="nearest")
    np.testing.assert_allclose(sharpened(volume, 1.5), volume + 1.5 * (volume - blurred), atol=1e-5)
    np.testing.assert_allclose(sharpened(np.full((4, 4, 4), 0.3, np.float32), 2.0), 0.3, atol=1e-6)


def test_what_is_recalled_is_sharpened_by_as_much_as_the_memory_says() -> None:
    plain, sharp = made_memory(neighbors=4), made_memory(neighbors=4, sharpening=2.0)
    silhouette = np.random.default_rng(7).uniform(0, 1, (SIDE, SIDE)).astype(np.float32)
    recalled = plain.recall(silhouette)
    np.testing.assert_array_equal(sharp.recall(silhouette), sharpened(recalled, 2.0))
    assert np.isfinite(sharp.joined(np.zeros_like(recalled), sharp.recall(silhouette))).all()


def test_a_leg_that_moves_from_shape_to_shape_stands_out_more_once_sharpened() -> None:
    legs = np.zeros((3, 16, 16, 16), np.float32)
    for place, leg in enumerate(legs):
        leg[7 + place, :, 8] = 1
    mean = legs.mean(axis=0)
    assert sharpened(mean, 2.0)[8, 8, 8] > mean[8, 8, 8] * 1.5


def test_packed_keys_keep_cosines_to_one_percent() -> None:
    vectors = np.random.default_rng(5).normal(size=(50, 64)) * np.arange(1, 51)[:, None]
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    packed = pack_keys(vectors)
    assert packed.dtype == np.int8
    np.testing.assert_allclose(packed / UNIT @ unit.T, unit @ unit.T, atol=1e-2)
    np.testing.assert_array_equal(pack_keys(np.zeros((1, 3))), np.zeros((1, 3)))


def test_recall_of_fewer_objects_than_neighbors_and_of_nothing_at_all() -> None:
    memory = made_memory(objects=2, neighbors=40)
    recalled = memory.recall(np.full((SIDE, SIDE), 0.4, np.float32))  # the centre: no direction, all cosines 0
    expected = np.mean([*shapes(2), *shapes(2)[:, ::-1]], axis=0)
    np.testing.assert_allclose(recalled, expected, atol=1e-6)


def test_joining_is_the_mean_of_probabilities() -> None:
    memory = made_memory()
    logits = np.linspace(-6, 6, 50, dtype=np.float32)
    recalled = np.random.default_rng(2).uniform(0, 1, 50).astype(np.float32)
    joined = memory.joined(logits, recalled)
    assert joined.dtype == np.float32
    expected = 0.7 / (1 + np.exp(-logits)) + 0.3 * recalled
    np.testing.assert_allclose(1 / (1 + np.exp(-joined)), expected, atol=1e-5)
    np.testing.assert_allclose(replace(memory, weight=0.0).joined(logits, recalled), logits, atol=1e-3)
    assert np.isfinite(memory.joined(np.float32([-1e4, 1e4]), np.float32([0, 1]))).all()


def test_no_threshold_that_may_be_set_fills_what_is_certainly_empty() -> None:
    assert 0 < CERTAINTY < MIN_THRESHOLD
    emptied = made_memory().joined(np.float32([-1e4]), np.float32([-1]))
    assert 1 / (1 + np.exp(-emptied[0])) < MIN_THRESHOLD


def test_sampling_is_trilinear_and_constant_beyond_the_outer_centres() -> None:
    from scipy.ndimage import map_coordinates

    volume = np.random.default_rng(3).uniform(0, 1, (5, 5, 5)).astype(np.float32)
    xs, ys, zs = np.linspace(-0.5, 0.5, 7), np.linspace(-0.6, 0.6, 4), np.linspace(-0.3, 0.45, 6)
    cells = np.stack(np.meshgrid(xs, ys, zs, indexing="ij")) * 5 + 2
    expected = map_coordinates(volume, cells, order=1, mode="nearest")
    np.testing.assert_allclose(sample_axes(volume, xs, ys, zs), expected, atol=1e-5)
    centers = cell_centers(5)
    np.testing.assert_allclose(sample_axes(volume, centers, centers, centers), volume, atol=1e-6)


def test_a_part_is_sampled_to_the_same_bit_as_the_whole() -> None:
    volume, centers = np.random.default_rng(4).uniform(0, 1, (32,) * 3).astype(np.float32), cell_centers(64)
    whole = sample_axes(volume, centers, centers, centers)
    part = sample_axes(volume, centers[3:11], centers[20:50], centers[63:])
    np.testing.assert_array_equal(part, whole[3:11, 20:50, 63:])


def test_there_and_back() -> None:
    memory = made_memory()
    content = memory.encode()
    again = ShapeMemory.decode(content)
    for entry in fields(memory):
        np.testing.assert_array_equal(getattr(again, entry.name), getattr(memory, entry.name))
    assert again.encode() == content


def test_code_in_the_file_is_refused() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, version=np.array([print], dtype=object))
    for content in (buffer.getvalue(), pickle.dumps(print)):
        with pytest.raises(ModelError, match="cannot be read") as caught:
            ShapeMemory.decode(content)
        assert "\n" not in str(caught.value)


def test_what_was_read_is_what_was_written_down_to_the_type() -> None:
    memory = made_memory(sharpening=1.5)
    again = ShapeMemory.decode(memory.encode())
    for entry in fields(memory):
        assert type(getattr(again, entry.name)) is type(getattr(memory, entry.name)), entry.name


def test_a_file_says_by_what_it_is_read() -> None:
    """Other values than this version's defaults survive, so that a later version may choose others."""
    other = replace(made_memory(), unit=100, certainty=0.01, blur=(0.25, 0.5, 0.25))
    again = ShapeMemory.decode(other.encode())
    assert (again.unit, again.certainty, again.blur) == (100, 0.01, (0.25, 0.5, 0.25))


def test_files_of_the_version_before_are_read_as_they_were_then(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = made_memory(neighbors=4, sharpening=2.0)
    earlier = io.BytesIO()
    names = [entry.name for entry in fields(memory) if entry.name not in EARLIER_VALUES]
    np.savez(earlier, version=EARLIER_VERSION, **{name: getattr(memory, name) for name in names})
    again = ShapeMemory.decode(earlier.getvalue())
    assert {name: getattr(again, name) for name in EARLIER_VALUES} == EARLIER_VALUES
    silhouette = np.random.default_rng(7).uniform(0, 1, (SIDE, SIDE)).astype(np.float32)
    np.testing.assert_array_equal(again.recall(silhouette), memory.recall(silhouette))


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight": 1.0},
        {"weight": np.nan},
        {"temperature": np.inf},
        {"sharpening": np.nan},
        {"sharpening": np.array([1.0, 2.0])},
        {"neighbors": 2.5},
        {"center": np.full(SIDE * SIDE, np.nan, np.float32)},
        {"basis": np.full((SIDE * SIDE, SIDE * SIDE), np.nan, np.float32)},
        {"center": np.zeros(SIDE * SIDE, np.complex64)},
        {"center": np.array(["a"] * SIDE * SIDE)},
        {"first_views": np.array([0.0, 3, 6, 9, 12])},
        {"packed": np.zeros(3, np.int64)},
        {"certainty": 0.7},
        {"resolution": 0},
        {"resolution": 10**6},
        {"blur": (0.5, 0.5)},
        {"blur": (np.nan,)},
        {"temperature": 0.0},
        {"neighbors": 0},
        {"sharpening": -1.0},
        {"first_views": np.array([0, 3, 6, 9, 15])},
        {"first_views": np.array([0, 3, 3, 9, 12])},
        {"ends": np.array([1, 2, 3])},
        {"basis": np.zeros((4, 4), np.float32)},
        {"keys": np.zeros((15, SIDE * SIDE), np.float16)},
    ],
)
def test_arrays_that_do_not_fit_are_refused(wrong: dict) -> None:
    with pytest.raises(ModelError, match=r"memory\.npz cannot be read") as caught:
        ShapeMemory.decode(replace(made_memory(), **wrong).encode())
    assert "\n" not in str(caught.value)


def test_damaged_and_newer_files() -> None:
    content = made_memory().encode()
    for bad in (b"", b"\0" * 100, content[: len(content) // 2]):
        with pytest.raises(ModelError, match="export the model again"):
            ShapeMemory.decode(bad)
    newer = io.BytesIO()
    np.savez(newer, version=VERSION + 1)
    with pytest.raises(ModelError, match=f"version {VERSION + 1}"):
        ShapeMemory.decode(newer.getvalue())
    memory = made_memory()
    bomb = np.frombuffer(zlib.compress(bytes(10**7)), np.uint8)
    with pytest.raises(ModelError, match="damaged"):
        replace(memory, packed=bomb, ends=np.array([len(bomb)] * 5)).shape(0)
    broken = replace(memory, packed=np.zeros_like(memory.packed))
    with pytest.raises(ModelError, match="damaged"):
        broken.recall(silhouette_of(memory, 0))
