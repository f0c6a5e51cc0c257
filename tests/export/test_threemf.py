"""3MF: the package by the Open Packaging Conventions, the mesh through trimesh, the colours read element by element."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh

from shapeshot.export import encode_shape, write_shape
from shapeshot.export.threemf import encode_3mf
from shapeshot.geometry import Mesh, VoxelGrid
from shapeshot.geometry.isosurface import isosurface

CORE = "{http://schemas.microsoft.com/3dmanufacturing/core/2015/02}"
MATERIAL = "{http://schemas.microsoft.com/3dmanufacturing/material/2015/02}"


def make_mesh(colored: bool = True) -> Mesh:
    rng = np.random.default_rng(0)
    vertices, faces = isosurface(rng.standard_normal((6, 7, 9)), 0.3, (-0.4, -0.3, -0.2), (0.13, 0.09, 0.05))
    return Mesh(vertices, faces, rng.random((len(vertices), 3)) if colored else None)


def printed(positions: np.ndarray) -> np.ndarray:
    """Millimetres, turned about x so that up is +z and the front is at -y, moved to where each axis begins at 0."""
    turned = positions.reshape(-1, 3) @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]]) * 1000.0
    return (turned - turned.min(axis=0)).reshape(positions.shape)


def load(path: Path) -> trimesh.Trimesh:
    scene = trimesh.load(path, process=False)
    assert scene.units == "millimeter"
    return scene.to_mesh()


@pytest.mark.parametrize("colored", [True, False])
def test_the_mesh_stands_on_the_plate_in_millimetres(colored: bool, tmp_path: Path) -> None:
    mesh = make_mesh(colored)
    write_shape(mesh, tmp_path / "a.3mf")
    found = load(tmp_path / "a.3mf")
    assert (len(found.vertices), len(found.faces)) == (len(mesh.vertices), len(mesh.faces))
    expected = printed(mesh.triangles.astype(np.float64))
    np.testing.assert_allclose(found.triangles, expected, atol=1e-4)
    np.testing.assert_allclose(found.bounds[1], np.ptp(expected.reshape(-1, 3), axis=0), atol=1e-4)
    np.testing.assert_allclose(found.bounds[0], 0, atol=1e-4)
    assert found.is_watertight
    assert found.volume == pytest.approx(mesh.volume * 1e9, rel=1e-5)


def test_up_is_z_and_the_front_faces_the_viewer(tmp_path: Path) -> None:
    tetrahedron = Mesh([[0, 0, 0], [3, 0, 0], [0, 2, 0], [0, 0, 1]], [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    assert tetrahedron.volume > 0
    write_shape(tetrahedron, tmp_path / "a.3mf")
    found = load(tmp_path / "a.3mf")
    # Right stays right, up (+y) becomes +z, and the front corner (+z) comes to the least y.
    np.testing.assert_allclose(found.vertices, [[0, 1000, 0], [3000, 1000, 0], [0, 1000, 2000], [0, 0, 0]], atol=1e-6)
    assert found.volume > 0


def test_the_package_is_what_the_conventions_ask_for() -> None:
    with zipfile.ZipFile(io.BytesIO(encode_3mf(make_mesh()))) as package:
        assert package.testzip() is None
        assert package.namelist() == ["[Content_Types].xml", "_rels/.rels", "3D/3dmodel.model"]
        types = ET.fromstring(package.read("[Content_Types].xml"))
        [relationship] = ET.fromstring(package.read("_rels/.rels"))
    assert {entry.get("Extension") for entry in types} == {"rels", "model"}
    assert relationship.get("Target") == "/3D/3dmodel.model"
    assert relationship.get("Type") == "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"


def corner_colors(content: bytes) -> np.ndarray:
    """sRGB of each triangle's corners, uint8 [triangles, 3, 3]."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        model = ET.fromstring(package.read("3D/3dmodel.model"))
    assert model.get("unit") == "millimeter"
    group = model.find(f".//{MATERIAL}colorgroup")
    colors = np.array([list(bytes.fromhex(entry.get("color")[1:])) for entry in group])
    found = []
    for triangle in model.iter(f"{CORE}triangle"):
        assert triangle.get("pid") == group.get("id")
        found.append([colors[int(triangle.get(f"p{corner}"))] for corner in (1, 2, 3)])
    return np.array(found)


def test_vertex_colours_come_back() -> None:
    mesh = make_mesh()
    np.testing.assert_array_equal(corner_colors(encode_3mf(mesh)), np.rint(mesh.colors[mesh.faces] * 255))


@pytest.mark.parametrize("seed", range(4))
def test_any_voxels_are_a_manifold_solid(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    grid = VoxelGrid(rng.random((6, 6, 6)) < 0.5, rng.random((6, 6, 6, 3)))  # many touch in edges and corners
    write_shape(grid, tmp_path / "a.3mf")
    found = load(tmp_path / "a.3mf")
    assert found.is_watertight
    assert found.is_winding_consistent
    assert found.volume == pytest.approx(grid.volume * 1e9, rel=1e-6)
    colors = corner_colors((tmp_path / "a.3mf").read_bytes())
    assert (colors == colors[:, :1]).all()


def test_voxels_are_one_solid_of_coloured_blocks(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    occupancy = np.zeros((4, 4, 4), bool)
    occupancy[1:3, 0, 0] = occupancy[1, 0:3, 0] = occupancy[1, 2, 0:4] = True
    grid = VoxelGrid(occupancy, rng.random((4, 4, 4, 3)), side=0.2)
    write_shape(grid, tmp_path / "a.3mf")
    found = load(tmp_path / "a.3mf")
    assert found.is_watertight
    assert found.volume == pytest.approx(grid.volume * 1e9, rel=1e-6)
    # A face of a block has one colour, that of its cell, though blocks share their corners.
    colors = corner_colors(encode_shape(grid, "3mf"))
    assert (colors == colors[:, :1]).all()
    assert len(np.unique(colors[:, 0], axis=0)) == occupancy.sum()


def test_much_text_is_packed_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the usual level the finest results took a server more than ten seconds for their zip."""
    mesh = Mesh(np.eye(3), [[0, 1, 2]])
    levels = []
    monkeypatch.setattr(
        "zipfile.ZipFile.writestr", lambda self, member, text, kind, level: levels.append((level, len(text)))
    )
    encode_3mf(mesh)
    assert {level for level, _ in levels} == {6}
    monkeypatch.setattr("shapeshot.export.zip_level.LARGE_BYTES", max(size for _, size in levels) - 1)
    encode_3mf(mesh)
    assert levels[-1][0] == 1
