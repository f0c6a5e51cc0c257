"""`shapeshot reconstruct PHOTOS --out furniture.sh3f`: one library of one or many photos, by the catalogue reader."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from shapeshot.data.sources.sweethome3d import SweetHome3DSource
from shapeshot.jobs.folder_lock import only_writer_of
from shapeshot.model.heads import Heads, Look, SizeHead

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def _analytic_model(use_model: Run, analytic_field: Run) -> None:
    use_model(analytic_field())


@pytest.fixture
def album(photo_file: Path) -> Path:
    """A folder of three photos."""
    for name in ("Blue chair.png", "stool.png"):
        shutil.copy(photo_file, photo_file.with_name(name))
    return photo_file.parent


def entries_of(path: Path) -> list[Any]:
    source = SweetHome3DSource([path])
    assert not source.unreadable()
    return list(source.entries())


def test_one_photo_with_its_size(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    size = ("--size", "height=80cm")
    done = shapeshot_command("reconstruct", photo_file, "--out", tmp_path / "new" / "a.sh3f", *size)
    assert (done.code, done.err) == (0, "")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.sh3f"]
    [entry] = entries_of(tmp_path / "new" / "a.sh3f")
    assert entry.info.name == "disc"
    shapeshot_command("reconstruct", photo_file, "--out", tmp_path / "a.ply", *size)
    mesh = trimesh.load(tmp_path / "a.ply")
    np.testing.assert_allclose(entry.info.size_metres, mesh.extents, atol=1e-4)
    vertices, faces = entry.load().merged()
    np.testing.assert_allclose(vertices[faces], mesh.triangles, atol=1e-4)


def test_each_piece_has_the_category_of_its_kind(shapeshot_command: Run, album: Path, tmp_path: Path) -> None:
    library = tmp_path / "a.sh3f"
    for _ in range(2):  # made, and kept
        assert shapeshot_command("reconstruct", album, "--out", library).code == 0
        assert {entry.info.name: entry.info.category for entry in entries_of(library)} == {
            "Blue chair": "Living room",
            "stool": "Kitchen",
            "disc": "Miscellaneous",
        }
    shapeshot_command("reconstruct", album, "--out", library, "--category", "Office")
    assert shapeshot_command("reconstruct", album, "--out", library).code == 0
    assert {entry.info.category for entry in entries_of(library)} == {"Living room", "Kitchen", "Miscellaneous"}


def test_an_unknown_size_is_assumed_and_said(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    for suffix in ("sh3f", "3mf"):
        done = shapeshot_command("reconstruct", photo_file, "--out", tmp_path / f"a.{suffix}")
        assert done.code == 0
        assert "size unknown, longest side 1 m assumed; --size overrides" in done.out
    [entry] = entries_of(tmp_path / "a.sh3f")
    assert max(entry.info.size_metres) == pytest.approx(1.0, abs=1e-4)
    assert trimesh.load(tmp_path / "a.3mf").extents.max() == pytest.approx(1000, abs=0.1)
    # Formats that are not made for real sizes stay as they were.
    done = shapeshot_command("reconstruct", photo_file, "--out", tmp_path / "a.ply")
    assert "assumed" not in done.out
    assert trimesh.load(tmp_path / "a.ply").extents.max() == pytest.approx(0.8, abs=0.02)


def test_an_unknown_size_is_the_models_estimate_where_it_has_one(
    shapeshot_command: Run, use_model: Run, analytic_field: Run, photo_file: Path, tmp_path: Path
) -> None:
    metres = np.array([0.5, 0.9, 0.6])
    look = Look(np.zeros(3), np.ones(3), np.eye(3))
    heads = Heads(look, SizeHead(np.eye(3)[:1], np.log(metres)[None], 0.1, np.ones(3), 0.9))
    use_model(analytic_field(heads=heads, features=np.eye(3)[0]))
    for suffix in ("sh3f", "3mf", "ply"):
        done = shapeshot_command("reconstruct", photo_file, "--out", tmp_path / f"a.{suffix}")
        assert done.code == 0
        assert ("cm estimated from the photo; --size overrides" in done.out) == (suffix != "ply")
    # The shape keeps its proportions: it is off the estimate by as much on one side as on the other, in logarithms.
    plain = trimesh.load(tmp_path / "a.ply").extents
    expected = plain * np.exp(np.log(metres / plain).mean())
    [entry] = entries_of(tmp_path / "a.sh3f")
    np.testing.assert_allclose(entry.info.size_metres, expected, atol=1e-4)
    np.testing.assert_allclose(trimesh.load(tmp_path / "a.3mf").extents, expected[[0, 2, 1]] * 1000, atol=0.1)


def test_a_folder_becomes_one_library(shapeshot_command: Run, album: Path, tmp_path: Path) -> None:
    library = tmp_path / "My room.sh3f"
    labels = ("--category", "Office", "--creator", "Ann", "--license", "CC0")
    done = shapeshot_command("reconstruct", album, "--out", library, "--size", "width=40cm", *labels)
    assert (done.code, done.err) == (0, "")
    assert f"{library}: 3 pieces of furniture" in done.out
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "My room.sh3f"}  # no parts are left
    entries = entries_of(library)
    assert [entry.info.name for entry in entries] == ["Blue chair", "disc", "stool"]
    for entry in entries:
        info = entry.info
        assert (info.category, info.creator, info.licence) == ("Office", "Ann", "CC0-1.0")
        np.testing.assert_allclose(info.size_metres, [0.4, 0.8, 0.6], atol=0.01)
        assert info.size_metres[0] == pytest.approx(0.4, abs=1e-4)


def test_a_photo_that_fails_leaves_nothing_behind_but_its_line(
    shapeshot_command: Run, album: Path, tmp_path: Path
) -> None:
    (album / "broken.png").write_bytes(b"no picture")
    library = tmp_path / "a.sh3f"
    done = shapeshot_command("reconstruct", album, "--out", library)
    assert done.code == 1
    assert f"{library}: 3 pieces of furniture; the sizes of 3 are guesses: correct them in Sweet Home 3D" in done.out
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "a.sh3f"}
    again = shapeshot_command("reconstruct", album, "--out", library)
    assert "3 kept" in again.out  # the library itself holds what the next run needs
    only = shapeshot_command("reconstruct", album / "broken.png", "--out", tmp_path / "b.sh3f")
    assert only.code == 1
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "a.sh3f"}


def test_two_runs_into_one_library_at_once(shapeshot_command: Run, album: Path, tmp_path: Path) -> None:
    library = tmp_path / "room.sh3f"
    with only_writer_of(library, in_folder_of_runs=False):
        done = shapeshot_command("reconstruct", album, "--out", library)
    assert done.code == 2
    assert f"is writing into {library}; wait until it ends" in done.err
    assert {path.name for path in tmp_path.iterdir()} == {"photos"}


def test_the_same_run_again_does_only_what_is_missing(shapeshot_command: Run, album: Path, tmp_path: Path) -> None:
    """The library itself holds what the next run needs: nothing lies beside it."""
    library = tmp_path / "a.sh3f"
    assert "3 done" in shapeshot_command("reconstruct", album, "--out", library).out
    first = library.read_bytes()
    done = shapeshot_command("reconstruct", album, "--out", library)
    assert (done.code, done.err) == (0, "")
    assert "3 kept" in done.out
    assert library.read_bytes() == first
    shutil.copy(album / "disc.png", album / "table.png")
    (album / "stool.png").unlink()
    assert "3 photos: 2 kept, 1 done" in shapeshot_command("reconstruct", album, "--out", library).out
    assert [entry.info.name for entry in entries_of(library)] == ["Blue chair", "disc", "table"]
    assert "3 done" in shapeshot_command("reconstruct", album, "--out", library, "--smooth", 2).out
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "a.sh3f"}


def test_new_labels_need_no_new_shapes(shapeshot_command: Run, album: Path, tmp_path: Path) -> None:
    library = tmp_path / "a.sh3f"
    shapeshot_command("reconstruct", album, "--out", library)
    assert "3 kept" in shapeshot_command("reconstruct", album, "--out", library, "--category", "Office").out
    assert {entry.info.category for entry in entries_of(library)} == {"Office"}


@pytest.mark.parametrize("damage", ["no archive", "cut short", "another program's", "a note that lies"])
def test_a_library_that_says_nothing_is_made_again(
    shapeshot_command: Run, album: Path, tmp_path: Path, damage: str
) -> None:
    library = tmp_path / "a.sh3f"
    shapeshot_command("reconstruct", album, "--out", library)
    content = library.read_bytes()
    if damage == "no archive":
        library.write_text("mine")
    elif damage == "cut short":
        library.write_bytes(content[: len(content) // 2])
    else:
        library.write_bytes(with_other_notes(content, damage))
    done = shapeshot_command("reconstruct", album, "--out", library)
    assert (done.code, done.err) == (0, "")
    assert "3 done" in done.out
    assert len(entries_of(library)) == 3
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "a.sh3f"}


def with_other_notes(content: bytes, damage: str) -> bytes:
    """A library without the notes beside its pieces, or with some that name files elsewhere."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            if not name.endswith("/result.json"):
                new.writestr(name, old.read(name))
            elif damage == "a note that lies":
                note = json.loads(old.read(name))
                new.writestr(name, json.dumps({**note, "files": {"mesh": "../../escaped.sh3f"}}))
    return changed.getvalue()


def test_a_library_is_a_source_of_training_data(
    shapeshot_command: Run, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("mitsuba", reason="needs the extra `data`")
    shapeshot_command("reconstruct", album / "disc.png", "--out", tmp_path / "a.sh3f", "--size", "height=80cm")
    out = tmp_path / "dataset"
    words = ("--catalog", tmp_path / "a.sh3f", "--out", out, "--views", 1, "--workers", 1)
    done = shapeshot_command("data", "build", "sweethome3d", *words)
    assert done.code == 0, done.err
    assert list(out.glob("shard-*.tar"))


def test_a_bad_photo_is_left_out_and_the_next_run_does_only_what_is_missing(
    shapeshot_command: Run, album: Path, tmp_path: Path
) -> None:
    library = tmp_path / "a.sh3f"
    good = (album / "stool.png").read_bytes()
    (album / "stool.png").write_text("no image")
    done = shapeshot_command("reconstruct", album, "--out", library)
    assert done.code == 1
    assert "stool.png" in done.err
    assert len(entries_of(library)) == 2
    (album / "stool.png").write_bytes(good)
    done = shapeshot_command("reconstruct", album, "--out", library)
    assert done.code == 0
    assert "2 kept" in done.out
    assert len(entries_of(library)) == 3
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "a.sh3f"}


def test_without_any_piece_the_old_library_stays(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> None:
    library = tmp_path / "a.sh3f"
    assert shapeshot_command("reconstruct", photo_file, "--out", library).code == 0
    old = library.read_bytes()
    photo_file.write_text("no image")
    assert shapeshot_command("reconstruct", photo_file, "--out", library).code == 1
    assert library.read_bytes() == old


@pytest.mark.parametrize("more", [["--as", "all"], ["--preview"]])
def test_what_a_library_cannot_hold_is_refused(
    shapeshot_command: Run, photo_file: Path, tmp_path: Path, more: list[str]
) -> None:
    done = shapeshot_command("reconstruct", photo_file, "--out", tmp_path / "a.sh3f", *more)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
