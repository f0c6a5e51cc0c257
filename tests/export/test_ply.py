from __future__ import annotations

import numpy as np

from shapeshot.export.ply import encode_ply
from shapeshot.geometry import Mesh, PointCloud


def test_rows_of_a_cloud_hold_position_normal_and_colour() -> None:
    cloud = PointCloud([[1, 2, 3], [4, 5, 6]], [[0, 0.5, 1], [1, 2, -1]], [[0, 0, 1], [1, 0, 0]])
    header, body = encode_ply(cloud).split(b"end_header\n")
    names = [line.split()[-1] for line in header.decode().splitlines() if line.startswith("property")]
    assert names == ["x", "y", "z", "nx", "ny", "nz", "red", "green", "blue"]
    rows = np.frombuffer(body, [("floats", "<f4", 6), ("rgb", "u1", 3)])
    np.testing.assert_array_equal(rows["floats"], [[1, 2, 3, 0, 0, 1], [4, 5, 6, 1, 0, 0]])
    np.testing.assert_array_equal(rows["rgb"], [[0, 128, 255], [255, 255, 0]])


def test_faces_follow_the_vertices() -> None:
    header, body = encode_ply(Mesh(np.eye(3), [[2, 0, 1]])).split(b"end_header\n")
    assert header.startswith(b"ply\nformat binary_little_endian 1.0\n")
    assert b"element vertex 3\n" in header
    assert b"element face 1\nproperty list uchar int vertex_indices\n" in header
    assert body == np.eye(3, dtype="<f4").tobytes() + b"\x03" + np.array([2, 0, 1], "<i4").tobytes()
