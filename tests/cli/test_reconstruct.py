"""`shapeshot reconstruct` with a model known in closed form: what it writes, what it refuses, what it exits with."""

from __future__ import annotations

import io
import json
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from shapeshot.cli.reporting import summary
from shapeshot.folders import plan_targets

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def _analytic_model(use_model: Run, analytic_field: Run) -> None:
    use_model(analytic_field())


def files_under(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_folder_gets_everything(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    done = shapeshot_command("reconstruct", photo_file, "--out", tmp_path / "out", "--as", "all")
    assert (done.code, done.err) == (0, "")
    assert files_under(tmp_path / "out") == {
        f"disc/{name}" for name in ("mesh.glb", "points.ply", "voxels.npz", "preview.png", "result.json")
    }
    voxels = np.load(tmp_path / "out/disc/voxels.npz", allow_pickle=False)["occupancy"]
    assert (voxels.dtype, voxels.shape) == (bool, (32, 32, 32))
    assert trimesh.load(tmp_path / "out/disc/mesh.glb", force="mesh").is_watertight
    assert len(trimesh.load(tmp_path / "out/disc/points.ply").vertices) == 2048


def test_result_json_tells_the_facts(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    shapeshot_command("reconstruct", photo_file, "--out", tmp_path / "out", "--size", "height=80cm", "--points", 50)
    facts = json.loads((tmp_path / "out/disc/result.json").read_text())
    assert facts["photo"] == "disc.png"
    assert facts["model"] == "analytic"
    assert facts["threshold"] == 0.4
    assert facts["unit"] == "metre"
    assert facts["size"][1] == pytest.approx(0.8)
    assert facts["object"]["method"] == "alpha"
    assert facts["mesh"]["closed"] is True
    assert facts["points"] == 50
    assert facts["files"]["mesh"] == "mesh.glb"
    assert {"photo", "encode", "mesh", "total", "write"} <= set(facts["timings"])


def test_points_on_the_object(shapeshot_command: Run, tmp_path: Path) -> None:
    chair = Path(__file__).parents[2] / "examples" / "chair.jpg"
    words = ("--point", "320,300", "--point", "300.5,350")
    assert shapeshot_command("reconstruct", chair, "--out", tmp_path / "out", "--as", "all", *words).code == 0
    facts = json.loads((tmp_path / "out/chair/result.json").read_text())
    assert facts["object"]["method"] == "finder"
    assert 0 < facts["object"]["certainty"] <= 1
    assert facts["made_from"]["options"]["point"] == [[320, 300], [300.5, 350]]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--point", "here"), 2, "write x,y like 120,80"),
        (("--point", "nan,3"), 2, "finite"),
        (("--point", "1,2,3"), 2, "two numbers"),
        (("--point", "5000,3"), 1, "beside the photo of 96x96 pixels"),
        (("--point", "60,40", "--region", "0,0,48,96"), 1, "outside the region"),
        (("--point", "60,40", "--background", "plain"), 1, "leave one of them out"),
    ],
)
def test_points_that_cannot_be(
    shapeshot_command: Run, photo_file: Path, tmp_path: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    done = shapeshot_command("reconstruct", photo_file, "--out", tmp_path / "out", *words)
    assert (done.code, done.err.count("\n")) == (code, 1)
    assert told in done.err


def test_a_region_and_a_threshold(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    words = ("--region", "0,0,48,96", "--threshold", "0.6")
    assert shapeshot_command("reconstruct", photo_file, "--out", tmp_path / "out", *words).code == 0
    facts = json.loads((tmp_path / "out/disc/result.json").read_text())
    assert facts["threshold"] == 0.6
    assert facts["object"]["crop"]["left"] + facts["object"]["crop"]["side"] / 2 == pytest.approx(33, abs=1)


@pytest.mark.parametrize("suffix", ["glb", "obj", "ply", "stl"])
def test_the_suffix_chooses_the_format(shapeshot_command: Run, photo_file: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"new/folder/disc.{suffix}"
    assert shapeshot_command("reconstruct", photo_file, "--out", path).code == 0
    beside = {"folder/disc.mtl", "folder/disc.texture.png"} if suffix == "obj" else set()
    assert files_under(tmp_path / "new") == {f"folder/disc.{suffix}"} | beside
    assert trimesh.load(path, force="mesh").bounds[1] == pytest.approx([0.2, 0.4, 0.3], abs=0.01)


def test_a_print_file_is_in_millimetres(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "disc.3mf"
    assert shapeshot_command("reconstruct", photo_file, "--out", path, "--size", "height=80mm").code == 0
    np.testing.assert_allclose(trimesh.load(path).extents, [40, 60, 80], atol=0.5)


def test_a_file_for_the_room(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    usd = pytest.importorskip("pxr.UsdGeom", reason="needs the extra `usd`")
    from pxr import Usd

    path = tmp_path / "disc.usdz"
    assert shapeshot_command("reconstruct", photo_file, "--out", path, "--size", "height=80cm").code == 0
    stage = Usd.Stage.Open(str(path))
    mesh = usd.Mesh(stage.GetPrimAtPath("/object/mesh"))
    np.testing.assert_allclose(np.ptp(mesh.GetPointsAttr().Get(), axis=0), [0.4, 0.8, 0.6], atol=1e-2)


def test_voxels_as_binvox(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    for suffix in ("binvox", "npz"):
        assert shapeshot_command("reconstruct", photo_file, "--out", tmp_path / f"disc.{suffix}").code == 0
    occupancy = np.load(tmp_path / "disc.npz", allow_pickle=False)["occupancy"]
    np.testing.assert_array_equal(trimesh.load(tmp_path / "disc.binvox").matrix, occupancy)


def test_a_form_of_ones_own(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    assert shapeshot_command("reconstruct", photo_file, "--out", tmp_path / "a.npz", "--resolution", 16).code == 0
    assert np.load(tmp_path / "a.npz", allow_pickle=False)["occupancy"].shape == (16, 16, 16)
    cloud = tmp_path / "b.ply"
    assert shapeshot_command("reconstruct", photo_file, "--out", cloud, "--as", "points", "--preview").code == 0
    assert isinstance(trimesh.load(cloud), trimesh.PointCloud)
    assert Image.open(tmp_path / "b.preview.png").width > 0
    assert shapeshot_command("reconstruct", photo_file, "--out", tmp_path / "c", "--as", "mesh").code == 0
    assert files_under(tmp_path / "c") == {"disc/mesh.glb", "disc/result.json"}


def test_one_bad_photo_does_not_stop_the_others(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    bad = photo_file.with_name("bad.jpg")
    bad.write_text("no image")
    other = tmp_path / "disc.png"
    other.write_bytes(photo_file.read_bytes())
    done = shapeshot_command("reconstruct", photo_file, bad, other, "--out", tmp_path / "out")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "bad.jpg" in done.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"disc", "disc-2", "manifest.parquet"}


def test_a_folder_of_photos(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    photo_file.with_name("notes.txt").write_text("not a photo")
    (photo_file.with_name("second.PNG")).write_bytes(photo_file.read_bytes())
    assert shapeshot_command("reconstruct", photo_file.parent, "--out", tmp_path / "out", "--as", "voxels").code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"disc", "second", "manifest.parquet"}


def test_names_stay_apart(tmp_path: Path) -> None:
    photos = [Path(name) for name in ("a/x.jpg", "b/x.jpg", "x-2.png", "c/x.png")]
    targets = plan_targets(photos, str(tmp_path / "out"), None, preview=False)
    assert [target.path.name for target in targets] == ["x", "x-3", "x-2", "x-4"]


def test_an_empty_field_exits_with_3(
    shapeshot_command: Run, use_model: Run, analytic_field: Run, photo_file: Path
) -> None:
    use_model(analytic_field(half_axes=(1e-3, 1e-3, 1e-3)))
    out = photo_file.parent.parent / "out"
    done = shapeshot_command("reconstruct", photo_file, "--out", out / "a.glb")
    assert done.code == 3
    assert "saw no object" in done.err
    assert not out.exists()


def test_voxels_too_coarse_for_the_object_write_nothing(
    shapeshot_command: Run, use_model: Run, analytic_field: Run, photo_file: Path, tmp_path: Path
) -> None:
    use_model(analytic_field(half_axes=(0.02, 0.4, 0.02)))
    done = shapeshot_command("reconstruct", photo_file, "--out", tmp_path / "out", "--resolution", 8)
    assert done.code == 3
    assert "higher --resolution" in done.err
    assert not (tmp_path / "out").exists()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header claims this size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


def encoded(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8))
BAD_PHOTOS = {
    "text.jpg": b"this is a text file named .jpg",
    "empty.png": b"",
    "truncated.jpg": encoded(NOISE, "JPEG")[:2000],
    "one-pixel.png": encoded(Image.new("RGB", (1, 1)), "PNG"),
    "white.png": encoded(Image.new("RGB", (200, 200), "white"), "PNG"),
    "transparent.png": encoded(Image.new("RGBA", (200, 200)), "PNG"),
    "bomb.png": png_claiming(30_000, 30_000),
}


@pytest.mark.parametrize("name", BAD_PHOTOS)
def test_bad_photos(shapeshot_command: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BAD_PHOTOS[name])
    done = shapeshot_command("reconstruct", tmp_path / name, "--out", tmp_path / "out" / "a.glb")
    assert_refused(done, 1, name)
    assert done.err.count(name) == 1, "the file is named once"
    assert not (tmp_path / "out").exists()


def test_missing_photos(shapeshot_command: Run, tmp_path: Path) -> None:
    gone = shapeshot_command("reconstruct", tmp_path / "gone.jpg", "--out", tmp_path / "out")
    assert_refused(gone, 1, f"no such photo: {tmp_path / 'gone.jpg'}")
    assert gone.err.count("gone.jpg") == 1
    (tmp_path / "album").mkdir()
    assert_refused(shapeshot_command("reconstruct", tmp_path / "album", "--out", tmp_path / "out"), 1, "no images")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--out", "a.xyz"], "'xyz'"),
        (["--out", "a.glb", "--as", "all"], "a folder"),
        (["--out", "a.glb", "--size", "height=-3"], "height"),
        (["--out", "a.glb", "--size", "heigth=3"], "'height'"),
        (["--out", "a.glb", "--size", "tall"], "'tall'"),
        (["--out", "a.glb", "--resolution", "100000"], "resolution"),
        (["--out", "a.glb", "--resolution", "many"], "--resolution"),
        (["--out", "a.glb", "--points", "0"], "points"),
        (["--out", "a.glb", "--background", "gren"], "background"),
        (["--out", "a.glb", "--as", "mehs"], "'mehs'"),
        (["--out", "a.glb", "--prevew"], "--preview"),
        ([], "--out"),
    ],
)
def test_requests_that_cannot_be_carried_out(
    shapeshot_command: Run, photo_file: Path, words: list[str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photo_file.parent)
    assert_refused(shapeshot_command("reconstruct", photo_file, *words), 2, named)
    assert files_under(photo_file.parent) == {"disc.png"}


def test_what_is_written_is_counted(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    counts = {"mesh": r"\d+ faces", "points": "70 points", "voxels": r"\d+ voxels", "all": r"\d+ faces"}
    for form, counted in counts.items():
        out = tmp_path / "out" / form
        done = shapeshot_command("reconstruct", photo_file, "--out", out, "--as", form, "--points", 70)
        assert re.search(rf"\({counted}, ", done.out), done.out


def test_an_stl_without_a_size_says_how_large_it_will_be(
    shapeshot_command: Run, photo_file: Path, tmp_path: Path
) -> None:
    done = shapeshot_command("reconstruct", photo_file, "--out", tmp_path / "a.stl")
    [line] = done.err.splitlines()
    assert line.startswith(f"shapeshot: note: {photo_file}: no size is known, and a .stl file says no unit")
    assert "0.8 mm high" in line
    sized = shapeshot_command("reconstruct", photo_file, "--out", tmp_path / "a.stl", "--size", "height=80mm")
    assert sized.err == ""


def test_arguments_are_flags_in_what_the_command_says(shapeshot_command: Run, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    words = ("--out", tmp_path / "a.glb", "--background", "plain")
    done = shapeshot_command("reconstruct", tmp_path / "noise.png", *words)
    assert_refused(done, 1, "--background auto")
    assert "--background keep" in done.err
    assert "='" not in done.err


def test_several_photos_do_not_fit_one_file(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    done = shapeshot_command("reconstruct", photo_file, photo_file, "--out", tmp_path / "a.glb")
    assert_refused(done, 2, "2 photos")


@pytest.mark.parametrize(
    ("name", "form", "named"), [("a.stl", "points", "point cloud"), ("a.binvox", "mesh", "a mesh")]
)
def test_a_form_that_the_format_cannot_hold_is_told_before_any_work(
    shapeshot_command: Run, photo_file: Path, tmp_path: Path, use_model: Run, name: str, form: str, named: str
) -> None:
    use_model(None)  # no work can be done
    done = shapeshot_command("reconstruct", photo_file, "--out", tmp_path / name, "--as", form)
    assert_refused(done, 2, named)


def test_a_form_that_a_library_cannot_hold_is_told_once_a_run(
    shapeshot_command: Run, photo_file: Path, tmp_path: Path
) -> None:
    (photo_file.parent / "other.png").write_bytes(photo_file.read_bytes())
    done = shapeshot_command("reconstruct", photo_file.parent, "--out", tmp_path / "a.sh3f", "--as", "points")
    assert_refused(done, 2, "point cloud")
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_an_output_folder_that_is_a_file(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    for out in ("taken/a.glb", "taken/deeper/"):
        assert_refused(shapeshot_command("reconstruct", photo_file, "--out", f"{tmp_path}/{out}"), 2, "taken")
    assert (tmp_path / "taken").read_text() == "mine"


def test_an_output_folder_that_cannot_be_written(shapeshot_command: Run, photo_file: Path) -> None:
    # /proc refuses new files even to root, whom permissions do not stop.
    done = shapeshot_command("reconstruct", photo_file, "--out", "/proc/a.glb")
    assert_refused(done, None, "/proc")


def assert_refused(done: Any, code: int | None, named: str) -> None:
    """One line on stderr that names the trouble, nothing on stdout, and an exit code (None: any but 0)."""
    assert done.code == code if code is not None else done.code != 0
    assert len(done.err.splitlines()) == 1, done.err
    assert done.err.startswith("shapeshot: ")
    assert named in done.err
    assert not done.out


def test_the_last_line_of_a_folder_counts_the_doubtful() -> None:
    def outcome(status: str, confidence: float | None = None) -> Any:
        result = None if confidence is None else SimpleNamespace(confidence=confidence)
        return SimpleNamespace(status=status, result=result)

    sure = [outcome("done", 0.9), outcome("done", 0.5), outcome("failed")]
    assert summary(sure) == "3 photos: 2 done, 1 failed"
    told = summary([*sure, outcome("done", 0.2)])
    assert told == "4 photos: 3 done, 1 failed; probably not right (confidence below 0.5): 1"
