"""OBJ: its lines, and the materials beside it as trimesh finds them."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import trimesh

from shapeshot.errors import ExportError
from shapeshot.export import write_shape
from shapeshot.export.obj import encode_obj, encode_obj_files
from shapeshot.geometry import Mesh, PointCloud
from shapeshot.geometry.isosurface import isosurface

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


def smooth_mesh() -> Mesh:
    """A lopsided blob whose colours change smoothly, as the model's do."""
    axis = np.linspace(-1, 1, 20)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    vertices, faces = isosurface(0.7 - np.hypot(np.hypot(x, y * 1.5), z + 0.3 * x), 0.0, -0.5, 1 / 19)
    return Mesh(vertices, faces, np.clip(0.5 + vertices @ [[0.9, 0.7, 0.6], [0.2, 0.3, 0.1], [0.0, 0.1, 0.2]], 0, 1))


def test_a_reader_that_knows_only_materials_sees_the_colours_and_one_closed_mesh(tmp_path: Path) -> None:
    mesh = smooth_mesh()
    write_shape(mesh, tmp_path / "my chair.obj")
    assert {path.name for path in tmp_path.iterdir()} == {"my chair.obj", "my chair.mtl", "my chair.texture.png"}
    found = trimesh.load(tmp_path / "my chair.obj")
    assert found.is_watertight
    assert len(found.faces) == len(mesh.faces)
    np.testing.assert_allclose(found.triangles, mesh.triangles, atol=1e-6)
    # trimesh takes one pixel and not the blend of four, which costs up to a step between pixels, here 7 of 255.
    difference = np.abs(found.visual.to_color().vertex_colors[:, :3] - mesh.colors * 255)
    assert difference.mean() < 3
    assert difference.max() < 15
    assert found.visual.material.diffuse.tolist() == [255, 255, 255, 255]


def test_vertex_colours_stay_beside_the_texture() -> None:
    mesh = smooth_mesh()
    text = encode_obj_files(mesh, "a")["a.obj"].decode()
    rows = np.array([line.split()[1:] for line in text.splitlines() if line.startswith("v ")], float)
    np.testing.assert_allclose(rows, np.hstack([mesh.vertices, mesh.colors]), atol=1e-4)


def test_a_shape_that_needs_no_materials_is_one_file(tmp_path: Path) -> None:
    write_shape(Mesh(VERTICES, [[2, 0, 1]]), tmp_path / "plain.obj")
    write_shape(PointCloud(VERTICES, np.ones((3, 3))), tmp_path / "cloud.obj")
    assert {path.name for path in tmp_path.iterdir()} == {"plain.obj", "cloud.obj"}
    assert b"mtllib" not in (tmp_path / "plain.obj").read_bytes()


def test_an_obj_is_never_there_without_its_materials(tmp_path: Path) -> None:
    (tmp_path / "a.mtl").mkdir()  # stands in the way
    with pytest.raises(ExportError, match=r"a\.mtl"):
        write_shape(smooth_mesh(), tmp_path / "a.obj")
    assert not (tmp_path / "a.obj").exists()


def test_a_name_that_is_not_utf8_is_written_as_its_bytes() -> None:
    files = encode_obj_files(smooth_mesh(), "o\udcff")
    assert b"\nmtllib o\xff.mtl\n" in files["o\udcff.obj"]
    assert files["o\udcff.mtl"].endswith(b"map_Kd o\xff.texture.png\n")


def test_much_text_is_not_held_as_numbers() -> None:
    """One format operation for a million points took five times as much memory as their file."""
    points = np.random.default_rng(0).random((100_000, 3), np.float32)
    cloud = PointCloud(points, points)
    tracemalloc.start()
    content = encode_obj(cloud)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 3 * len(content)
