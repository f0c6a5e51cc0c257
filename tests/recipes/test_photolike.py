"""The photo-like set: licences that agree, composites with exact masks, rooms in which nothing hides the object."""

from __future__ import annotations

import importlib
import importlib.util
import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from shapeshot.data.objects import Material, ObjectModel, Part
from shapeshot.errors import UserError
from shapeshot.evaluation.photos.photo_set import PhotoSet
from shapeshot.evaluation.photos.silhouettes import mask_iou, seen_mask
from shapeshot.geometry import Mesh
from shapeshot.geometry.rasterize import rasterize_triangles

FOLDER = Path(__file__).parents[2] / "recipes" / "photolike"
LISTED = json.loads((FOLDER / "list.json").read_text())
MODULES = ("build", "cutouts", "luxcore", "models", "packages", "room")
# What may be laid over a picture under GPL-2 alone, the result being under GPL-2.
GOES_WITH_GPL_2 = {"GPL-2", "GPL-2+", "CC0-1.0", "public domain"}


@pytest.fixture(scope="module")
def recipe() -> Iterator[SimpleNamespace]:
    """The recipe's modules, which import each other as scripts in one folder do."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    finally:
        sys.path.remove(str(FOLDER))
        for name in MODULES:
            sys.modules.pop(name, None)


def test_the_list_is_large_enough_and_names_licence_and_creator_of_all() -> None:
    things = LISTED["cutouts"] + LISTED["models"]
    subjects = [row for row in things if not row.get("only_beside")]
    assert len({row["id"] for row in things}) == len(things)
    assert len(subjects) >= 60
    pictures = len(subjects) + sum(bool(row.get("scene")) for row in LISTED["cutouts"])
    assert pictures >= 100
    for row in things + LISTED["backgrounds"]:
        assert row["licence"].strip()
        assert row["creator"].strip()
        assert not Path(row["path"]).is_absolute()
        assert ".." not in Path(row["path"]).parts
    for package in LISTED["packages"].values():
        assert package["version"]
        assert package["licence"]
        assert package["registry"] in ("debian", "npm")


def test_what_is_laid_together_goes_together() -> None:
    stamps = {row["licence"] for row in LISTED["cutouts"] if row.get("scene")}
    assert stamps | {row["licence"] for row in LISTED["backgrounds"]} <= GOES_WITH_GPL_2


@pytest.mark.parametrize("package", ["tuxpaint-stamps-default", "morse-simulator-data"])
def test_the_files_of_the_list_exist(package: str) -> None:
    root = Path("/") / LISTED["packages"][package]["root"]
    if not root.is_dir():
        pytest.skip(f"the Debian package {package} is not installed")
    rows = LISTED["cutouts"] if package.startswith("tuxpaint") else LISTED["models"]
    assert not [row["path"] for row in rows if not (root / row["path"]).is_file()]


def stamp_image(size: tuple[int, int] = (120, 90)) -> Image.Image:
    """A red disc with a soft edge, touching the picture's edges as stamps do."""
    y, x = np.mgrid[: size[1], : size[0]]
    radius = np.hypot((x - size[0] / 2 + 0.5) / (size[0] / 2), (y - size[1] / 2 + 0.5) / (size[1] / 2))
    alpha = np.clip((1 - radius) * 20, 0, 1)
    return Image.fromarray(
        np.dstack([np.full(alpha.shape, value) for value in (200, 30, 20)] + [alpha * 255]).astype(np.uint8)
    )


def test_a_cut_out_is_the_stamp_with_a_margin(recipe: SimpleNamespace) -> None:
    stamp = stamp_image()
    square = recipe.cutouts.cutout(stamp)
    assert square.shape == (144, 144, 4)
    assert np.array_equal(square[27:117, 12:132], np.asarray(stamp))
    assert square[..., 3].sum() == np.asarray(stamp)[..., 3].sum()


@pytest.mark.parametrize("seed", range(8))
def test_a_scene_is_ground_outside_its_mask_and_stamp_inside(recipe: SimpleNamespace, seed: int) -> None:
    ground = Image.new("RGB", (400, 300), (40, 90, 160))
    picture, mask = recipe.cutouts.scene(stamp_image((300, 220)), ground, np.random.default_rng(seed))
    assert picture.shape == (*mask.shape, 3)
    assert (picture[mask == 0] == (40, 90, 160)).all()
    inner = picture[mask == 255].astype(int)
    assert len(inner) > 1000
    assert np.abs(inner - (200, 30, 20)).max() <= 4  # a stamp that is made smaller rings a little at its edge
    partly = (mask > 0) & (mask < 255)
    covered = mask[partly][:, None] / 255
    expected = np.array((200, 30, 20)) * covered + np.array((40, 90, 160)) * (1 - covered)
    assert np.abs(picture[partly] - expected).max() <= 8
    rows, columns = np.flatnonzero((mask > 127).any(axis=1)), np.flatnonzero((mask > 127).any(axis=0))
    assert 0.45 < max(np.ptp(rows), np.ptp(columns)) / len(mask) < 0.78  # whole, and of the size that was asked for


def test_a_scene_is_the_same_for_the_same_seed(recipe: SimpleNamespace) -> None:
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8))
    first, second = (recipe.cutouts.scene(stamp_image(), photo, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


def box_model(recipe: SimpleNamespace, sides: tuple[float, float, float], name: str = "wood") -> Any:
    box = trimesh.creation.box(sides)
    part = Part(box.vertices.astype(np.float32), box.faces.astype(np.int32), Material((0.5, 0.4, 0.3)))
    return recipe.models.NamedModel(ObjectModel((part,)), (name,))


@pytest.mark.parametrize("seed", range(12))
def test_in_a_room_nothing_hides_the_object(recipe: SimpleNamespace, seed: int) -> None:
    rng = np.random.default_rng(seed)
    subject = box_model(recipe, (0.6, 1.1, 0.5))
    others = [box_model(recipe, tuple(rng.uniform(0.2, 1.5, 3))) for _ in range(6)]
    room = recipe.room.furnish(subject, others, ("floor", "table")[seed % 2], ["hall"], rng)
    corners, owners = [], []
    for thing in room.things:
        points = thing.part.vertices
        near = room.camera.distance - points @ (room.camera.origin / room.camera.distance)
        if (near <= 0.01).any():  # floor and walls reach behind the camera, where they hide nothing
            continue
        screen = np.column_stack([room.camera.project(points, 128), 1 / near]).astype(np.float32)
        corners.append(screen[thing.part.faces])
        owners += [thing.id] * len(thing.part.faces)
    hits = rasterize_triangles(np.concatenate(corners), 128)
    shown = np.zeros(128 * 128, bool)
    shown[hits.pixels[np.array(owners)[hits.owner] == recipe.room.OBJECT_ID]] = True
    mine = [thing.part for thing in room.things if thing.id == recipe.room.OBJECT_ID]
    alone = seen_mask(Mesh(*ObjectModel(tuple(mine)).merged()), room.camera, 128)
    assert mask_iou(shown.reshape(128, 128), alone) == 1.0
    assert not alone[0].any()  # whole in the picture
    assert not alone[:, -1].any()


def test_the_object_of_a_room_lies_in_the_canonical_cube(recipe: SimpleNamespace) -> None:
    rng = np.random.default_rng(3)
    room = recipe.room.furnish(box_model(recipe, (2.0, 1.0, 0.5)), [], "floor", ["hall"], rng)
    points = np.concatenate([thing.part.vertices for thing in room.things if thing.id == recipe.room.OBJECT_ID])
    np.testing.assert_allclose(points.min(axis=0), (-0.5, -0.25, -0.125), atol=1e-6)
    np.testing.assert_allclose(points.max(axis=0), (0.5, 0.25, 0.125), atol=1e-6)


def test_looks_follow_the_names_of_materials(recipe: SimpleNamespace) -> None:
    part = Part(np.zeros((3, 3), np.float32), np.array([[0, 1, 2]], np.int32), Material((1.0, 0.5, 0.0)))
    rng = np.random.default_rng(0)
    finishes = {
        name: recipe.room.look_of(part, name, rng)["finish"] for name in ("BlueGlassMat", "ChromeMat", "RedFabric", "")
    }
    assert finishes == {"BlueGlassMat": "glass", "ChromeMat": "metal", "RedFabric": "matt", "": "glossy"}
    assert recipe.room.look_of(part, "DarkWoodMat", rng)["pattern"]["kind"] == "wood"
    assert max(recipe.room.look_of(part, "", rng)["color"]) <= 0.85


def test_extensions_of_a_glb_are_taken_out_and_the_rest_is_kept(recipe: SimpleNamespace) -> None:
    box = trimesh.creation.box((1, 2, 3))
    box.visual = trimesh.visual.TextureVisuals(
        material=trimesh.visual.material.PBRMaterial(name="Red", baseColorFactor=[255, 0, 0, 255])
    )
    glb = trimesh.Scene({"box": box}).export(file_type="glb")
    length = struct.unpack("<I", glb[12:16])[0]
    document = json.loads(glb[20 : 20 + length])
    document["materials"][0]["extensions"] = {"KHR_materials_pbrSpecularGlossiness": {"diffuseFactor": [1, 1, 1, 1]}}
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    spoilt = glb[:8] + struct.pack("<II", 20 + len(text) + len(glb[20 + length :]), len(text)) + glb[16:20] + text
    mended = recipe.models.without_extensions(spoilt + glb[20 + length :])
    assert struct.unpack("<I", mended[8:12])[0] == len(mended)
    loaded = trimesh.load(trimesh.util.wrap_as_stream(mended), file_type="glb")
    mesh = next(iter(loaded.geometry.values()))
    np.testing.assert_allclose(sorted(mesh.extents), (1, 2, 3))
    assert mesh.visual.material.baseColorFactor.tolist() == [255, 0, 0, 255]


class FakePackages:
    """Serves every picture of every package from one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, package: str, path: str) -> Path:
        return self.folder / ("stamp.png" if package.startswith("tuxpaint-stamps") else "photo.jpg")


def test_stamps_become_a_set_that_can_be_scored(
    recipe: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp_image().save(tmp_path / "stamp.png")
    Image.new("RGB", (300, 200), (40, 90, 160)).save(tmp_path / "photo.jpg")
    monkeypatch.setattr(recipe.build, "Packages", lambda listed, folder: FakePackages(tmp_path))
    count = recipe.build.build(tmp_path / "set", tmp_path, samples=1, rooms=False)
    pictures = PhotoSet.open(tmp_path / "set")
    assert (
        len(pictures.entries)
        == count
        == len(LISTED["cutouts"]) + sum(bool(row.get("scene")) for row in LISTED["cutouts"])
    )
    for entry in pictures.entries[:4]:
        photo = pictures.photo(entry)
        assert 0.05 < pictures.mask(entry, photo).mean() < 0.6
        assert len(entry.licences) == len(entry.creators) == (2 if entry.setting == "scene" else 1)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "set" / "pictures").iterdir()}
    recipe.build.build(tmp_path / "set", tmp_path, samples=1, rooms=False)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "set" / "pictures").iterdir()} == before


def test_a_missing_client_is_one_line_and_exit_code_2(
    recipe: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recipe.packages.shutil, "which", lambda name: None)
    packages = {name: row | {"root": "nowhere"} for name, row in LISTED["packages"].items()}
    (tmp_path / "list.json").write_text(json.dumps(LISTED | {"packages": packages}))
    monkeypatch.setattr(recipe.build, "LIST", tmp_path / "list.json")
    assert recipe.build.main(["--out", str(tmp_path / "set"), "--no-rooms"]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert "apt-get" in told[0]
    assert not (tmp_path / "set" / "photos.json").exists()


def test_an_unknown_object_is_told_with_those_there_are(recipe: SimpleNamespace) -> None:
    scene = trimesh.Scene()
    scene.add_geometry(trimesh.creation.box((1, 1, 1)), node_name="Stool", parent_node_name=None)
    with pytest.raises(UserError, match="Stool"):
        recipe.models.nodes_below(scene, "Chair", root="world")


def test_the_mask_of_a_room_is_the_object_by_the_true_camera(recipe: SimpleNamespace) -> None:
    room = recipe.room.furnish(box_model(recipe, (0.6, 1.1, 0.5)), [], "floor", ["hall"], np.random.default_rng(2))
    covered = recipe.build.subject_mask(room, 64)
    corners = room.camera.project(np.concatenate([t.part.vertices for t in room.things if t.id == 1]), 64)
    rows, columns = np.flatnonzero((covered > 0).any(axis=1)), np.flatnonzero((covered > 0).any(axis=0))
    np.testing.assert_allclose((columns[0], rows[0]), corners.min(axis=0), atol=1.3)
    np.testing.assert_allclose((columns[-1] + 1, rows[-1] + 1), corners.max(axis=0), atol=1.3)
    recipe.build.check_agreement(covered, covered, "box")
    with pytest.raises(UserError, match="beyond its true outline"):
        recipe.build.check_agreement(covered[:, ::-1], covered, "box")


@pytest.mark.slow
def test_luxcore_covers_the_pixels_that_geometry_says(recipe: SimpleNamespace, tmp_path: Path) -> None:
    if importlib.util.find_spec("pyluxcore") is None:  # not imported here: it and Mitsuba in one process crash
        pytest.skip("LuxCore is not installed: pip install 'shapeshot[photolike]'")
    rng = np.random.default_rng(1)
    room = recipe.room.furnish(box_model(recipe, (0.6, 1.1, 0.5)), [], "floor", ["sky"], rng)
    from shapeshot.data.rendering.mitsuba_scene import load_mitsuba

    light = tmp_path / "sky.hdr"
    load_mitsuba(threads=2).Bitmap(np.ones((16, 32, 3), np.float32)).write(str(light))
    recipe.build.write_job(room, light, tmp_path / "job", 4)
    command = [sys.executable, str(FOLDER / "luxcore.py"), str(tmp_path / "job")]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr[-500:]
    mask = np.asarray(Image.open(tmp_path / "job" / "mask.png")) >= 128
    mine = [thing.part for thing in room.things if thing.id == recipe.room.OBJECT_ID]
    expected = seen_mask(Mesh(*ObjectModel(tuple(mine)).merged()), room.camera, len(mask))
    assert mask_iou(mask, expected) > 0.99
    for shift in (-1, 1):  # to the very pixel, up and down and to the sides
        assert mask_iou(np.roll(mask, shift, axis=0), expected) < mask_iou(mask, expected)
        assert mask_iou(np.roll(mask, shift, axis=1), expected) < mask_iou(mask, expected)
    assert np.asarray(Image.open(tmp_path / "job" / "picture.png")).std() > 5
