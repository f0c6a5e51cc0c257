"""Games' models as GLB files: each format's reader gives the triangle that the file holds, pictures come along."""

from __future__ import annotations

import io
import json
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

RECIPE = Path(__file__).parents[2] / "recipes" / "artists"
sys.path.insert(0, str(RECIPE))

import convert  # noqa: E402
from games import PACKAGES, Package  # noqa: E402
from glb import with_pictures  # noqa: E402
from glest import obj_of_g3d  # noqa: E402
from kicad import obj_of_wrl  # noqa: E402
from quake import obj_of_md2  # noqa: E402
from supertuxkart import obj_of_spm  # noqa: E402
from warzone import obj_of_pie  # noqa: E402
from zero_ad import obj_of_pmd  # noqa: E402

from shapeshot.data.sources.readers.gltf import read_gltf  # noqa: E402
from shapeshot.data.sources.readers.wavefront import read_obj  # noqa: E402

CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 2, 0]], np.float32)  # as games see it: front faces the camera at +z
UVS = np.array([[0, 0], [1, 0], [0, 1]], np.float32)


def part_of(obj: str, mtl: str, picture: bytes) -> tuple[np.ndarray, np.ndarray | None]:
    """Corners of the one triangle in an OBJ, in its order, and their texture coordinates."""
    files = {"model.mtl": mtl.encode(), "wood.png": picture}
    (part,) = read_obj(obj.encode(), "model.obj", files.get).parts
    assert part.material.texture is not None
    return part.vertices[part.faces[0]], None if part.uvs is None else part.uvs[part.faces[0]]


@pytest.fixture
def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), (200, 100, 50)).save(buffer, "PNG")
    return buffer.getvalue()


def turns(corners: np.ndarray) -> set[tuple[tuple[float, ...], ...]]:
    """A triangle's corners from each of its three starts: what keeps its orientation."""
    rows = [tuple(float(value) for value in corner) for corner in corners]
    return {tuple(rows[start:] + rows[:start]) for start in range(3)}


def test_quakes_models_stand_upright(picture: bytes, tmp_path: Path) -> None:
    header = [8, 10, 10, 40 + 12, 1, 3, 3, 1, 0, 1]
    skins_at = 68
    pairs_at = skins_at + 64
    triangles_at = pairs_at + 12
    frames_at = triangles_at + 12
    offsets = [skins_at, pairs_at, triangles_at, frames_at, frames_at + 52, frames_at + 52]
    content = struct.pack("<4s16i", b"IDP2", *header, *offsets)
    content += b".wood".ljust(64, b"\0") + struct.pack("<6h", 0, 0, 10, 0, 0, 10) + struct.pack("<6H", 0, 1, 2, 0, 1, 2)
    # z is up in Quake: the corners are the origin, one along x and two up.
    content += (
        struct.pack("<6f", 1, 1, 1, 0, 0, 0) + b"frame".ljust(16, b"\0") + bytes([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0])
    )
    obj, mtl = obj_of_md2(content, tmp_path / "a.md2")
    corners, _ = part_of(obj, mtl.replace("map_Kd wood", "map_Kd wood.png"), picture)
    assert turns(corners) == turns(CORNERS[::-1])
    with pytest.raises(ValueError, match="not an md2 file"):
        obj_of_md2(b"IDP3" + content[4:], tmp_path / "a.md2")


@pytest.mark.parametrize("flags", [0, 1, 3, 7])
def test_supertuxkarts_meshes(picture: bytes, tmp_path: Path, flags: int) -> None:
    content = b"SP" + bytes([(1 << 3) | 2, flags]) + struct.pack("<6f", *([0] * 6))
    content += struct.pack("<H", 1) + bytes([8]) + b"wood.png" + bytes([0]) + struct.pack("<HHIIH", 1, 1, 3, 3, 0)
    for index, (corner, uv) in enumerate(zip(CORNERS, UVS, strict=True)):
        content += struct.pack("<3f", *corner) + (b"norm" if flags & 1 else b"")
        content += (bytes([128]) if index else bytes([255, 1, 2, 3])) if flags & 2 else b""
        content += uv.astype("<f2").tobytes() + (b"tang" if flags & 4 else b"")
    content += bytes([0, 1, 2])
    corners, uvs = part_of(*obj_of_spm(content, tmp_path / "a.spm"), picture)
    assert turns(corners) == turns((CORNERS * [1, 1, -1])[::-1])
    assert uvs is not None
    assert {tuple(uv) for uv in uvs} == {(0, 1), (1, 1), (0, 0)}
    with pytest.raises(ValueError, match="ends too early"):
        obj_of_spm(content[:-1], tmp_path / "a.spm")


@pytest.mark.parametrize("version", [3, 4])
def test_zero_ads_meshes_have_their_actors_pictures(picture: bytes, tmp_path: Path, version: int) -> None:
    art = tmp_path / "art"
    (art / "actors").mkdir(parents=True)
    actor = "<actor><mesh>things/box.dae</mesh><textures><texture file='a/wood.png' name='baseTex'/></textures></actor>"
    (art / "actors" / "box.xml").write_text(actor)
    content = b"PSMD" + struct.pack("<III", version, 0, 3) + (struct.pack("<I", 1) if version == 4 else b"")
    for corner, uv in zip(CORNERS, UVS, strict=True):
        content += struct.pack("<8f", *corner, 0, 0, 1, *uv) + bytes(20)
    content += struct.pack("<I3H", 1, 0, 1, 2)
    obj, mtl = obj_of_pmd(content, art / "meshes" / "things" / "box.dae.cached.pmd")
    corners, _ = part_of(obj, mtl.replace("a/wood.png", "wood.png"), picture)
    assert turns(corners) == turns((CORNERS * [1, 1, -1])[::-1])
    with pytest.raises(ValueError, match="no actor shows it"):
        obj_of_pmd(content, art / "meshes" / "things" / "other.dae.cached.pmd")


def test_glests_models_in_their_first_frame(picture: bytes, tmp_path: Path) -> None:
    content = b"G3D" + struct.pack("<BHB", 4, 1, 0)
    content += b"mesh".ljust(64, b"\0") + struct.pack("<3I8f2I", 2, 3, 3, *([1.0] * 8), 0, 0b101)
    content += b"wood.png".ljust(64, b"\0") + b"normal.png".ljust(64, b"\0")
    content += CORNERS.tobytes() + (CORNERS + 5).tobytes() + bytes(2 * CORNERS.nbytes)  # two frames, then their normals
    content += UVS.tobytes() + np.arange(3, dtype="<u4").tobytes()
    corners, uvs = part_of(*obj_of_g3d(content, tmp_path / "a.g3d"), picture)
    np.testing.assert_array_equal(corners, CORNERS)
    np.testing.assert_array_equal(uvs, UVS)
    with pytest.raises(ValueError, match="of version 4"):
        obj_of_g3d(b"G3D\x03" + content[4:], tmp_path / "a.g3d")
    with pytest.raises(ValueError, match="ends within a mesh"):
        obj_of_g3d(content[:40], tmp_path / "a.g3d")


@pytest.mark.parametrize(("version", "pixels"), [(2, 256), (3, 1)])
def test_warzones_polygons_become_triangles(picture: bytes, tmp_path: Path, version: int, pixels: int) -> None:
    square = f"4000 4 0 1 2 3 8 1 1 1 0 0 {pixels} 0 {pixels} {pixels} 0 {pixels}"  # animated: four numbers before it
    lines = [f"PIE {version}", "TYPE 200", "TEXTURE 0 wood.png 256 256", "LEVELS 1", "LEVEL 1", "POINTS 4", "\t0 0 0"]
    lines += ["\t1 0 0", "\t1 2 0", "\t0 2 0", "POLYGONS 1", f"\t{square}", "CONNECTORS 1", "\t0 0 5"]
    obj, mtl = obj_of_pie("\n".join(lines).encode(), tmp_path / "a.pie")
    (part,) = read_obj(obj.encode(), "model.obj", {"model.mtl": mtl.encode(), "wood.png": picture}.get).parts
    first, second = part.vertices[part.faces]
    assert turns(first) == turns(np.array([[0, 0, 0], [1, 0, 0], [1, 2, 0]]))
    assert turns(second) == turns(np.array([[0, 0, 0], [1, 2, 0], [0, 2, 0]]))
    assert part.uvs is not None
    assert {tuple(uv) for uv in part.uvs} == {(0, 1), (1, 1), (1, 0), (0, 0)}
    with pytest.raises(ValueError, match="version 2 or 3"):
        obj_of_pie(b"PIE 9\n", tmp_path / "a.pie")


def test_kicads_parts_stand_upright_in_their_colours(tmp_path: Path) -> None:
    content = b"""#VRML V2.0 utf8
        Shape { appearance Appearance {material DEF PIN Material { shininess 0.1 diffuseColor 0.2 0.4 0.6 } } }
        Shape { geometry IndexedFaceSet { creaseAngle 0.5 coordIndex [0,1,2,-1]
            coord Coordinate { point [0 0 0, 1 0 0, 0 0 2] } }
            appearance Appearance{material USE PIN } }"""
    obj, mtl = obj_of_wrl(content, tmp_path / "a.wrl")
    (part,) = read_obj(obj.encode(), "model.obj", {"model.mtl": mtl.encode()}.get).parts
    assert turns(part.vertices[part.faces[0]]) == turns(CORNERS)
    assert "Kd 0.2 0.4 0.6" in mtl
    with pytest.raises(ValueError, match="no set of faces"):
        obj_of_wrl(b"#VRML V2.0 utf8", tmp_path / "a.wrl")


def test_kicads_colours_stand_in_a_shape_or_are_named(tmp_path: Path) -> None:
    faces = "geometry IndexedFaceSet { coordIndex [0,1,2,-1] coord Coordinate { point [0 0 0, 1 0 0, 0 0 2] } }"
    own = f"Shape {{ {faces} appearance Appearance {{ material Material {{ diffuseColor 0.1 0.2 0.3 }} }} }}"
    named = f"Shape {{ {faces} appearance Appearance {{ material USE PIN }} }}"
    pin = "Shape { appearance Appearance { material DEF PIN Material { diffuseColor 0.7 0.8 0.9 } } }"
    obj, mtl = obj_of_wrl(f"#VRML V2.0 utf8 {pin} {own} {named}".encode(), tmp_path / "a.wrl")
    assert obj.count("usemtl") == 2
    assert [line for line in mtl.splitlines() if line.startswith("Kd")] == ["Kd 0.1 0.2 0.3", "Kd 0.7 0.8 0.9"]


@pytest.mark.parametrize(
    ("indices", "told"), [("0,1,2,3,-1", "no triangles"), ("0,1,9,-1", "not there"), ("0,1,-2,-1", "not there")]
)
def test_what_is_no_triangle_is_refused(indices: str, told: str, tmp_path: Path) -> None:
    faces = f"IndexedFaceSet {{ coordIndex [{indices}] coord Coordinate {{ point [0 0 0, 1 0 0, 0 0 2, 1 0 2] }} }}"
    with pytest.raises(ValueError, match=told):
        obj_of_wrl(f"#VRML V2.0 utf8 Shape {{ geometry {faces} }}".encode(), tmp_path / "a.wrl")


@pytest.mark.parametrize(
    ("polygons", "told"),
    [("POLYGONS 2\n200 3 0 1 2 0 0 0 0 0 0", "ends within"), ("POLYGONS 1\n200 3 0 1 -1 0 0 0 0 0 0", "not there")],
)
def test_a_pie_file_that_lacks_something_is_refused(polygons: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=told):
        obj_of_pie(f"PIE 3\nPOINTS 3\n0 0 0\n1 0 0\n0 1 0\n{polygons}".encode(), tmp_path / "a.pie")


def test_pictures_come_into_the_file(picture: bytes) -> None:
    binary = CORNERS.tobytes() + UVS.tobytes() + np.arange(3, dtype="<u2").tobytes() + b"\0\0"
    document = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "indices": 2, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
        "textures": [{"source": 0}],
        "images": [{"uri": "wood.tga"}],
        "buffers": [{"byteLength": len(binary)}],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 36},
            {"buffer": 0, "byteOffset": 36, "byteLength": 24},
            {"buffer": 0, "byteOffset": 60, "byteLength": 6},
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5126, "count": 3, "type": "VEC2"},
            {"bufferView": 2, "componentType": 5123, "count": 3, "type": "SCALAR"},
        ],
    }
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    content = b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks
    whole, lost = with_pictures(content, {"wood.tga": picture}.get)
    assert not lost
    (part,) = read_gltf(whole, "a.glb", lambda name: None).parts
    assert part.material.texture is not None
    np.testing.assert_array_equal(part.material.texture[0, 0, :3], [200, 100, 50])
    plain, lost = with_pictures(content, lambda name: None)
    assert lost == ["wood.tga"]
    (part,) = read_gltf(plain, "a.glb", lambda name: None).parts
    assert part.material.texture is None


def test_what_is_taken() -> None:
    takes = PACKAGES["ufoai-data"].takes
    assert takes("unpacked/models/objects/chairs/chair2.md2")
    assert takes("unpacked/models/soldiers/male/head01.md2")
    assert not takes("unpacked/models/soldiers/male/head02.md2")
    assert not takes("unpacked/models/objects/chairs/chair2.png")
    assert PACKAGES["0ad-data"].takes("unpacked/art/meshes/skeletal/donkey.dae.cached.pmd")
    assert not PACKAGES["0ad-data"].takes("unpacked/art/meshes/gaia/oak_tree.dae.cached.pmd")
    takes = PACKAGES["megaglest-data"].takes
    assert takes("techs/magitech/factions/tech/units/archer/models/archer_standing.g3d")
    assert not takes("techs/magitech/factions/tech/units/archer/models/archer_walking.g3d")
    assert not takes("techs/magitech/factions/tech/units/cow/models/cow_standing.g3d")
    takes = PACKAGES["warzone2100-data"].takes
    assert takes("unpacked/base/structs/blhq.pie")
    assert not takes("unpacked/base/components/bodies/cybd_run.pie")


def test_a_few_of_each_series_are_taken_spread_over_it() -> None:
    paths = [f"Header.3dshapes/Header_1x{pins:02d}.wrl" for pins in range(1, 41)] + ["Relay.3dshapes/Relay.wrl"]
    assert PACKAGES["kicad-packages3d"].chosen(paths) == [paths[0], paths[20], paths[40]]


def test_the_same_shape_twice_is_left_out_and_told_also_by_a_second_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, scale in (("block", 1.0), ("twin", 1.0), ("tower", 2.0)):
        (tmp_path / "package" / name).mkdir(parents=True)
        (tmp_path / "package" / name / "model.obj").write_text(name)
        trimesh.creation.icosphere(2).apply_scale([1, scale, 1]).export(tmp_path / f"{name}.glb")
    monkeypatch.setattr(convert, "glb_of", lambda path, shelf: (tmp_path / f"{path.read_text()}.glb").read_bytes())
    for distinct, kept in ((True, ["block.glb", "tower.glb"]), (False, ["block.glb", "tower.glb", "twin.glb"])):
        package, out = Package("CC0-1.0", "A. Maker", (".obj",), distinct=distinct), tmp_path / str(distinct)
        for _ in range(2):
            left_out = list(convert.convert(tmp_path / "package", package, out))
            assert left_out == (["twin/model.obj: the shape of another"] if distinct else [])
            assert sorted(path.name.replace("-model", "") for path in out.iterdir()) == kept
