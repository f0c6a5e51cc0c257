from __future__ import annotations

import struct

import numpy as np

from shapeshot.export.stl import encode_stl
from shapeshot.geometry import Mesh


def test_layout_of_one_triangle() -> None:
    data = encode_stl(Mesh([[0, 0, 0], [2, 0, 0], [0, 2, 0]], [[0, 1, 2]]))
    assert len(data) == 84 + 50
    assert not data.startswith(b"solid")
    assert struct.unpack_from("<I", data, 80) == (1,)
    numbers = struct.unpack_from("<12fH", data, 84)
    np.testing.assert_array_equal(numbers, [0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0])
