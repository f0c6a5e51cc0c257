from __future__ import annotations

import numpy as np

from shapeshot.export.obj import encode_obj
from shapeshot.geometry import Mesh, PointCloud

VERTICES = np.array([[0.123456789, -1e-7, 1234.5678], [1, 0, 0], [0, 1, 0]])


def test_lines_of_a_coloured_mesh() -> None:
    lines = encode_obj(Mesh(VERTICES, [[2, 0, 1]], [[0.5, 2, -1], [0, 0, 0], [1, 1, 1]])).decode().splitlines()
    assert lines[1] == "v 0.1234568 -1e-07 1234.568 0.5 1 0"
    assert lines[-1] == "f 3 1 2"
    assert len(lines) == 5


def test_lines_of_a_plain_point_cloud() -> None:
    lines = encode_obj(PointCloud(VERTICES)).decode().splitlines()
    assert lines[2] == "v 1 0 0"
    assert lines[4:] == ["p 1", "p 2", "p 3"]
