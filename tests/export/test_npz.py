from __future__ import annotations

import io
import zipfile

import numpy as np

from shapeshot.export.npz import encode_npz
from shapeshot.geometry import Mesh, PointCloud, VoxelGrid


def read(shape) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(encode_npz(shape)), allow_pickle=False) as archive:
        return dict(archive)


def test_a_voxel_grid() -> None:
    occupancy = np.random.default_rng(0).random((4, 4, 4)) < 0.5
    colors = np.random.default_rng(1).random((4, 4, 4, 3))
    found = read(VoxelGrid(occupancy, colors, side=0.8))
    assert found["occupancy"].dtype == bool
    np.testing.assert_array_equal(found["occupancy"], occupancy)
    assert found["colors"].dtype == np.uint8
    np.testing.assert_allclose(found["colors"] / 255, colors, atol=0.51 / 255)
    assert found["side"] == 0.8
    assert sorted(read(VoxelGrid(occupancy))) == ["occupancy", "side"]


def test_a_mesh() -> None:
    found = read(Mesh(np.eye(3), [[0, 1, 2]], np.eye(3)))
    np.testing.assert_array_equal(found["vertices"], np.eye(3, dtype=np.float32))
    np.testing.assert_array_equal(found["faces"], [[0, 1, 2]])
    np.testing.assert_array_equal(found["colors"], np.eye(3) * 255)
    assert (found["vertices"].dtype, found["faces"].dtype) == (np.float32, np.int32)


def test_a_point_cloud() -> None:
    found = read(PointCloud(np.eye(3), None, np.eye(3)))
    assert sorted(found) == ["normals", "points"]
    np.testing.assert_array_equal(found["points"], np.eye(3))


def test_members_carry_no_date_of_today() -> None:
    with zipfile.ZipFile(io.BytesIO(encode_npz(PointCloud(np.eye(3))))) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
