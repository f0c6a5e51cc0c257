"""The Sweet Home 3D source: on catalogues made here, and on the real ones where they are installed."""

import pickle
import zipfile

import numpy as np
import pytest

from shapeshot.data.sources import make_source, sweethome3d
from shapeshot.data.sources.archive import Archive
from shapeshot.data.sources.sweethome3d import SweetHome3DSource, licence_name, parse_properties
from shapeshot.data.splits import SPLITS
from shapeshot.errors import DatasetError, MeshError, UserError

# A 2 x 1 x 4 box with a knob that marks its +x, +y and +z corner.
BOX = "".join(f"v {x} {y} {z}\n" for x in (0, 2) for y in (0, 1) for z in (0, 4)) + (
    "f 1 2 4 3\nf 5 7 8 6\nf 1 5 6 2\nf 3 4 8 7\nf 1 3 7 5\nf 2 6 8 4\n"
)
PROPERTIES = r"""
# a comment
id=test
license=Creative Commons Attribution 3.0 license
name#1=Caf\u00e9 \
       chair
id#1=Test#cafe Chair
tags#1=Seat, Outdoor
category#1=Exterior
model#1=/models/box.obj
width#1=50
depth#1=25
height#1=100
creator#1=Ann
"""


def write_catalog(path, properties=PROPERTIES, members=(("models/box.obj", BOX),)):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("PluginFurnitureCatalog.properties", properties)
        for name, content in members:
            archive.writestr(name, content)
    return path


def extent(model):
    vertices, _ = model.merged()
    return np.ptp(vertices, axis=0)


def test_an_entry_carries_what_the_catalogue_says(tmp_path):
    source = make_source("sweethome3d", catalogs=[write_catalog(tmp_path / "My Shop.sh3f")])
    (entry,) = source.entries()
    info = entry.info
    assert (info.name, info.kind, info.creator, info.licence) == ("Café chair", "chair", "Ann", "CC-BY-3.0")
    assert info.id == "my-shop_cafe-chair"
    assert info.tags == ("Seat", "Outdoor")
    assert info.size_metres == (0.5, 1.0, 0.25)
    np.testing.assert_allclose(extent(pickle.loads(pickle.dumps(entry)).load()), info.size_metres, rtol=1e-6)


def test_the_rotation_is_row_major_and_comes_before_the_stretch(tmp_path):
    quarter_turn = PROPERTIES + "modelRotation#1=0 0 1 0 1 0 -1 0 0\n"
    (entry,) = SweetHome3DSource([write_catalog(tmp_path / "a.sh3f", quarter_turn)]).entries()
    rotated = entry.load_rotated()
    np.testing.assert_allclose(extent(rotated), [4, 1, 2])
    # (x, y, z) -> (z, y, -x): what pointed to +x now points away from the viewer.
    plain = SweetHome3DSource([write_catalog(tmp_path / "b.sh3f")]).entries()[0].load_rotated()
    expected = plain.merged()[0][:, [2, 1, 0]] * [1, 1, -1]
    np.testing.assert_allclose(rotated.merged()[0], expected)
    np.testing.assert_allclose(extent(entry.load()), [0.5, 1.0, 0.25], rtol=1e-6)


def test_materials_come_from_the_archive_whatever_their_letter_case(tmp_path):
    members = [("models/box.obj", "mtllib Box.MTL\nusemtl m\n" + BOX), ("models/box.mtl", "newmtl m\nKd 1 0 0\n")]
    (entry,) = SweetHome3DSource([write_catalog(tmp_path / "a.sh3f", members=members)]).entries()
    assert entry.load().parts[0].material.color == (1, 0, 0)


def test_invisible_shapes_inside_lamps_are_left_out(tmp_path):
    mtl = "newmtl shade\nKd 1 1 1\nnewmtl source\nd 0.001\n"
    text = "mtllib a.mtl\nusemtl shade\n" + BOX + "usemtl source\nf 1 2 3\n"
    path = write_catalog(tmp_path / "a.sh3f", members=[("models/box.obj", text), ("models/a.mtl", mtl)])
    (part,) = SweetHome3DSource([path]).entries()[0].load().parts
    assert len(part.faces) == 12


def test_equal_ids_are_told_apart(tmp_path):
    one = write_catalog(tmp_path / "a.sh3f")
    ids = [entry.info.id for entry in SweetHome3DSource([one, one]).entries()]
    assert ids == ["a_cafe-chair", "a_cafe-chair-2"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("model#1=/models/gone.obj", "missing"),
        ("model#1=/models/box.3ds", "no OBJ"),
        ("width#1=wide", "width"),
        ("width#1=-3", "positive"),
        ("depth#1=nan", "depth"),
        ("modelRotation#1=1 2 3", "9 numbers"),
    ],
)
def test_an_unusable_entry_is_listed_by_name(tmp_path, line, reason):
    source = SweetHome3DSource([write_catalog(tmp_path / "a.sh3f", PROPERTIES + line + "\n")])
    assert not source.entries()
    (lost,) = source.unreadable()
    assert "Café chair" in lost.name
    assert reason in lost.reason


@pytest.mark.parametrize("text", ["", "v 0 0 0\n", BOX.replace("v 0", "v nan")])
def test_a_broken_model_is_a_mesh_error_that_names_it(tmp_path, text):
    path = write_catalog(tmp_path / "a.sh3f", members=[("models/box.obj", text)])
    with pytest.raises(MeshError, match=r"Café chair \(models/box.obj\)"):
        SweetHome3DSource([path]).entries()[0].load()


def load_all(path):
    return [entry.load() for entry in SweetHome3DSource([path]).entries()]


def corrupt_middle(path):
    content = bytearray(path.read_bytes())
    content[300:340] = bytes(40)
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"not a zip"),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        corrupt_middle,
        lambda path: write_catalog(path, members=[("../evil.obj", BOX)]),
        lambda path: write_catalog(path, members=[("/etc/evil.obj", BOX)]),
        lambda path: write_catalog(path, members=[("..\\evil.obj", BOX)]),
        lambda path: write_catalog(path, members=[("models/box.obj", bytes(20 * 2**20))]),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: zipfile.ZipFile(path, "w").close(),
    ],
)
def test_a_damaged_or_hostile_catalogue_is_one_clear_line(tmp_path, damage):
    path = write_catalog(tmp_path / "a.sh3f")
    damage(path)
    with pytest.raises(DatasetError, match=r"a\.sh3f") as caught:
        load_all(path)
    assert "\n" not in str(caught.value)


def test_random_damage_never_ends_in_anything_but_a_user_error(tmp_path):
    whole = write_catalog(tmp_path / "whole.sh3f").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for trial in range(150):
        content = bytearray(whole)
        for position in rng.integers(0, len(content), 4):
            content[position] = rng.integers(256)
        path = tmp_path / f"{trial}.sh3f"
        path.write_bytes(bytes(content))
        try:
            load_all(path)
        except UserError:
            refused += 1
    assert refused > 20


def test_damage_under_every_compression_is_told(tmp_path):
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        path = tmp_path / f"{method}.zip"
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("a", np.random.default_rng(0).bytes(2000))
        content = bytearray(path.read_bytes())
        content[100:1000] = bytes(byte ^ 0xFF for byte in content[100:1000])
        path.write_bytes(bytes(content))
        with pytest.raises(DatasetError, match="is damaged"):
            Archive(path).read("a")


@pytest.mark.parametrize("line", ["width#1=1e300", "modelRotation#1=1e300 0 0 0 1 0 0 0 1"])
def test_numbers_beyond_any_model_are_told(tmp_path, line):
    path = write_catalog(tmp_path / "a.sh3f", PROPERTIES + line + "\n")
    with pytest.raises(MeshError, match=r"Café chair \(models/box.obj\)"):
        load_all(path)


def test_a_member_that_is_longer_than_its_header_says_is_refused(tmp_path):
    path = write_catalog(tmp_path / "a.sh3f")
    content = path.read_bytes()
    true_size = len(BOX).to_bytes(4, "little")
    path.write_bytes(content.replace(true_size, (7).to_bytes(4, "little")))
    with pytest.raises(DatasetError):
        Archive(path).read("models/box.obj")


def test_missing_default_catalogues_say_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(sweethome3d, "DEFAULT_FOLDER", tmp_path)
    with pytest.raises(DatasetError, match=r"sweethome3d-furniture or pass --catalog"):
        SweetHome3DSource()


def test_properties_follow_the_java_rules():
    text = "a=1\n b : 2\nc 3\n! no\n#no=1\nd\\=e=x\\\n   y\nf=\\u20ac\\\\u0041\\t.\ng=\n"
    assert parse_properties(text) == {"a": "1", "b": "2", "c": "3", "d=e": "xy", "f": "€\\u0041\t.", "g": ""}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Public domain", "CC0-1.0"),
        ("Creative Commons Attribution 3.0 United States license  Copyright", "CC-BY-3.0-US"),
        ("Creative Commons Attribution 3.0 Unported license", "CC-BY-3.0"),
        ("All mine", "All mine"),
        ("", "unknown"),
    ],
)
def test_licences_get_their_spdx_names(text, name):
    assert licence_name(text) == name


needs_catalogues = pytest.mark.skipif(
    not any(sweethome3d.DEFAULT_FOLDER.glob("*.sh3f")), reason="needs the Debian package sweethome3d-furniture"
)


@needs_catalogues
def test_the_installed_catalogues_list_every_entry():
    source = SweetHome3DSource()
    infos = [entry.info for entry in source.entries()]
    assert len(infos) == 820
    assert not source.unreadable()
    assert len({info.id for info in infos}) == 820
    assert {info.licence for info in infos} == {"CC0-1.0", "CC-BY-3.0", "CC-BY-3.0-US"}
    assert all(info.creator and info.kind for info in infos)


@needs_catalogues
def test_backs_of_real_chairs_are_behind_and_sizes_are_the_catalogues():
    entries = {entry.info.id: entry for entry in SweetHome3DSource().entries()}
    # The second and third have a modelRotation.
    for key in ("blendswap-cc-0_oakchair", "scopia_chair", "scopia_ext_chair", "katorlegaz_dining-chair"):
        model = entries[key].load()
        vertices, _ = model.canonical()[0].merged()
        assert vertices[vertices[:, 1] > 0.3, 2].mean() < -0.1
        np.testing.assert_allclose(extent(model), entries[key].info.size_metres, rtol=1e-4)


@needs_catalogues
def test_the_published_splits_know_every_piece_and_keep_duplicates_and_unseen_kinds_apart():
    source = SweetHome3DSource()
    splits, groups = source.splits(), source.groups()
    assert splits is not None
    assert {entry.info.id for entry in source.entries()} == set(splits)
    places = {}
    for key, group in groups.items():
        places.setdefault(group, set()).add(splits[key])
        assert splits[group] == splits[key]
    assert all(len(found) == 1 for found in places.values())
    kinds = {split: {e.info.kind for e in source.entries() if splits[e.info.id] == split} for split in SPLITS}
    assert not kinds["test-unseen"] & (kinds["train"] | kinds["val"] | kinds["test"])
    assert {split: list(splits.values()).count(split) for split in SPLITS} == {
        "train": 571, "val": 69, "test": 98, "test-unseen": 82,
    }  # fmt: skip
    duplicates = [key for key in groups if groups[key] != key]
    assert len(duplicates) == 98


def test_other_catalogues_are_split_anew(tmp_path):
    assert SweetHome3DSource([write_catalog(tmp_path / "a.sh3f")]).splits() is None
