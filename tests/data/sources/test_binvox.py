"""The binvox reader: against trimesh's and our own writer, and on files that no one should trust."""

from __future__ import annotations

import contextlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trimesh.exchange.binvox import load_binvox

from shapeshot.data.sources.binvox import MAX_SIDE, read_binvox
from shapeshot.errors import DatasetError
from shapeshot.export import encode_shape
from shapeshot.geometry import VoxelGrid

HEADER = b"#binvox 1\ndim 2 2 2\ntranslate 0 0 0\nscale 1\ndata\n"


def blob(resolution: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((resolution,) * 3) < 0.3


def test_it_reads_what_we_write() -> None:
    grid = read_binvox(encode_shape(VoxelGrid(blob(13), side=2.0), "binvox"), "a.binvox")
    np.testing.assert_array_equal(grid.occupancy, blob(13))
    assert grid.scale == 2.0
    assert grid.translate == (-1.0, -1.0, -1.0)


def test_it_agrees_with_trimesh() -> None:
    content = encode_shape(VoxelGrid(blob(9, 1)), "binvox")
    np.testing.assert_array_equal(read_binvox(content, "a").occupancy, load_binvox(BytesIO(content)).matrix)


def test_the_order_is_x_then_z_then_y() -> None:
    """By hand: one cell at x = 1, y = 2, z = 0 of 2 x 3 x 2 cells, as D H W = x z y."""
    index = 1 * (2 * 3) + 0 * 3 + 2
    data = bytes([0, index, 1, 1, 0, 12 - index - 1])
    grid = read_binvox(b"#binvox 1\ndim 2 2 3\ntranslate 1 2 3\nscale 4\ndata\n" + data, "a")
    assert grid.occupancy.shape == (2, 3, 2)
    assert np.argwhere(grid.occupancy).tolist() == [[1, 2, 0]]
    assert (grid.translate, grid.scale) == ((1.0, 2.0, 3.0), 4.0)


def test_place_and_scale_may_be_missing() -> None:
    grid = read_binvox(b"#binvox 1\r\ndim 1 1 1\r\ndata\r\n".replace(b"\r", b"") + b"\1\1", "a")
    assert (grid.translate, grid.scale) == ((0.0, 0.0, 0.0), 1.0)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "does not begin"),
        (b"PK\3\4", "does not begin"),
        (b"#binvox 1\ndim 2 2 2\n", "no line 'data'"),
        (b"#binvox 1\n" + b"x" * 5000 + b"\ndata\n", "no line 'data'"),
        (HEADER + b"\0\7", "holds 7 cells, not the 8"),
        (HEADER + b"\0\7\1", "cut short"),
        (HEADER + b"\0\7\1\2", "holds 9 cells, not the 8"),
        (HEADER + b"\0\7\2\1", "value 2"),
        (HEADER.replace(b"2 2 2", b"2 2"), "dim 2 2"),
        (HEADER.replace(b"2 2 2", b"0 2 2"), "dimensions"),
        (HEADER.replace(b"2 2 2", b"-2 2 -2"), "dimensions"),
        (HEADER.replace(b"2 2 2", b"1.5 2 2"), "dimensions"),
        (HEADER.replace(b"2 2 2", b"100000 100000 100000") + b"\0\xff", f"in 1..{MAX_SIDE}"),
        (HEADER.replace(b"2 2 2", b"1e999 2 2"), "expected 3 numbers"),
        (HEADER.replace(b"2 2 2", b"nan 2 2"), "expected 3 numbers"),
        (HEADER.replace(b"scale 1", b"scale 0") + b"\0\x08", "scale 0"),
        (HEADER.replace(b"scale 1", b"scale x") + b"\0\x08", "expected 1 numbers"),
        (HEADER.replace(b"translate 0 0 0", b"translate 0 inf 0") + b"\0\x08", "translate 0 inf 0"),
    ],
)
def test_anything_else_is_named(content: bytes, told: str) -> None:
    with pytest.raises(DatasetError, match=r"bad\.binvox") as error:
        read_binvox(content, "bad.binvox")
    assert told in str(error.value)


@given(st.binary(max_size=64), st.integers(-3, 9))
def test_no_bytes_break_it(data: bytes, side: int) -> None:
    content = b"#binvox 1\ndim %d %d %d\ndata\n" % (side, side, side) + data
    with contextlib.suppress(DatasetError):
        assert read_binvox(content, "a").occupancy.shape == (side,) * 3
