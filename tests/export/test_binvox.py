"""binvox: the cells through trimesh, their places through a reader of the specification's own words."""

from __future__ import annotations

import io

import numpy as np
import pytest
import trimesh

from shapeshot.errors import ExportError
from shapeshot.export import encode_shape, write_shape
from shapeshot.export.binvox import encode_binvox
from shapeshot.geometry import Mesh, VoxelGrid, cell_centers


def make_grid(resolution: int = 9, side: float = 1.0, share: float = 0.3) -> VoxelGrid:
    return VoxelGrid(np.random.default_rng(0).random((resolution,) * 3) < share, side=side)


def read_as_specified(content: bytes) -> np.ndarray:
    """Centres of occupied cells [cells, 3]: "y runs fastest, then z, then x"; "(i + 0.5) / d, scale, translate"."""
    stream = io.BytesIO(content)
    assert stream.readline() == b"#binvox 1\n"
    header = {}
    while (line := stream.readline().split()) != [b"data"]:
        header[line[0].decode()] = [float(word) for word in line[1:]]
    size = int(header["dim"][0])
    data = stream.read()
    values = [value for value, count in zip(data[::2], data[1::2], strict=True) for _ in range(count)]
    assert len(values) == size**3
    assert min(data[1::2]) > 0
    found = []
    for x in range(size):
        for y in range(size):
            for z in range(size):
                if values[x * size * size + z * size + y]:
                    found.append([(index + 0.5) / size for index in (x, y, z)])
    return np.array(found) * header["scale"][0] + header["translate"]


@pytest.mark.parametrize("side", [1.0, 2.5, 0.123456789])
def test_cells_lie_where_the_specification_puts_them(side: float) -> None:
    grid = make_grid(side=side)
    axis = cell_centers(9, side)
    np.testing.assert_allclose(read_as_specified(encode_binvox(grid)), axis[np.argwhere(grid.occupancy)], atol=1e-6)


@pytest.mark.parametrize("share", [0.01, 0.5, 1.0])
def test_trimesh_reads_the_same_cells(share: float, tmp_path) -> None:
    grid = make_grid(17, share=share)
    write_shape(grid, tmp_path / "a.binvox")
    np.testing.assert_array_equal(trimesh.load(tmp_path / "a.binvox").matrix, grid.occupancy)


def test_long_runs_are_split() -> None:
    occupancy = np.zeros((8, 8, 8), bool)
    occupancy[7, 7, 7] = True  # 511 empty cells before it
    data = encode_binvox(VoxelGrid(occupancy)).split(b"data\n", 1)[1]
    assert list(data) == [0, 255, 0, 255, 0, 1, 1, 1]


def test_a_mesh_is_refused() -> None:
    mesh = Mesh(np.eye(3), [[0, 1, 2]])
    with pytest.raises(ExportError, match=r"\.binvox file cannot hold a mesh; choose from \.3mf, \.glb"):
        encode_shape(mesh, "binvox")
