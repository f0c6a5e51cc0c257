"""Small files that cost much: bounded by counts, told in one line, and read where they are merely odd."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from gltf_files import GltfFile, box
from image_files import encoded
from PIL import Image

from shapeshot.data.objects import ObjectModel
from shapeshot.data.sources.ids import free_id
from shapeshot.data.sources.readers import budget as budget_module
from shapeshot.data.sources.readers import textures as textures_module
from shapeshot.data.sources.readers.budget import ObjectBudget
from shapeshot.data.sources.readers.gltf import read_gltf
from shapeshot.data.sources.readers.polygons import triangulate
from shapeshot.data.sources.readers.wavefront import read_obj
from shapeshot.data.sources.sweethome3d import PROPERTIES, SweetHome3DSource, parse_properties
from shapeshot.errors import MeshError

CASES = Path(__file__).parent / "cases" / "obj"
TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"


def counted(files: dict[str, bytes]) -> tuple[Callable[[str], bytes | None], list[str]]:
    """(a way to the files, the names that were found by it)."""
    asked: list[str] = []

    def read(name: str) -> bytes | None:
        if name in files:
            asked.append(name)
        return files.get(name)

    return read, asked


def read(text: str, files: dict[str, bytes] | None = None) -> ObjectModel:
    return read_obj(text.encode(), "bomb.obj", (files or {}).get)


def test_a_library_named_20_000_times_is_read_once() -> None:
    read_file, asked = counted({"a.mtl": b"newmtl m\nKd 1 0 0\n"})
    model = read_obj(("mtllib a.mtl\n" * 20_000 + TRIANGLE + "usemtl m\nf 1 2 3\n").encode(), "a.obj", read_file)
    assert model.parts[0].material.color == (1, 0, 0)
    assert asked == ["a.mtl"]


@pytest.mark.parametrize("libraries", ["mtllib a{}.mtl\n", "mtllib " + "a{} " * 1 + "\n"])
def test_many_libraries_are_refused(libraries: str) -> None:
    text = "".join(libraries.format(number) for number in range(200)) + TRIANGLE + "f 1 2 3\n"
    with pytest.raises(MeshError, match="material libraries"):
        read(text)
    with pytest.raises(MeshError, match="material libraries"):
        read("mtllib " + " ".join(f"a{number}.mtl" for number in range(20_000)) + "\n" + TRIANGLE + "f 1 2 3\n")


def test_one_texture_under_300_names_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    decode = textures_module.decode_texture
    monkeypatch.setattr(textures_module, "decode_texture", lambda *args: decoded.append(args[1]) or decode(*args))
    picture = encoded(Image.new("RGB", (900, 900), (9, 9, 200)), "PNG")
    files = {f"{'./' * number}t.png": picture for number in range(300)}
    mtl = "".join(f"newmtl m{number}\nmap_Kd {name}\n" for number, name in enumerate(files))
    faces = "".join(f"usemtl m{number}\nf 1/1 2/1 3/1\n" for number in range(300))
    model = read("mtllib a.mtl\nvt 0 0\n" + TRIANGLE + faces, files | {"a.mtl": mtl.encode()})
    assert len(model.parts) == 300
    assert len(decoded) == 1
    assert len({id(part.material.texture) for part in model.parts}) == 1


def test_pixels_of_all_textures_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(budget_module._LIMITS, "pixels of textures", 2_000_000)
    files = {f"{number}.png": encoded(Image.new("L", (900, 900), number), "PNG") for number in range(3)}
    mtl = "".join(f"newmtl m{number}\nmap_Kd {number}.png\n" for number in range(3))
    faces = "".join(f"usemtl m{number}\nf 1/1 2/1 3/1\n" for number in range(3))
    with pytest.raises(MeshError, match="2,000,000 pixels of textures"):
        read("mtllib a.mtl\nvt 0 0\n" + TRIANGLE + faces, files | {"a.mtl": mtl.encode()})


def test_materials_that_no_face_uses_load_nothing() -> None:
    read_file, asked = counted({"a.mtl": ("newmtl m{0}\nmap_Kd t{0}.png\n" * 20_000).encode(), "t{0}.png": b"junk"})
    model = read_obj(("mtllib a.mtl\n" + TRIANGLE + "f 1 2 3\n").encode(), "a.obj", read_file)
    assert len(model.parts) == 1
    assert asked == ["a.mtl"]


def star(corners: int) -> np.ndarray:
    """float64 [corners, 3]: every other corner lies inside."""
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radius = np.where(np.arange(corners) % 2, 1.0, 0.5)
    return np.stack([np.cos(angles) * radius, np.sin(angles) * radius, np.zeros(corners)], axis=1)


def test_one_polygon_of_all_corners_is_refused_by_its_work() -> None:
    with pytest.raises(MeshError, match="cutting polygons"):
        triangulate(star(40_000), np.array([40_000]), ObjectBudget("a.obj"))
    points = star(4000)
    triangles = points[triangulate(points, np.array([4000]), ObjectBudget("a.obj"))]
    areas = np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1)
    x, y, _ = points.T
    assert areas.sum() / 2 == pytest.approx(abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2)


def test_time_runs_out() -> None:
    budget = ObjectBudget("slow.obj", seconds=0.0)
    with pytest.raises(MeshError, match=r"slow\.obj takes longer than 0 s"):
        budget.check_time()


def test_a_mesh_placed_without_end_is_refused() -> None:
    file = GltfFile()
    file.node([file.primitive(*box())])
    file.root["nodes"] = [{"mesh": 0}] * 21_000
    file.root["scenes"] = [{"nodes": list(range(21_000))}]
    with pytest.raises(MeshError, match="20,000 placed meshes"):
        read_gltf(file.glb(), "a.glb", lambda name: None)


def test_instances_without_data_are_refused() -> None:
    file = GltfFile()
    accessor = file.accessor(np.zeros((1, 3)))
    file.root["accessors"][accessor] = {
        "count": 25_000_000, "componentType": 5126, "type": "VEC3", "sparse": {"count": 0, "indices": {}, "values": {}}
    }  # fmt: skip
    file.node(
        [file.primitive(*box())], extensions={"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": accessor}}}
    )
    with pytest.raises(MeshError, match="nodes"):
        read_gltf(file.glb(), "a.glb", lambda name: None)


# Catalogues.


def catalogue(path: Path, properties: str, **files: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(PROPERTIES, properties.encode("latin-1"))
        for name, content in ({"a.obj": TRIANGLE + "f 1 2 3\n"} | files).items():
            archive.writestr(name, content)
    return path


def entry(number: int, **more: str) -> str:
    values = {"name": f"Chair {number}", "model": "a.obj", "width": "10", "depth": "10", "height": "10"} | more
    return "".join(f"{key}#{number}={value}\n" for key, value in values.items())


def test_a_line_of_a_million_pieces_is_joined_in_one_go() -> None:
    """Piece by piece it would be half a million million characters."""
    assert parse_properties("a=" + "b\\\n" * 1_000_000 + "c\nd=e")["d"] == "e"
    assert parse_properties("a=1\\\n   2\\\n   # no comment\n# comment\nb : x") == {"a": "12# no comment", "b": "x"}


def test_equal_ids_are_numbered_without_counting_from_the_start() -> None:
    taken: set[str] = set()
    assert [free_id("A chair", taken) for _ in range(4)] == ["a-chair", "a-chair-2", "a-chair-3", "a-chair-4"]

    class Asked(set[str]):
        questions = 0

        def __contains__(self, item: Any) -> bool:
            self.questions += 1
            return super().__contains__(item)

    many = Asked()
    assert len({free_id("x", many) for _ in range(3000)}) == 3000
    assert many.questions < 3000 * 30
    assert len(free_id("y" * 5000, taken)) <= 120


@pytest.mark.parametrize(("written", "shown"), [
    (r"Chair \ud83d\ude00", "Chair 😀"), (r"Chair \ud83d", "Chair \ufffd"), (r"\ude00\ud83d", "\ufffd\ufffd"),
])  # fmt: skip
def test_emoji_whole_and_half(tmp_path: Path, written: str, shown: str) -> None:
    path = catalogue(tmp_path / "a.sh3f", entry(1, name=written, creator=written) + entry(2))
    first, second = SweetHome3DSource([path]).entries()
    assert (first.info.name, first.info.creator) == (shown, shown)
    shown.encode()
    assert first.load().merged()[0].shape == (3, 3)
    assert second.info.name == "Chair 2"


def test_the_handed_over_objs() -> None:
    from shapeshot.data.solids.solid import solid_occupancy
    from shapeshot.data.sources.folder import read_mesh_file

    gear = read_mesh_file(CASES / "gear300" / "gear300.obj")
    assert trimesh.Trimesh(*gear.merged()).volume == pytest.approx(1.98220167 * 0.2)
    plain = solid_occupancy(*gear.canonical()[0].merged(), min_thickness=1 / 128)
    assert plain.sum() == pytest.approx(97_224, rel=0.005)
    far = solid_occupancy(*read_mesh_file(CASES / "utm" / "utm.obj").canonical()[0].merged())
    assert far.sum() == pytest.approx(1_060_900, rel=0.001)
    assert read_mesh_file(CASES / "tr1" / "tr1.obj").parts[0].material.opacity == 1.0
    (part,) = read_mesh_file(CASES / "vcol" / "vcol.obj").parts
    texels = np.asarray(part.material.texture).reshape(-1, 3).astype(int)
    for color in ((230, 13, 13), (13, 26, 230)):
        assert np.abs(texels - color).max(axis=1).min() <= 1


def test_vertex_colours_of_an_obj() -> None:
    low, high = "230 13 13", "0.05 0.1 0.9"
    text = f"v 0 0 0 {low}\nv 1 0 0 {low}\nv 0 1 0 {low}\nf 1 2 3\n"
    np.testing.assert_allclose(read(text).parts[0].material.color, [0.902, 0.051, 0.051], atol=0.002)
    text = f"v 0 0 0 {high}\nv 1 0 0 {high}\nv 0 1 0 {high}\nusemtl m\nf 1 2 3\nmtllib a.mtl\n"
    grey, blue = {"a.mtl": b"newmtl m\nKd 0.75 0.75 0.75\n"}, {"a.mtl": b"newmtl m\nKd 1 0 0\n"}
    np.testing.assert_allclose(read(text, grey).parts[0].material.color, [0.05, 0.1, 0.9])
    np.testing.assert_allclose(read(text, blue).parts[0].material.color, [0.05, 0, 0])


@pytest.mark.parametrize("color", ["\t1\t0\t0", " 1,0 0,0 0,0", " 255 0 0", " 1 0 0 1.0", " 1 0 0 # red"])
def test_vertex_colours_as_programs_write_them(color: str) -> None:
    """Behind tabs, with decimal commas, of 255, with alpha, with a comment."""
    text = "".join(f"v {point}{color}\n" for point in ("0 0 0", "1 0 0", "0 1 0")) + "f 1 2 3\n"
    text = text.replace("v ", "v\t").replace("0 0 0\t", "0\t0\t0\t") if "\t" in color else text
    np.testing.assert_allclose(read(text).parts[0].material.color, [1, 0, 0])


def test_a_comment_costs_no_other_vertex_its_colour() -> None:
    text = "v 0 0 0 # a 1 2\nv 1 0 0 1 0 0\nv 0 1 0 1 0 0\nv 1 1 0 1 0 0\nf 2 3 4\n"
    np.testing.assert_allclose(read(text).parts[0].material.color, [1, 0, 0])


def test_the_paint_of_zbrush() -> None:
    """In comments, eight digits a vertex: a mask, red, green, blue; in as many lines as there is room for."""
    text = TRIANGLE + "#MRGB ffff000000ff0000\n#MRGB ffff0000\nf 1 2 3\n"
    np.testing.assert_allclose(read(text).parts[0].material.color, [1, 0, 0])
    for paint in ("#MRGB ffff0000\n", "#MRGB " + "zz" * 12 + "\n", "#MRGB\n"):
        np.testing.assert_allclose(read(TRIANGLE + paint + "f 1 2 3\n").parts[0].material.color, [0.7, 0.7, 0.7])


@pytest.mark.parametrize(("statements", "opacity"), [
    ("Tr 1", 1.0), ("Tr 1.0", 1.0), ("Tr 0", 1.0), ("Tr 0.25", 0.75), ("Tr 1\nd 0.5", 0.5), ("d 0", 0.0),
])  # fmt: skip
def test_transparency_statements(statements: str, opacity: float) -> None:
    mtl = f"newmtl m\n{statements}\n".encode()
    model = read("mtllib a.mtl\nusemtl m\n" + TRIANGLE + "f 1 2 3\n", {"a.mtl": mtl})
    assert model.parts[0].material.opacity == opacity


def test_coordinates_far_from_the_origin_keep_their_shape() -> None:
    sphere = trimesh.creation.icosphere(subdivisions=3)
    text = "".join("v {:.6f} {:.6f} {:.6f}\n".format(*np.add(v, (5e5, 4.6e6, 120))) for v in sphere.vertices)
    text += "".join("f {} {} {}\n".format(*(f + 1)) for f in sphere.faces)
    vertices, faces = read(text).merged()
    assert trimesh.Trimesh(vertices, faces).volume == pytest.approx(sphere.volume, rel=1e-4)
    assert np.abs(vertices.mean(axis=0)).max() < 0.01


def test_what_is_missing_is_told() -> None:
    model = read("mtllib lost.mtl\n" + TRIANGLE + "f 1 2 3\n")
    assert model.left_out == ("the materials lost.mtl are missing",)
    mtl = {"a.mtl": b"newmtl m\nmap_Kd old.tga\n", "old.tga": bytes(18) + b"TRUEVISION-XFILE.\0"}
    model = read("mtllib a.mtl\nusemtl m\n" + TRIANGLE + "f 1 2 3\n", mtl)
    assert "the texture old.tga is not an image that can be read" in model.left_out[0]
