"""What other projects' users reported, tried here with files of our own; docs/robustness.md lists the reports.

Each case is named after the report; nothing of its files or code is used.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any
from zlib import compress

import numpy as np
import pytest
import trimesh
from gltf_files import GltfFile, box
from image_files import RED, encoded, exif_block, jpeg_segment, png_chunk, tiff_file, two_halves
from PIL import Image

from shapeshot.data.objects import ObjectModel
from shapeshot.data.sources.folder import read_mesh_file
from shapeshot.data.sources.readers.gltf import read_gltf
from shapeshot.errors import PhotoError
from shapeshot.photo import load_photo, read_photo

TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"
GREEN = (10, 200, 30)
PICTURE = encoded(Image.new("RGB", (8, 8), GREEN), "PNG")


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Writes files beside each other and reads the first."""

    def read_first(**files: str | bytes) -> ObjectModel:
        for name, content in files.items():
            path = tmp_path / name.replace("__", ".").replace("_", " ")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_mesh_file(tmp_path / next(iter(files)).replace("__", ".").replace("_", " "))

    return read_first


def area(model: ObjectModel) -> float:
    return float(trimesh.Trimesh(*model.merged(), process=False).area)


def test_trimesh_2364_negative_indices_between_the_vertices(read: Any) -> None:
    one = "v {0} 0 0\nv {1} 0 0\nv {1} 1 0\nusemtl {2}\nf -1 -2 -3\n"
    text = "mtllib a.mtl\n" + one.format(0, 1, "m") + "o b\n" + one.format(2, 3, "n") + one.format(4, 5, "m")
    model = read(a__obj=text, a__mtl="newmtl m\nKd 1 0 0\nnewmtl n\nKd 0 0 1\n")
    assert area(model) == pytest.approx(1.5)
    assert [(part.material.color, len(part.faces)) for part in model.parts] == [((1, 0, 0), 2), ((0, 0, 1), 1)]
    np.testing.assert_allclose(np.unique(model.parts[1].vertices[:, 0]), [2, 3])


def test_trimesh_1829_a_group_that_looks_like_a_face(read: Any) -> None:
    assert area(read(a__obj="g An f Three Other Thing\no f 1 2 3\n" + TRIANGLE + "f 1 2 3\n")) == pytest.approx(0.5)


def test_pytorch3d_1068_a_library_of_one_material_without_usemtl(read: Any) -> None:
    text = "mtllib a.mtl\n" + TRIANGLE + "vt 0 0\nf 1/1 2/1 3/1\n"
    (part,) = read(a__obj=text, a__mtl="newmtl t\nmap_Kd t.png\n", t__png=PICTURE).parts
    assert tuple(part.material.texture[0, 0]) == GREEN
    model = read(a__obj=text, a__mtl="newmtl t\nmap_Kd t.png\nnewmtl u\nKd 1 0 0\n")
    assert model.parts[0].material.texture is None  # of two, which one is a guess


def test_a_material_that_its_library_lacks_is_told(read: Any) -> None:
    model = read(a__obj="mtllib a.mtl\nusemtl lost\n" + TRIANGLE + "f 1 2 3\n", a__mtl="newmtl m\nKd 1 0 0\n")
    assert model.left_out == ("the material lost is not defined",)


def test_pytorch3d_1594_texture_coordinates_that_are_not_there(read: Any) -> None:
    text = "mtllib a.mtl\n" + TRIANGLE + "vt 0 0\nusemtl t\nf 1/9 2/9 3/9\n"
    model = read(a__obj=text, a__mtl="newmtl t\nmap_Kd t.png\n", t__png=PICTURE)
    assert model.left_out == ("3 corners name texture coordinates that are not there",)
    np.testing.assert_allclose(model.parts[0].material.color, np.array(GREEN) / 255)


@pytest.mark.parametrize("statement", ["map_Kd my t.png ", "map_Kd -s -15.0 -15.0 -3.7 my t.png", "map_Kd\tmy t.png\r"])
def test_open3d_2654_and_kiss3d_228_options_and_blanks_about_a_texture(read: Any, statement: str) -> None:
    text = "mtllib a.mtl\n" + TRIANGLE + "vt 0 0\nusemtl t\nf 1/1 2/1 3/1\n"
    model = read(a__obj=text, a__mtl=f"newmtl t\n{statement}\n", my_t__png=PICTURE)
    assert tuple(model.parts[0].material.texture[0, 0]) == GREEN


def test_meshio_530_a_binary_stl_that_begins_with_solid(read: Any) -> None:
    vertices, faces = box()
    rows = b"".join(struct.pack("<12fH", 0, 0, 0, *vertices[face].reshape(-1), 0) for face in faces)
    model = read(a__stl=b"solid SolidWorks part".ljust(80) + struct.pack("<I", len(faces)) + rows)
    assert area(model) == pytest.approx(22)


def test_pymesh_13_colours_of_vertices_and_faces_in_one_file(read: Any) -> None:
    header = "ply\nformat ascii 1.0\nelement vertex 3\n"
    header += "".join(f"property float32 {axis}\n" for axis in "xyz")
    colors = "".join(f"property uint8 {name}\n" for name in ("red", "green", "blue", "alpha"))
    header += colors + "element face 1\nproperty list uint8 int32 vertex_indices\n"
    header += "property list uint8 float32 texcoord\n" + colors + "end_header\n"
    body = "0 0 0 9 9 9 255\n1 0 0 9 9 9 255\n0 1 0 9 9 9 255\n3 0 1 2 6 0 0 1 0 0 1 200 10 20 255\n"
    model = read(a__ply=header + body)
    np.testing.assert_allclose(model.parts[0].material.color, np.array([200, 10, 20]) / 255)


def test_pcl_2958_misspelt_colours_are_told(read: Any) -> None:
    header = "ply\nformat ascii 1.0\nelement vertex 3\n" + "".join(f"property float {axis}\n" for axis in "xyz")
    header += "".join(f"property uchar {name}\n" for name in ("red", "greeb", "blue"))
    header += "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
    model = read(a__ply=header + "0 0 0 9 9 9\n1 0 0 9 9 9\n0 1 0 9 9 9\n3 0 1 2\n")
    assert model.left_out == ("colours of each vertex without red, green or blue",)


def test_open3d_2120_a_ply_of_quads(read: Any) -> None:
    header = "ply\nformat ascii 1.0\ncomment a cube\nelement vertex 8\nproperty float x\nproperty float y\n"
    header += "property float z\nelement face 6\nproperty list uchar int vertex_index\nend_header\n"
    corners = "0 0 0\n0 0 1\n0 1 1\n0 1 0\n1 0 0\n1 0 1\n1 1 1\n1 1 0\n"
    faces = "4 0 1 2 3\n4 7 6 5 4\n4 0 4 5 1\n4 1 5 6 2\n4 2 6 7 3\n4 3 7 4 0\n"
    assert area(read(a__ply=header + corners + faces)) == pytest.approx(6)


@pytest.mark.parametrize(
    ("of_mesh", "of_node", "side"), [([0.5], None, 1.5), ([0.5], [1.0], 2.0), (None, [0.25], 1.25)]
)
def test_three_js_11796_and_gltfast_531_weights_of_mesh_and_node(
    read: Any, of_mesh: list[float] | None, of_node: list[float] | None, side: float
) -> None:
    file = GltfFile()
    vertices, faces = box((1, 1, 1))
    primitive = file.primitive(vertices, faces, targets=[{"POSITION": file.accessor(vertices)}])
    file.node([primitive], **({"weights": of_node} if of_node else {}))
    file.root["meshes"][0] |= {"weights": of_mesh} if of_mesh else {}
    np.testing.assert_allclose(np.ptp(read(a__glb=file.glb()).merged()[0], axis=0), side)


PLAIN = encoded(two_halves(), "JPEG")
TABLE = PLAIN.find(b"\xff\xdb")
XMP = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description tiff:Orientation="1"/></x:xmpmeta>'


@pytest.mark.parametrize("content", [
    PLAIN[:TABLE] + b"\0" + PLAIN[TABLE:],
    PLAIN[:TABLE] + b"\xff\0\xff\0" + PLAIN[TABLE:],
    PLAIN[:2] + jpeg_segment(0xE1, b"Exif\0\0http://ns.adobe.com/xap/1.0/\0<x/>") + PLAIN[2:],
], ids=["Pillow 630", "Pillow 1977", "Pillow 7879"])  # fmt: skip
def test_jpegs_with_bytes_that_do_not_belong(content: bytes) -> None:
    assert np.allclose(load_photo(content)[16, 8, :3], RED, atol=14)


def test_epeg_18_exif_speaks_before_xmp_in_either_order() -> None:
    exif, xmp = jpeg_segment(0xE1, exif_block(6)), jpeg_segment(0xE1, XMP)
    for first, second in ((exif, xmp), (xmp, exif)):
        assert read_photo(PLAIN[:2] + first + second + PLAIN[2:]).size == (32, 64)


def test_pillow_2717_a_progressive_photo_that_is_cut_short_is_not_shown_black() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3)).astype(np.uint8)
    content = encoded(Image.fromarray(noise), "JPEG", progressive=True)
    with pytest.raises(PhotoError, match="cut short"):
        load_photo(content[: len(content) // 2])


def test_pillow_1960_a_second_picture_that_is_a_thumbnail() -> None:
    file = io.BytesIO()
    two_halves().save(file, "MPO", save_all=True, append_images=[Image.new("RGB", (20, 20), GREEN)])
    assert np.allclose(load_photo(file.getvalue())[16, 8, :3], RED, atol=14)


def test_trimesh_753_and_pymesh_162_counts_right_behind_off(read: Any) -> None:
    text = "OFF4 2 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n3 0 1 2\n3 0 2 3\n"
    assert area(read(a__off=text)) == pytest.approx(1)


def test_openscad_5380_and_meshlab_1281_a_binary_stl_that_counts_no_triangles(read: Any) -> None:
    vertices, faces = box()
    rows = b"".join(struct.pack("<12fH", 0, 0, 0, *vertices[face].reshape(-1), 0) for face in faces)
    assert area(read(a__stl=bytes(84) + rows)) == pytest.approx(22)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_imagesharp_740_a_transparent_grey_of_few_bits(bits: int) -> None:
    samples = np.repeat([1, 0], 32).repeat(32).reshape(2, 32, 32).transpose(1, 0, 2).reshape(32, 64)
    packed = np.packbits(((samples[..., None] >> np.arange(bits)[::-1]) & 1).astype(np.uint8).reshape(32, -1), axis=1)
    rows = np.concatenate([np.zeros((32, 1), np.uint8), packed], axis=1).tobytes()
    chunks = (
        png_chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 32, bits, 0, 0, 0, 0)),
        png_chunk(b"tRNS", struct.pack(">H", 1)),
        png_chunk(b"IDAT", compress(rows)),
        png_chunk(b"IEND", b""),
    )
    alpha = load_photo(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))[..., 3]
    assert (alpha[:, :32] == 0).all()
    assert (alpha[:, 32:] == 255).all()


@pytest.mark.parametrize("wrong", [-2, 60])
def test_metadata_extractor_121_and_308_a_segment_that_states_a_wrong_length(wrong: int) -> None:
    block = exif_block(6)
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2 + wrong) + block
    assert read_photo(PLAIN[:2] + segment + PLAIN[2:]).size == (32, 64)


def test_w3c_png_310_and_exif_js_86_exif_in_a_text_of_a_png() -> None:
    plain, block = encoded(two_halves(), "PNG"), exif_block(6)
    text = f"Raw profile type exif\0\nexif\n{len(block):8}\n{block.hex()}\n".encode()
    assert read_photo(plain[:33] + png_chunk(b"tEXt", text) + plain[33:]).size == (32, 64)


RAMP = np.linspace(0, 1, 64)[None, :].repeat(32, 0)
TWELVE_BITS = np.rint(RAMP * 4095).astype(np.uint16)


@pytest.mark.parametrize("content", [
    tiff_file(np.dstack([TWELVE_BITS] * 3), planar=True),
    tiff_file(4095 - TWELVE_BITS, photometric=0),
    tiff_file(RAMP.astype(np.float32), ">", packed=True),
], ids=["TwelveMonkeys 184", "darktable 18815", "Pillow 388"])  # fmt: skip
def test_tiffs_in_planes_of_white_zero_and_of_big_endian_floats(content: bytes) -> None:
    assert np.abs(load_photo(content)[..., :3] - np.rint(RAMP * 255)[..., None]).max() <= 1


@pytest.mark.parametrize("end", ["\\\n", "\\ \n"])
def test_trimesh_1104_and_cinder_1129_a_blank_behind_the_backslash(read: Any, end: str) -> None:
    assert area(read(a__obj=TRIANGLE + f"f 1 2{end} 3\n")) == pytest.approx(0.5)


def test_pmp_201_paint_of_zbrush(read: Any) -> None:
    model = read(a__obj=TRIANGLE + "f 1 2 3\n#MRGB ff00ff00ff00ff00ff00ff00\n")
    np.testing.assert_allclose(model.parts[0].material.color, [0, 1, 0])


def test_angel_studios_3_names_in_other_cases(read: Any) -> None:
    text = "mtllib A.MTL\n" + TRIANGLE + "vt 0 0\nusemtl t\nf 1/1 2/1 3/1\n"
    model = read(a__obj=text, a__mtl="newmtl t\nmap_Kd T.Png\n", t__png=PICTURE)
    assert tuple(model.parts[0].material.texture[0, 0]) == GREEN


def test_babylon_6594_a_texture_of_coordinates_that_are_not_there() -> None:
    file = GltfFile()
    index = file.texture(PICTURE)
    number = file.material(surface={"baseColorTexture": {"index": index, "texCoord": 2}})
    file.node([file.primitive(*box(), material=number)])
    assert read_gltf(file.glb(), "a.glb", lambda name: None).left_out == (
        "a texture is looked up by TEXCOORD_2, which its mesh has not",
    )
