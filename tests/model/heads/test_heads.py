"""The file of heads: there and back, the same bytes each time, and nothing but arrays is ever read."""

from __future__ import annotations

import io
import pickle
from dataclasses import fields, is_dataclass

import numpy as np
import pytest

from shapeshot.errors import ModelError
from shapeshot.model.heads import Heads
from shapeshot.model.heads.heads import VERSION


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
