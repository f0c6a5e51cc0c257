"""Folders of files that are not all photos, and names that are not all text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest
from PIL import Image

from shapeshot.folders import list_photos, plan_targets
from shapeshot.folders import work as work_module
from shapeshot.folders.work import PhotoFile

EXAMPLE = Path(__file__).parents[2] / "examples" / "chair.jpg"


def small(path: Path | bytes) -> None:
    with Image.open(EXAMPLE) as image, open(path, "wb") as file:  # noqa: PTH123 - a path of bytes
        image.resize((160, 160)).save(file, "JPEG")


def test_what_is_taken_and_what_is_told(tmp_path: Path) -> None:
    photos = ["a.jpg", "b.JPEG", "c.jpe", "d.jfif", "e.mpo", "f.avif", "g.png", "h.webp", "i.tif", "j.bmp", "k.gif"]
    others = ["._a.jpg", ".DS_Store", "l.jp2", "m.JP2", "n.dng", "o.txt", "p"]
    for name in [*photos, *others]:
        (tmp_path / name).touch()
    (tmp_path / "more").mkdir()
    listing = list_photos([tmp_path])
    assert [path.name for path in listing.photos] == photos
    assert listing.left_out == {
        "hidden file": 2, "JPEG 2000": 2, "other file": 2, "camera raw": 1, "folder": 1,
    }  # fmt: skip
    told = listing.told()
    assert told is not None
    for part in ("2 JPEG 2000 (not read)", "2 hidden files", "1 camera raw (not read)", "1 folder (not entered)"):
        assert part in told


def test_heic_is_named_where_it_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.heic").touch()
    (tmp_path / "b.jpg").touch()
    monkeypatch.setattr("shapeshot.photo.formats.heif_package", lambda: None)
    told = list_photos([tmp_path]).told()
    assert told is not None
    assert "1 HEIC (needs an optional package: pip install 'shapeshot[heif]')" in told
    monkeypatch.setattr("shapeshot.photo.formats.heif_package", lambda: "pi_heif")
    assert len(list_photos([tmp_path]).photos) == 2


def test_a_folder_without_a_photo_stands_for_itself(tmp_path: Path) -> None:
    (tmp_path / ".a.jpg").touch()
    assert list_photos([tmp_path]).photos == (tmp_path,)
    assert list_photos([tmp_path / "x.jpg"]).told() is None


NAMES = [
    "...jpg",
    "..jpg",
    "a.jpg",
    "A.jpg",
    "manifest.csv.jpg",
    "manifest.parquet.jpg",
    "con.jpg",
    "e\u0301.jpg",
    "é.jpg",
]


def test_no_stem_leads_outside(tmp_path: Path) -> None:
    targets = plan_targets([tmp_path / name for name in NAMES], str(tmp_path / "out"), None, False)
    folders = [target.path for target in targets]
    assert {folder.parent for folder in folders} == {tmp_path / "out"}
    assert len({folder.name.casefold() for folder in folders}) == len(NAMES)
    assert not {folder.name for folder in folders} & {"..", ".", "manifest.csv", "manifest.parquet", "con"}
    pieces = plan_targets([tmp_path / name for name in NAMES], str(tmp_path / "all.sh3f"), None, False)
    assert {target.path.parent for target in pieces} == {tmp_path / ".all.sh3f.parts"}


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_names_that_are_no_text_and_terminals_that_lack_letters(tmp_path: Path, encoding: str) -> None:
    folder = os.fsencode(tmp_path / "photos")
    os.mkdir(folder)  # noqa: PTH102 - a path of bytes
    for name in (b"caf\xe9.jpg", "椅子.jpg".encode(), b"esc\x1b[2J.jpg", b"...jpg"):
        small(os.path.join(folder, name))  # noqa: PTH118
    (tmp_path / "photos" / "bad\udcff.png").write_bytes(b"no picture")
    out = tmp_path / "deep" / "out"
    photos = [str(tmp_path / "photos"), str(tmp_path / "photos" / "...jpg")]  # as a dot file it must be named
    command = [sys.executable, "-m", "shapeshot", "reconstruct", *photos, "--out", str(out)]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run([*command, "--as", "mesh", "--workers", "1"], capture_output=True, env=environment)
    output = (done.stdout + done.stderr).decode(encoding)
    assert "Traceback" not in output
    assert done.returncode == 1  # of the one that is no picture
    assert "4 done, 1 failed" in output
    assert "\x1b" not in output
    assert r"caf\xe9.jpg" in output
    assert "left out: 1 hidden file" in output
    assert sorted(path.name for path in out.iterdir()) == ["caf%E9", "esc_[2J", "manifest.parquet", "photo", "椅子"]
    assert [path.name for path in out.parent.iterdir()] == ["out"], "nothing is written beside --out"
    rows = pyarrow.parquet.read_table(out / "manifest.parquet").to_pylist()
    assert r"caf\xe9.jpg" in {Path(row["photo"]).name for row in rows}
    assert json.loads((out / "caf%E9" / "result.json").read_text())["photo"] == r"caf\xe9.jpg"


def test_a_photo_that_is_replaced_while_it_is_read_is_not_kept_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"old")
    os.utime(path, ns=(1, 1))

    def replaced(source: Path) -> bytes:
        content = source.read_bytes()
        source.write_bytes(b"new")
        return content

    monkeypatch.setattr(work_module, "read_bytes", replaced)
    file = PhotoFile.read(path)
    assert (file.content, file.modified_ns) == (b"old", 1)
    assert path.stat().st_mtime_ns != file.modified_ns
