"""The file of heads: there and back, the same bytes each time, and nothing but arrays is ever read."""

from __future__ import annotations

import io
import pickle
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from shapeshot.errors import ModelError
from shapeshot.model.heads import Heads
from shapeshot.model.heads.heads import EARLIER_VALUES, EARLIER_VERSION, VERSION


def assert_same(first: object, second: object) -> None:
    assert type(first) is type(second)
    if is_dataclass(first):
        for entry in fields(first):
            assert_same(getattr(first, entry.name), getattr(second, entry.name))
    else:
        np.testing.assert_array_equal(first, second)


def test_there_and_back(heads: Heads) -> None:
    content = heads.encode()
    assert_same(Heads.decode(content), heads)
    assert Heads.decode(content).encode() == content
    assert len(content) < 20_000


@pytest.mark.parametrize("left_out", ["look", "size", "familiarity", "calibration", "points"])
def test_parts_may_be_missing(heads: Heads, left_out: str) -> None:
    fewer = Heads(**{e.name: getattr(heads, e.name) for e in fields(heads) if e.name != left_out})
    assert getattr(fewer, left_out) is None
    assert_same(Heads.decode(fewer.encode()), fewer)


def test_code_in_the_file_is_refused() -> None:
    """An npz can hold pickles, and a pickle can run anything."""
    buffer = io.BytesIO()
    np.savez(buffer, version=np.array([print], dtype=object))
    for content in (buffer.getvalue(), pickle.dumps(print)):
        with pytest.raises(ModelError, match="cannot be read") as caught:
            Heads.decode(content)
        assert "\n" not in str(caught.value)


def altered(heads: Heads, **changes: Any) -> bytes:
    """The file of heads with other arrays in it, by names such as size/half_width; None leaves one out."""
    with np.load(io.BytesIO(heads.encode())) as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays |= {name.replace("__", "/"): value for name, value in changes.items()}
    buffer = io.BytesIO()
    np.savez(buffer, **{name: value for name, value in arrays.items() if value is not None})
    return buffer.getvalue()


@pytest.mark.parametrize(
    "changes",
    [
        {"look__mean": np.array(["a", "b", "c"])},
        {"look__scale": np.zeros(3)},
        {"look__scale": np.ones(4)},
        {"look__basis": np.full((3, 3), np.nan)},
        {"look__basis": np.eye(3, dtype=np.complex128)},
        {"size__log_metres": np.zeros((3, 2))},
        {"size__directions": np.zeros((2, 3))},
        {"size__directions": np.zeros((0, 3)), "size__log_metres": np.zeros((0, 3))},
        {"size__directions": np.eye(3, 4)},
        {"size__half_width": np.float64(2.0)},
        {"size__bandwidth": np.float64("nan")},
        {"size__bandwidth": np.ones(2)},
        {"size__coverage": np.float64(1.5)},
        {"familiarity__neighbour": np.int64(9)},
        {"familiarity__limit": np.float64("nan")},
        {"familiarity__directions": np.ones(3)},
        {"calibration__temperature": np.float64(0.0)},
        {"calibration__bias": np.array("much")},
        {"points__weights": np.zeros(20)},
        {"points__offsets": np.zeros((3, 3), np.float32)},
        {"points__distance": None},
        {"version": np.array("two")},
        {"version": None},
    ],
    ids=lambda changes: " ".join(changes),
)
def test_wrong_types_shapes_and_values_end_in_one_line(heads: Heads, changes: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=r"heads\.npz cannot be read") as caught:
        Heads.decode(altered(heads, **changes))
    assert "\n" not in str(caught.value)


def test_files_of_the_version_before_are_read_as_they_were_then(heads: Heads) -> None:
    earlier = altered(heads, **dict.fromkeys(EARLIER_VALUES, None), version=np.int64(EARLIER_VERSION))
    assert_same(Heads.decode(earlier), heads)
    other = replace(heads, points=replace(heads.points, max_logit=5.0), size=replace(heads.size, floor=0.3))
    assert Heads.decode(other.encode()).points.max_logit == 5.0
    assert Heads.decode(other.encode()).size.floor == 0.3


def test_an_archive_that_unpacks_to_too_much_is_refused(heads: Heads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapeshot.model.arrays.MAX_BYTES", 1000)
    with pytest.raises(ModelError, match="unpacks to more than 1000 bytes"):
        Heads.decode(heads.encode())


def test_damaged_incomplete_and_newer_files(heads: Heads) -> None:
    content = heads.encode()
    for bad in (b"", b"\0" * 100, content[: len(content) // 2]):
        with pytest.raises(ModelError, match="calibrate the model again"):
            Heads.decode(bad)
    half, newer = io.BytesIO(), io.BytesIO()
    np.savez(half, **{"version": 1, "look/mean": np.zeros(3)})
    with pytest.raises(ModelError, match="calibrate the model again"):
        Heads.decode(half.getvalue())
    np.savez(newer, version=VERSION + 1)
    with pytest.raises(ModelError, match=f"version {VERSION + 1}"):
        Heads.decode(newer.getvalue())
