"""The table of formats and `write_shape`: what every format promises, checked through trimesh as independent reader."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import trimesh

from shapeshot.errors import ExportError
from shapeshot.export import WRITERS, encode_shape, find_writer, write_shape
from shapeshot.geometry import Mesh, PointCloud, VoxelGrid
from shapeshot.geometry.isosurface import isosurface
from shapeshot.geometry.sample import sample_surface


def make_mesh(colored: bool = True) -> Mesh:
    rng = np.random.default_rng(0)
    vertices, faces = isosurface(rng.standard_normal((7, 7, 7)), 0.3, -0.4, 0.13)
    return Mesh(vertices, faces, rng.random((len(vertices), 3)) if colored else None)


def make_cloud(colored: bool = True) -> PointCloud:
    return sample_surface(make_mesh(colored), 500, np.random.default_rng(1))


def make_grid(colored: bool = True) -> VoxelGrid:
    rng = np.random.default_rng(2)
    return VoxelGrid(rng.random((5, 5, 5)) < 0.3, rng.random((5, 5, 5, 3)) if colored else None, side=2.0)


SHAPES = {"mesh": make_mesh, "cloud": make_cloud, "grid": make_grid}


def test_an_stl_of_a_real_size_is_in_millimetres(tmp_path: Path) -> None:
    """Slicers read it so; every other format says its unit or is read as metres."""
    box = Mesh(trimesh.creation.box((0.04, 0.08, 0.06)).vertices, trimesh.creation.box().faces)
    grid = VoxelGrid(np.ones((2, 2, 2), bool), None, 0.08)
    for suffix, factor in (("stl", 1000), ("ply", 1), ("glb", 1), ("obj", 1)):
        path = tmp_path / f"a.{suffix}"
        for shape, sides in ((box, [0.04, 0.08, 0.06]), (grid, [0.08] * 3)):
            write_shape(shape, path, in_metres=True)
            np.testing.assert_allclose(trimesh.load(path, force="mesh").extents, np.multiply(sides, factor), rtol=1e-5)
            write_shape(shape, path)
            np.testing.assert_allclose(trimesh.load(path, force="mesh").extents, sides, rtol=1e-5)


MESH_FORMATS = ["glb", "obj", "ply", "stl"]  # 3mf and usdz have axes or a reader of their own; see their tests


def takes(suffix: str) -> set[type]:
    """The types that a format writes: those it holds, and voxels as blocks where it holds meshes."""
    held = set(WRITERS[suffix].holds)
    return held | {VoxelGrid} if Mesh in held else held


def read(path: Path):
    """The one geometry in a file, as it stands there: nothing merged."""
    loaded = trimesh.load(path, process=False)
    if isinstance(loaded, trimesh.Scene):
        [loaded] = loaded.geometry.values()
    return loaded


@pytest.mark.parametrize("suffix", MESH_FORMATS)
@pytest.mark.parametrize("colored", [True, False])
def test_a_mesh_comes_back_whole(suffix: str, colored: bool, tmp_path: Path) -> None:
    mesh = make_mesh(colored)
    write_shape(mesh, tmp_path / f"a.{suffix}")
    found = read(tmp_path / f"a.{suffix}")
    assert len(found.faces) == len(mesh.faces)
    np.testing.assert_allclose(found.bounds, mesh.bounds, atol=1e-6)
    np.testing.assert_allclose(found.triangles, mesh.triangles, atol=1e-6)
    if suffix == "stl":  # has no shared vertices; readers weld what is equal
        found.merge_vertices()
    assert len(found.vertices) == len(mesh.vertices)
    assert found.is_watertight
    assert found.is_winding_consistent
    assert found.volume == pytest.approx(mesh.volume, rel=1e-5)


@pytest.mark.parametrize("suffix", ["glb", "obj", "ply"])
@pytest.mark.parametrize("colored", [True, False])
def test_a_point_cloud_comes_back_whole(suffix: str, colored: bool, tmp_path: Path) -> None:
    cloud = make_cloud(colored)
    write_shape(cloud, tmp_path / f"a.{suffix}")
    found = read(tmp_path / f"a.{suffix}")
    assert isinstance(found, trimesh.PointCloud)
    np.testing.assert_allclose(found.vertices, cloud.points, atol=1e-6)


@pytest.mark.parametrize("suffix", ["obj", "ply"])
@pytest.mark.parametrize("make", [make_mesh, make_cloud])
def test_colours_come_back_as_srgb(suffix: str, make, tmp_path: Path) -> None:
    shape = make()
    (tmp_path / f"a.{suffix}").write_bytes(encode_shape(shape, suffix))  # an OBJ alone: trimesh prefers a texture
    found = read(tmp_path / f"a.{suffix}")
    colors = found.visual.vertex_colors if isinstance(shape, Mesh) else found.colors
    np.testing.assert_allclose(colors[:, :3] / 255, shape.colors, atol=0.51 / 255 + 1e-4)


@pytest.mark.parametrize("suffix", MESH_FORMATS)
def test_a_voxel_grid_becomes_its_blocks(suffix: str, tmp_path: Path) -> None:
    grid = make_grid()
    write_shape(grid, tmp_path / f"a.{suffix}")
    found = read(tmp_path / f"a.{suffix}")
    assert found.volume == pytest.approx(grid.volume, rel=1e-5)
    occupied = np.argwhere(grid.occupancy)
    expected = np.array([occupied.min(axis=0), occupied.max(axis=0) + 1]) * grid.cell_size - 1
    np.testing.assert_allclose(found.bounds, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("suffix", "name"), [(s, n) for s, n in itertools.product(WRITERS, SHAPES) if type(SHAPES[n]()) in takes(s)]
)
def test_equal_shapes_give_equal_bytes(suffix: str, name: str) -> None:
    assert encode_shape(SHAPES[name](), suffix) == encode_shape(SHAPES[name](), suffix)


ODD_MESHES = {
    "one triangle": Mesh(np.eye(3), [[0, 1, 2]], np.eye(3)),
    "no area": Mesh(np.zeros((3, 3)), [[0, 1, 2]], np.eye(3)),
    "an edge twice": Mesh(np.eye(4)[:, :3], [[0, 1, 1], [1, 2, 3]], np.ones((4, 3))),
    "a fold": Mesh(np.eye(3), [[0, 1, 2], [1, 0, 2]]),
    "colours out of range": Mesh(np.eye(3), [[0, 1, 2]], [[9, -1, 0.5]] * 3),
    "far away": Mesh(np.eye(3) * 1e7 + 1e8, [[0, 1, 2]]),
    "tiny": Mesh(np.eye(3) * 1e-9, [[0, 1, 2]]),
    "loose vertices": Mesh(np.eye(4)[:, :3], [[0, 1, 2]]),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ODD_MESHES)
@pytest.mark.parametrize("suffix", [suffix for suffix in WRITERS if Mesh in WRITERS[suffix].holds])
def test_odd_meshes_are_written_or_refused(suffix: str, name: str, tmp_path: Path) -> None:
    if suffix == "3mf" and name == "no area":  # a solid's file has nothing to say of it
        with pytest.raises(ExportError, match="nothing to write"):
            write_shape(ODD_MESHES[name], tmp_path / "a.3mf")
        assert not list(tmp_path.iterdir())
    else:
        write_shape(ODD_MESHES[name], tmp_path / f"a.{suffix}")
        assert (tmp_path / f"a.{suffix}").stat().st_size > 0


def test_the_suffix_counts_in_any_case_and_missing_folders_are_made(tmp_path: Path) -> None:
    write_shape(make_mesh(), tmp_path / "new" / "folder" / "A.GLB")
    assert (tmp_path / "new" / "folder" / "A.GLB").read_bytes()[:4] == b"glTF"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("chair.gltf", r"unknown file format 'gltf'; choose from 3mf, binvox, glb, npz, obj, ply, sh3f, stl, usdz\."),
        ("chair.glbb", "Did you mean 'glb'"),
        ("chair.GIF", "shapeshot turntable PHOTO --out NAME.gif"),
        ("chair", "no suffix"),
        (".glb", "no suffix"),
        ("", "no suffix"),
    ],
)
def test_a_suffix_without_a_writer_is_refused_with_the_choices(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=message):
        find_writer(name)
    with pytest.raises(ExportError):
        write_shape(make_mesh(), tmp_path / "out" / name)
    assert not (tmp_path / "out").exists()


def test_a_shape_that_a_format_cannot_hold_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    target = tmp_path / "a.stl"
    target.write_text("old")
    with pytest.raises(ExportError, match=r"\.stl file cannot hold a point cloud; choose from \.glb, \.npz, "):
        write_shape(make_cloud(), target)
    assert [path.name for path in tmp_path.iterdir()] == ["a.stl"]
    assert target.read_text() == "old"


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize(
    "shape",
    [
        Mesh(np.zeros((3, 3)), np.zeros((0, 3))),
        VoxelGrid(np.zeros((2, 2, 2), bool)),
        pytest.param(PointCloud(np.zeros((0, 3))), id="cloud"),
    ],
)
def test_an_empty_shape_is_refused(suffix: str, shape, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"nothing to write|file cannot hold a"):
        write_shape(shape, tmp_path / f"a.{suffix}")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ExportError, match="cannot write"):
        write_shape(make_mesh(), tmp_path / "file" / "a.glb")
    (tmp_path / "folder.ply").mkdir()
    with pytest.raises(ExportError, match="cannot write"):
        write_shape(make_mesh(), tmp_path / "folder.ply")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.ply"]
