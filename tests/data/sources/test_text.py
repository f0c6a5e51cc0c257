"""Text of many encodings, and OBJ and MTL files in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from image_files import encoded
from PIL import Image

from shapeshot.data.objects import ObjectModel
from shapeshot.data.sources.folder import read_mesh_file
from shapeshot.data.sources.readers.text import decode_text, likely_encoding, spellings
from shapeshot.data.sources.readers.wavefront import read_obj
from shapeshot.names import whole_text

CASES = Path(__file__).parent / "cases" / "obj"
TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["红色木", "Stühle, Eiche hell", "plain"])
def test_marks_and_utf_8(text: str, encoding: str) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    assert decode_text(mark + text.encode(encoding)) == text


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
