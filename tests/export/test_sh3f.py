"""Furniture libraries through the catalogue reader, which knows nothing of this writer."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shapeshot.data.sources.sweethome3d import SweetHome3DSource, parse_properties
from shapeshot.errors import ExportError
from shapeshot.export import encode_shape, write_shape
from shapeshot.export.sh3f import FurnitureLabels, encode_sh3f, merge_libraries, pieces_of
from shapeshot.geometry import Mesh, VoxelGrid
from shapeshot.geometry.isosurface import isosurface

PROPERTIES = "PluginFurnitureCatalog.properties"


def make_mesh(seed: int = 0, size: float = 1.0) -> Mesh:
    """Lopsided, some size in metres, in two colours."""
    rng = np.random.default_rng(seed)
    vertices, faces = isosurface(rng.standard_normal((6, 7, 9)), 0.3, (-0.4, 0.1, -0.2), (0.13, 0.09, 0.05))
    colors = np.where(vertices[:, :1] > 0, [[0.8, 0.2, 0.1]], [[0.1, 0.3, 0.6]])
    return Mesh(vertices * np.float32(size), faces, colors)


def only_entry(path: Path):
    source = SweetHome3DSource([path])
    assert not source.unreadable()
    [entry] = source.entries()
    return entry


def extents(mesh: Mesh) -> np.ndarray:
    return np.ptp(mesh.bounds, axis=0)


@pytest.mark.parametrize("size", [1.0, 0.037, 2.6])
def test_the_reader_finds_the_size_and_the_shape(size: float, tmp_path: Path) -> None:
    mesh = make_mesh(size=size)
    write_shape(mesh, tmp_path / "Blue chair.sh3f")
    entry = only_entry(tmp_path / "Blue chair.sh3f")
    np.testing.assert_allclose(entry.info.size_metres, extents(mesh), atol=1e-6)
    for found in (entry.load(), entry.load_rotated()):  # stretched to the entry's size, and as in the OBJ
        [part] = found.parts
        np.testing.assert_allclose(part.vertices[part.faces], mesh.triangles, atol=1e-4 * size)


def test_what_a_piece_says_of_itself(tmp_path: Path) -> None:
    labels = FurnitureLabels("Living room", "Zoë Ångström", "CC BY 4.0")
    (tmp_path / "a.sh3f").write_bytes(encode_sh3f(make_mesh(), "Café: sofa \\ = 家具 🛋", labels))
    info = only_entry(tmp_path / "a.sh3f").info
    with zipfile.ZipFile(tmp_path / "a.sh3f") as library:
        found = parse_properties(library.read(PROPERTIES).decode("latin-1"))
    # Java strings are UTF-16: beyond the first plane a character is two escapes.
    name = found["name#1"].encode("utf-16", "surrogatepass").decode("utf-16")
    assert name == "Café: sofa \\ = 家具 🛋"
    assert found["license"] == "CC BY 4.0"
    assert (info.category, info.creator) == ("Living room", "Zoë Ångström")
    assert (found["movable#1"], found["doorOrWindow#1"], found["multiPartModel#1"]) == ("true", "false", "true")
    assert found["id#1"].startswith("shapeshot#caf-sofa-")


def test_colours_reach_the_program_as_a_texture(tmp_path: Path) -> None:
    mesh = make_mesh()
    write_shape(mesh, tmp_path / "a.sh3f")
    [part] = only_entry(tmp_path / "a.sh3f").load().parts
    texture = part.material.texture
    height, width = texture.shape[:2]
    column, row = np.rint(part.uvs * [width, height] - 0.5).astype(int).T
    seen = texture[height - 1 - row, column, :3] / 255
    np.testing.assert_allclose(seen[part.faces], mesh.colors[mesh.faces], atol=0.02)


def test_the_obj_is_one_that_sweet_home_3d_reads() -> None:
    with zipfile.ZipFile(io.BytesIO(encode_sh3f(make_mesh()))) as library:
        lines = library.read("1/model.obj").decode().splitlines()
    # Its OBJLoader expects the end of the line behind three coordinates.
    assert {len(line.split()) for line in lines if line.startswith("v ")} == {4}


def test_the_icon_shows_the_piece() -> None:
    with zipfile.ZipFile(io.BytesIO(encode_sh3f(make_mesh()))) as library:
        assert library.testzip() is None
        icon = np.asarray(Image.open(io.BytesIO(library.read("1/icon.png"))))
    assert icon.shape == (128, 128, 4)
    opaque = icon[icon[..., 3] == 255].astype(int)
    assert 0.1 < len(opaque) / 128**2 < 0.9
    assert (opaque[:, 0] > opaque[:, 2] + 40).any()  # red parts
    assert (opaque[:, 2] > opaque[:, 0] + 20).any()  # blue parts


def test_voxels_and_plain_meshes_are_pieces_too(tmp_path: Path) -> None:
    grid = VoxelGrid(np.random.default_rng(0).random((4, 4, 4)) < 0.5, side=0.8)
    (tmp_path / "a.sh3f").write_bytes(encode_shape(grid, "sh3f"))
    entry = only_entry(tmp_path / "a.sh3f")
    occupied = np.argwhere(grid.occupancy)
    np.testing.assert_allclose(entry.info.size_metres, (np.ptp(occupied, axis=0) + 1) * 0.2, atol=1e-6)


def test_a_flat_thing_is_a_piece_too(tmp_path: Path) -> None:
    write_shape(Mesh([[0, 0, 0], [1, 0, 0], [0, 0.5, 0]], [[0, 1, 2]]), tmp_path / "a.sh3f")
    np.testing.assert_allclose(only_entry(tmp_path / "a.sh3f").info.size_metres, [1, 0.5, 1e-4])


def test_libraries_merge_in_order_with_labels_and_ids_of_their_own(tmp_path: Path) -> None:
    meshes = {"chair": make_mesh(0), "chair copy": make_mesh(0), "Tisch ü": make_mesh(2, 1.7)}
    parts = []
    for number, (name, mesh) in enumerate(meshes.items()):
        parts.append(tmp_path / f"part{number}.sh3f")
        parts[-1].write_bytes(encode_sh3f(mesh, "chair" if name == "chair copy" else name))
    count = merge_libraries(parts, tmp_path / "My room.sh3f", FurnitureLabels("Office", "Ann", "CC0"))
    source = SweetHome3DSource([tmp_path / "My room.sh3f"])
    entries = source.entries()
    assert (count, len(entries), list(source.unreadable())) == (3, 3, [])
    assert [entry.info.name for entry in entries] == ["chair", "chair", "Tisch ü"]
    assert {(entry.info.category, entry.info.creator, entry.info.licence) for entry in entries} == {
        ("Office", "Ann", "CC0-1.0")
    }
    for entry, mesh in zip(entries, meshes.values(), strict=True):
        np.testing.assert_allclose(entry.info.size_metres, extents(mesh), atol=1e-6)
        [part] = entry.load().parts
        np.testing.assert_allclose(part.vertices[part.faces], mesh.triangles, atol=1e-4)
    with zipfile.ZipFile(tmp_path / "My room.sh3f") as library:
        found = parse_properties(library.read(PROPERTIES).decode("latin-1"))
        assert len({found[f"id#{number}"] for number in (1, 2, 3)}) == 3
        assert {found[f"{key}#3"].lstrip("/") for key in ("model", "icon")} <= set(library.namelist())
        assert found["name"] == "My room"
    assert {path.name for path in tmp_path.glob("*.sh3f")} == {path.name for path in parts} | {"My room.sh3f"}


def test_pieces_come_out_of_a_library_as_they_went_in(tmp_path: Path) -> None:
    names = ["chair", "chair", " Tisch \\ ü 🪑", "not wanted"]
    parts = {tmp_path / f"{number}.sh3f": encode_sh3f(make_mesh(number % 2), name) for number, name in enumerate(names)}
    for path, content in parts.items():
        path.write_bytes(content)
    library = tmp_path / "all.sh3f"
    merge_libraries(parts, library, FurnitureLabels("Office", "Ann", "CC0"), note=lambda part: part.stem.encode())
    found = dict(pieces_of(library, lambda note: None if note == b"3" else names[int(note)]))
    assert found == {path.stem.encode(): content for path, content in parts.items() if path.stem != "3"}
    merge_libraries(parts, library, FurnitureLabels())
    assert list(pieces_of(library, lambda note: "chair")) == []


def test_a_damaged_part_is_named_and_the_old_library_stays(tmp_path: Path) -> None:
    content = encode_sh3f(make_mesh())
    (tmp_path / "part.sh3f").write_bytes(content[: len(content) // 2])
    (tmp_path / "a.sh3f").write_bytes(content)
    with pytest.raises(ExportError, match=r"part\.sh3f is damaged"):
        merge_libraries([tmp_path / "part.sh3f"], tmp_path / "a.sh3f", FurnitureLabels())
    assert (tmp_path / "a.sh3f").read_bytes() == content


def test_no_pieces_make_no_library(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="nothing to write"):
        merge_libraries([], tmp_path / "a.sh3f", FurnitureLabels())
    assert not list(tmp_path.iterdir())
