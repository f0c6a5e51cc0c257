"""PLY, OFF and STL as other programs write them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh
from gltf_files import box
from image_files import encoded
from PIL import Image

from shapeshot.data.objects import ObjectModel
from shapeshot.data.solids.solid import solid_occupancy
from shapeshot.data.sources.folder import read_mesh_file
from shapeshot.data.sources.readers.off import read_off
from shapeshot.data.sources.readers.ply import read_ply
from shapeshot.data.sources.readers.stl import read_stl
from shapeshot.errors import MeshError

CASES = Path(__file__).parent / "cases"
QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-1, 1) for z in (-1.5, 1.5)], float)


def volume(model: ObjectModel) -> float:
    return abs(float(trimesh.Trimesh(*model.merged(), process=False).volume))


def cells(model: ObjectModel) -> int:
    return int(solid_occupancy(*model.canonical()[0].merged()).sum())


# The handed-over files.


def test_a_concave_polygon_has_the_solid_of_its_triangles() -> None:
    assert cells(read_mesh_file(CASES / "ply" / "L.ply")) == 382_720
    assert cells(read_mesh_file(CASES / "ply" / "L_reference.obj")) == 382_720


@pytest.mark.parametrize(
    "name", ["ply/mixed_le.ply", "ply/st_col_le.ply", "ply/ushort.ply", "off/coff.off", "stl/trailing.stl"]
)
def test_boxes(name: str) -> None:
    model = read_mesh_file(CASES / name)
    assert volume(model) == pytest.approx(6)
    red, green, blue = model.parts[0].material.color
    if "col" in name or "ushort" in name or "coff" in name:
        assert red > 0.8
        assert max(green, blue) < 0.2


def test_a_prism_of_pentagons() -> None:
    assert volume(read_mesh_file(CASES / "off" / "pentagon.off")) == pytest.approx(
        2.5 * np.sin(np.radians(72)), rel=1e-4
    )


# PLY.


def ply(
    file_format: str, vertex: list[tuple[str, str]], rows: np.ndarray, faces: list[tuple[int, ...]], more: str = ""
) -> bytes:
    """A PLY of polygons. vertex: (type, name) of the properties behind x, y, z; rows: their values."""
    header = f"ply\nformat {file_format} 1.0\n{more}element vertex {len(CORNERS)}\n"
    properties = [("float", "x"), ("float", "y"), ("float", "z"), *vertex]
    header += "".join(f"property {kind} {name}\n" for kind, name in properties)
    header += f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    values = np.concatenate([CORNERS, rows], axis=1)
    if file_format == "ascii":
        body = "\n".join(" ".join(f"{value:g}" for value in row) for row in values) + "\n"
        body += "\n".join(" ".join(map(str, (len(face), *face))) for face in faces)
        return (header + body).encode()
    order = "<" if "little" in file_format else ">"
    codes = {"float": "f", "double": "d", "uchar": "B", "ushort": "H", "int": "i"}
    content = header.encode()
    for row in values:
        for (kind, _), value in zip(properties, row, strict=True):
            content += struct.pack(order + codes[kind], value if kind in ("float", "double") else int(value))
    for face in faces:
        content += struct.pack(f"{order}B{len(face)}i", len(face), *face)
    return content


@pytest.mark.parametrize("file_format", ["ascii", "binary_little_endian", "binary_big_endian"])
@pytest.mark.parametrize(
    "names", [("red", "green", "blue"), ("diffuse_red", "diffuse_green", "diffuse_blue"), ("r", "g", "b")]
)
@pytest.mark.parametrize(
    ("kind", "full"), [("uchar", 255), ("ushort", 65535), ("float", 1), ("float", 255), ("double", 1)]
)
def test_colours_by_every_name_and_type(file_format: str, names: tuple[str, ...], kind: str, full: int) -> None:
    colors = np.tile(np.array([1.0, 0.2, 0.6]) * full, (8, 1))
    rows = np.concatenate([np.zeros((8, 2)), colors], axis=1)
    properties = [("float", "s"), ("float", "t"), *((kind, name) for name in names)]
    model = read_ply(ply(file_format, properties, rows, QUADS), "a.ply", lambda name: None)
    assert volume(model) == pytest.approx(6)
    np.testing.assert_allclose(model.parts[0].material.color, [1, 0.2, 0.6], atol=0.01)


@pytest.mark.parametrize("file_format", ["ascii", "binary_little_endian", "binary_big_endian"])
def test_triangles_quads_and_larger_polygons_together(file_format: str) -> None:
    faces = [QUADS[0][:3], (QUADS[0][0], QUADS[0][2], QUADS[0][3]), *QUADS[1:], (0, 1)]
    assert volume(read_ply(ply(file_format, [], np.zeros((8, 0)), faces), "a.ply", lambda name: None)) == pytest.approx(
        6
    )


def test_a_texture_that_a_comment_names() -> None:
    picture = encoded(Image.new("RGB", (8, 8), (10, 200, 30)), "PNG")
    rows, properties = np.full((8, 2), 0.5), [("float", "texture_u"), ("float", "texture_v")]
    content = ply("binary_little_endian", properties, rows, QUADS, "comment TextureFile my wood.png\n")
    (part,) = read_ply(content, "a.ply", {"my wood.png": picture}.get).parts
    assert part.material.texture is not None
    assert tuple(part.material.texture[0, 0]) == (10, 200, 30)
    assert read_ply(content, "a.ply", lambda name: None).left_out == ("the texture my wood.png is missing",)


def two_textures(numbers: str) -> str:
    """Two triangles with coordinates of their corners, and two textures. numbers: a property of each face."""
    header = "ply\nformat ascii 1.0\ncomment TextureFile a.png\ncomment TextureFile b.png\nelement vertex 4\n"
    header += "".join(f"property float {axis}\n" for axis in "xyz")
    header += "element face 2\nproperty list uchar int vertex_indices\nproperty list uchar float texcoord\n"
    uvs = "6 0.5 0.5 0.5 0.5 0.5 0.5"
    tails = ("0", "1") if numbers else ("", "")
    body = f"0 0 0\n1 0 0\n1 1 0\n0 1 0\n3 0 1 2 {uvs} {tails[0]}\n3 0 2 3 {uvs} {tails[1]}\n"
    return header + numbers + "end_header\n" + body


def test_each_face_has_the_texture_that_it_asks_for() -> None:
    pictures = {f"{name}.png": encoded(Image.new("RGB", (4, 4), color), "PNG") for name, color in
                (("a", (10, 200, 30)), ("b", (200, 10, 30)))}  # fmt: skip
    model = read_ply(two_textures("property int texnumber\n").encode(), "a.ply", pictures.get)
    found = [tuple(np.asarray(part.material.texture)[0, 0]) for part in model.parts]
    assert (found, model.left_out) == ([(10, 200, 30), (200, 10, 30)], ())
    assert [len(part.faces) for part in model.parts] == [1, 1]
    alone = read_ply(two_textures("").encode(), "a.ply", pictures.get)
    assert len(alone.parts) == 1
    assert alone.left_out == ("of its 2 textures all but the first, which no face asks for",)


def test_coordinates_of_corners_and_other_elements() -> None:
    """As MeshLab writes them: texture coordinates in the faces, and edges behind."""
    text = (
        "ply\r\nformat ascii 1.0\r\ncomment TextureFile t.png\r\nelement vertex 4\r\nproperty float x\r\n"
        "property float y\r\nproperty float z\r\nelement face 1\r\nproperty list uchar int vertex_index\r\n"
        "property list uchar float texcoord\r\nproperty int texnumber\r\nelement edge 1\r\nproperty int vertex1\r\n"
        "property int vertex2\r\nend_header\r\n0 0 0\r\n1 0 0\r\n1 1 0\r\n0 1 0\r\n"
        "4 0 1 2 3 8 0 0 1 0 1 1 0 1 0\r\n0 1\r\n"
    )
    picture = encoded(Image.new("RGB", (8, 8), (10, 200, 30)), "PNG")
    (part,) = read_ply(text.encode(), "a.ply", {"t.png": picture}.get).parts
    np.testing.assert_allclose(part.uvs, part.vertices[:, :2])


def test_strips() -> None:
    header = (
        "ply\nformat ascii 1.0\nelement vertex 5\nproperty float x\nproperty float y\nproperty float z\n"
        "element tristrips 1\nproperty list int int vertex_indices\nend_header\n"
    )
    body = "0 0 0\n1 0 0\n0 1 0\n1 1 0\n9 9 9\n8 0 1 2 3 -1 0 1 2\n"
    vertices, faces = read_ply((header + body).encode(), "a.ply", lambda name: None).merged()
    a, b, c = vertices[faces].transpose(1, 0, 2)
    np.testing.assert_allclose(np.cross(b - a, c - a), [[0, 0, 1]] * 3)


BROKEN_PLY = {
    "cut in its vertices": (lambda whole: whole[:300], "cut short"),
    "cut in its faces": (lambda whole: whole[:-3], "cut short"),
    "a million million vertices": (lambda whole: whole.replace(b"vertex 8", b"vertex 999999999999"), "sensible count"),
    "many vertices": (lambda whole: whole.replace(b"vertex 8", b"vertex 20000000"), "cut short"),
    "a negative count": (lambda whole: whole.replace(b"vertex 8", b"vertex -8"), "sensible count"),
    "another format": (lambda whole: whole.replace(b"binary_little_endian", b"binary_middle"), "binary_middle"),
    "an unknown type": (lambda whole: whole.replace(b"property float x", b"property half x"), "half x"),
    "no end of its header": (lambda whole: whole.replace(b"end_header", b"end_of_it_"), "end_header"),
    "no x": (lambda whole: whole.replace(b"float x", b"float a"), "x, y and z"),
    "a corner beyond": (lambda whole: whole[:-4] + struct.pack("<i", 99), "beyond its 8 vertices"),
}


@pytest.mark.parametrize("what", BROKEN_PLY)
def test_broken_plys_are_refused_by_name(what: str) -> None:
    change, told = BROKEN_PLY[what]
    whole = ply("binary_little_endian", [("uchar", "red")], np.zeros((8, 1)), QUADS)
    with pytest.raises(MeshError, match=told) as caught:
        read_ply(change(whole), "a.ply", lambda name: None)
    assert "a.ply" in str(caught.value)


# OFF.

COLORED = "230 20 20"


def off(keyword: str, vertex_tail: str = "", face_tail: str = "") -> bytes:
    vertices = "\n".join(" ".join(f"{value:g}" for value in row) + f" {vertex_tail}" for row in CORNERS)
    faces = "\n".join(" ".join(map(str, (4, *quad))) + f" {face_tail}" for quad in QUADS)
    return f"{keyword}\n# made by hand\n8 6 12\n\n{vertices}\n{faces}\n".encode()


@pytest.mark.parametrize("content", [
    off("OFF"),
    off("OFF").replace(b"OFF\n# made by hand\n", b"OFF "),
    off("OFF").replace(b"OFF\n# made by hand\n", b"OFF"),
    off("OFF").replace(b"\n", b"\r\n"),
    b"\xef\xbb\xbf" + off("OFF"),
    off("NOFF", "0 0 1"),
    off("STOFF", "0.5 0.5"),
    off("OFF", "", "3"),
], ids=["plain", "one line", "ModelNet", "crlf", "mark", "normals", "texture", "map"])  # fmt: skip
def test_every_spelling_of_off(content: bytes) -> None:
    assert volume(read_off(content, "a.off")) == pytest.approx(6)


@pytest.mark.parametrize("content", [
    off("COFF", f"{COLORED} 255"),
    off("COFF", COLORED),
    off("COFF", "0.9 0.08 0.08 1.0"),
    off("CNOFF", f"0 0 1 {COLORED} 255"),
    off("STCNOFF", f"0 0 1 {COLORED} 255 0.5 0.5"),
    off("OFF", COLORED),
    off("OFF", "", COLORED),
    off("OFF", "", "0.9 0.08 0.08"),
    off("OFF", "", f"{COLORED} 255"),
    off("NCOFF", f"{COLORED} 255 0 0 1"),
    off("NCSTOFF", f"{COLORED} 255 0 0 1 0.5 0.5"),
], ids=[
    "coff", "rgb", "floats", "normals", "all", "plain", "faces", "face floats", "face alpha", "MeshLab", "with texture",
])  # fmt: skip
def test_colours_of_vertices_and_faces(content: bytes) -> None:
    model = read_off(content, "a.off")
    assert volume(model) == pytest.approx(6)
    np.testing.assert_allclose(model.parts[0].material.color, [0.9, 0.08, 0.08], atol=0.01)


@pytest.mark.parametrize("content", [
    off("COFF", "1 0 0 1"), off("COFF", "1 0 0"), off("OFF", "", "1 0 0"), off("OFF", "", "1 0 0 1"),
    off("COFF", "255 0 0 255"), off("OFF", "", "255 0 0"),
])  # fmt: skip
def test_floats_that_are_written_without_a_fraction(content: bytes) -> None:
    np.testing.assert_allclose(read_off(content, "a.off").parts[0].material.color, [1, 0, 0])


@pytest.mark.parametrize(("content", "told"), [
    (off("OFF BINARY"), "binary OFF"),
    (off("4OFF", "1"), "another dimension"),
    (off("HOFF"), "does not begin with OFF"),
    (off("OFF").replace(b"8 6 12", b"8"), "how many"),
    (off("OFF").replace(b"8 6 12", b"99999999999 6 0"), "more than one object"),
    (off("OFF").replace(b"8 6 12", b"80 6 12"), "cut short"),
    (off("OFF").replace(b"8 6 12", b"8 7 12"), "cut short"),
    (off("OFF").replace(b"-0.5", b"x", 1), "not the numbers"),
    (off("OFF").replace(b"4 0 1 3 2", b"4 0 1 3 9"), "beyond its 8 vertices"),
    (off("OFF").replace(b"4 0 1 3 2", b"-4 0 1 3 2"), "corners"),
])  # fmt: skip
def test_broken_offs_are_refused_by_name(content: bytes, told: str) -> None:
    with pytest.raises(MeshError, match=told) as caught:
        read_off(content, "a.off")
    assert "a.off" in str(caught.value)


# STL.


def stl(header: bytes = b"", behind: bytes = b"") -> bytes:
    vertices, faces = box()
    content = header.ljust(80, b" ")[:80] + struct.pack("<I", len(faces))
    for face in faces:
        content += struct.pack("<12fH", 0, 0, 0, *vertices[face].reshape(-1), 0)
    return content + behind


@pytest.mark.parametrize("content", [
    stl(), stl(b"solid made by a program"), stl(behind=b"\0" * 20), stl(behind=b"materials and more" * 9),
    trimesh.Trimesh(*box()).export(file_type="stl_ascii").encode(),
    trimesh.Trimesh(*box()).export(file_type="stl_ascii").upper().replace("\n", "\r\n").encode(),
    b"\xef\xbb\xbf" + trimesh.Trimesh(*box()).export(file_type="stl_ascii").encode(),
    trimesh.Trimesh(*box()).export(file_type="stl_ascii").encode("utf-16"),
], ids=["binary", "solid", "padded", "more", "text", "upper", "mark", "utf-16"])  # fmt: skip
def test_stls(content: bytes) -> None:
    model = read_stl(content, "a.stl")
    assert volume(model) == pytest.approx(6)
    assert len(model.merged()[0]) == 8


def test_a_text_stl_of_quads_is_said_to_be_one() -> None:
    corners = "".join(f"vertex {x} {y} 0\n" for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)))
    text = f"solid a\nfacet normal 0 0 1\nouter loop\n{corners}endloop\nendfacet\nendsolid a\n"
    with pytest.raises(MeshError, match="no triangles"):
        read_stl(text.encode(), "a.stl")


@pytest.mark.parametrize("count", [0, 0xFFFFFFFF])
def test_a_binary_stl_that_went_through_a_pipe(count: int) -> None:
    """Its program could not go back to write how many triangles there are; what is cut short stays refused."""
    content = stl()[:80] + struct.pack("<I", count) + stl()[84:]
    assert volume(read_stl(content, "a.stl")) == pytest.approx(6)
    with pytest.raises(MeshError, match=r"a\.stl"):
        read_stl(content[:-20], "a.stl")


@pytest.mark.parametrize("content", [
    stl()[:-60], stl()[:50], stl()[:84], b"solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\n",
    b"solid a\nendsolid a\n",
])  # fmt: skip
def test_broken_stls_are_refused_by_name(content: bytes) -> None:
    with pytest.raises(MeshError, match=r"a\.stl"):
        read_stl(content, "a.stl")


RANDOM = {
    "ply": (ply("binary_big_endian", [], np.zeros((8, 0)), QUADS), lambda content: read_ply(content, "a", {}.get)),
    "off": (off("COFF", COLORED), lambda content: read_off(content, "a")),
    "stl": (stl(), lambda content: read_stl(content, "a")),
}


@pytest.mark.parametrize("suffix", RANDOM)
def test_random_damage_is_always_a_mesh_error(suffix: str) -> None:
    whole, read = RANDOM[suffix]
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(300):
        damaged = np.frombuffer(whole, np.uint8).copy()
        damaged[rng.integers(0, len(damaged), 2)] = rng.integers(32, 127, 2)
        try:
            read(damaged.tobytes())
        except MeshError:
            refused += 1
    assert 0 < refused < 300
