"""Text of many encodings, and OBJ and MTL files in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from image_files import encoded
from PIL import Image

from shapeshot.data.objects import ObjectModel
from shapeshot.data.sources.folder import read_mesh_file
from shapeshot.data.sources.readers.text import as_utf8, decode_text, likely_encoding, spellings
from shapeshot.data.sources.readers.wavefront import read_obj
from shapeshot.names import whole_text

CASES = Path(__file__).parent / "cases" / "obj"
TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["红色木", "Stühle, Eiche hell", "plain"])
def test_marks_and_utf_8(text: str, encoding: str) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    assert decode_text(mark + text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", ["usemtl 红色木\nf 1 2 3\n" * 3, "usemtl Stühle\n", "v 0.5 1 2\n"])
def test_wide_text_with_and_without_a_mark(text: str, encoding: str) -> None:
    """Without one, its zeros tell; of UTF-32 a mark is asked for."""
    if encoding.startswith("utf-32-"):
        text = "\ufeff" + text
    content = text.encode(encoding)
    assert decode_text(content) == text.removeprefix("\ufeff")
    assert decode_text(content + b"\0") == text.removeprefix("\ufeff"), "a byte too many costs no letter"
    assert as_utf8(content).decode() == text.removeprefix("\ufeff")


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00\xd8a", b"\xfe\xff\xd8\x00", b"\xff\xfe\0\0\xff\xff\xff\xff", b"\xef\xbb\xbf\xff"]
)
def test_damage_leaves_text_that_can_be_written(content: bytes) -> None:
    decode_text(content).encode()


@pytest.mark.parametrize(("text", "encoding"), [
    ("红色木材 蓝色", "gb18030"), ("红", "gb18030"),
    ("Stühle aus Eiche, weiß", "latin-1"), ("façade brûlée", "latin-1"),
])  # fmt: skip
def test_gb18030_and_latin_1_are_told_apart(text: str, encoding: str) -> None:
    assert decode_text(text.encode(encoding)) == text


def test_files_are_decoded_together() -> None:
    """Alone, the first could be Chinese; its library says that it is not."""
    first, second = "Größe".encode("latin-1"), "usemtl Müller Söhne".encode("latin-1")
    assert likely_encoding([first, second]) == "latin-1"


def test_surrogates_become_what_they_stand_for() -> None:
    assert whole_text("a\ud83d\ude00b") == "a😀b"
    assert whole_text("a\ud83d") == "a\ufffd"
    assert decode_text("😀".encode("utf-16-be").decode("utf-16-be").encode("utf-8")) == "😀"
    assert decode_text(b"\xed\xa0\xbd\xed\xb8\x80") == "😀"  # CESU-8
    whole_text("\udfff\ud800\ud800\udc00x").encode()


def test_spellings_of_a_name() -> None:
    assert "Stühle.png" in set(spellings("Stühle.png".encode().decode("latin-1")))
    assert list(spellings("plain.png")) == ["plain.png"]


def colors(model: ObjectModel) -> list[tuple[float, ...]]:
    return [part.material.color for part in model.parts]


@pytest.mark.parametrize("of_mtl", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("of_obj", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_names_match_across_encodings(of_obj: str, of_mtl: str) -> None:
    obj = f"mtllib 家具.mtl\n{TRIANGLE}usemtl 红色木\nf 1 2 3\nusemtl 蓝\nf 1 3 2\n".encode(of_obj)
    mtl = "newmtl 红色木\nKd 1 0 0\nnewmtl 蓝\nKd 0 0 1\n".encode(of_mtl)
    model = read_obj(obj, "a.obj", {"家具.mtl": mtl}.get)
    assert colors(model) == [(1, 0, 0), (0, 0, 1)]
    assert model.left_out == ()


@pytest.mark.parametrize("of_mtl", ["utf-8", "latin-1", "utf-16"])
@pytest.mark.parametrize("of_obj", ["utf-8", "latin-1", "utf-16"])
def test_western_names_match_and_find_their_textures(of_obj: str, of_mtl: str) -> None:
    obj = f"mtllib Möbel.mtl\n{TRIANGLE}vt 0 0\nusemtl Buche weiß\nf 1/1 2/1 3/1\n".encode(of_obj)
    mtl = "newmtl Buche weiß\nKd 1 0 0\nmap_Kd Hölzer.png\n".encode(of_mtl)
    files = {"Möbel.mtl": mtl, "Hölzer.png": encoded(Image.new("RGB", (4, 4), (9, 90, 200)), "PNG")}
    (part,) = read_obj(obj, "a.obj", files.get).parts
    assert part.material.texture is not None
    assert tuple(part.material.texture[0, 0]) == (9, 90, 200)


def test_the_handed_over_cases() -> None:
    assert colors(read_mesh_file(CASES / "bom_obj" / "bom_obj.obj")) == [(0.9, 0.05, 0.05)]
    red, blue = colors(read_mesh_file(CASES / "gbk" / "gbk.obj"))
    assert red[0] > 0.8
    assert blue[2] > 0.8


MTL = b"newmtl m\nKd 1 0 0\n"
# (name in the OBJ, its encoding, the name on the disk)
ON_DISK = [
    ("材质.mtl", "gb18030", "材质.mtl".encode("gb18030")), ("材质.mtl", "utf-8", "材质.mtl".encode("gb18030")),
    ("Stühle.mtl", "latin-1", "Stühle.mtl".encode("latin-1")), ("Stühle.mtl", "utf-16", "Stühle.mtl".encode("latin-1")),
    ("Stu\u0308hle.mtl", "utf-8", "Stühle.mtl".encode()), ("Stühle.mtl", "utf-8", "Stu\u0308hle.mtl".encode()),
    ("CHAIR.MTL", "utf-8", b"chair.mtl"), ("Mats/Chair.mtl", "utf-8", b"mats/chair.MTL"),
    ('"my lib.mtl"', "utf-8", b"my lib.mtl"), ("C:\\Users\\me\\a.mtl", "utf-8", b"a.mtl"),
    (".\\mats\\a.mtl", "utf-8", b"mats/a.mtl"), ("my  lib.mtl", "utf-8", b"my  lib.mtl"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "encoding", "on_disk"), ON_DISK)
def test_a_library_is_found_by_other_spellings_of_its_name(
    tmp_path: Path, name: str, encoding: str, on_disk: bytes
) -> None:
    path = tmp_path / os.fsdecode(on_disk)
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(MTL)
    except OSError:
        pytest.skip("this file system takes no such name")
    (tmp_path / "a.obj").write_bytes(f"mtllib {name}\n{TRIANGLE}usemtl m\nf 1 2 3\n".encode(encoding))
    model = read_mesh_file(tmp_path / "a.obj")
    assert (colors(model), model.left_out) == ([(1, 0, 0)], ())


def test_another_spelling_does_not_lead_outside(tmp_path: Path) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    (tmp_path / "secret.mtl").write_bytes(MTL)
    (folder / "LINK.mtl").symlink_to(tmp_path / "secret.mtl")
    for name in ("../SECRET.mtl", "link.MTL", "../Inside/../secret.MTL"):
        (folder / "a.obj").write_text(f"mtllib {name}\n{TRIANGLE}usemtl m\nf 1 2 3\n")
        assert colors(read_mesh_file(folder / "a.obj")) != [(1, 0, 0)]


@pytest.mark.parametrize("name", ["Stuhl\x85", "a\u2028b", "a\x1cb", "x\x0by"])
def test_what_python_takes_for_the_end_of_a_line_may_stand_in_a_name(name: str) -> None:
    obj = f"mtllib a.mtl\n{TRIANGLE}usemtl {name}.\nf 1 2 3\n".encode()
    assert colors(read_obj(obj, "a.obj", {"a.mtl": f"newmtl {name}.\nKd 1 0 0\n".encode()}.get)) == [(1, 0, 0)]


def test_marks_in_the_middle_of_joined_files() -> None:
    obj = f"# first\n\ufeffmtllib a.mtl\n{TRIANGLE}usemtl m\nf 1 2 3\n".encode()
    assert colors(read_obj(obj, "a.obj", {"a.mtl": MTL}.get)) == [(1, 0, 0)]


@pytest.mark.parametrize("end", ["\\\n", "\\ \n", "\\\t\r\n", "\\\r"])
def test_lines_that_go_on_in_the_next(end: str) -> None:
    square = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"
    text = square + f"f 1 2 {end} 3 4\n"
    model = read_obj((text.replace("\n", "\r") if end == "\\\r" else text).encode(), "a.obj", lambda name: None)
    assert len(model.parts[0].faces) == 2
