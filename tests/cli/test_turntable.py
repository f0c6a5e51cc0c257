"""`shapeshot turntable`: an animated picture of a folder, a file or a photo."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Run = Callable[..., Any]
FEW = ("--frames", 5, "--pixels", 64)


@pytest.fixture
def result(shapeshot_command: Run, photo_file: Path, tmp_path: Path) -> Path:
    assert shapeshot_command("reconstruct", photo_file, "--as", "mesh", "--out", tmp_path / "out").code == 0
    return tmp_path / "out/disc"


def frames(path: Path) -> list[np.ndarray]:
    with Image.open(path) as picture:
        found = []
        for number in range(picture.n_frames):
            picture.seek(number)
            found.append(np.asarray(picture.convert("RGB")).astype(int))
        return found


def test_a_folder_gets_one(shapeshot_command: Run, result: Path) -> None:
    done = shapeshot_command("turntable", result, *FEW)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{result} -> {result / 'turntable.gif'} (5 frames, ")
    found = frames(result / "turntable.gif")
    assert len(found) == 5
    assert all(frame.shape == (64, 64, 3) for frame in found)
    assert all(np.abs(frame - found[0]).max() > 40 for frame in found[1:])  # it turns
    assert found[0][0, 0].tolist() == [255, 255, 255]
    brown = found[0][32, 32]
    assert brown[0] > brown[2] + 20  # in the photo's colours


def test_a_file_as_webp(shapeshot_command: Run, result: Path, tmp_path: Path) -> None:
    out = tmp_path / "new/a.webp"
    assert shapeshot_command("turntable", result / "mesh.glb", "--out", out, "--seconds", 2, *FEW).code == 0
    with Image.open(out) as picture:
        assert (picture.format, picture.n_frames) == ("WEBP", 5)


def test_a_photo_is_reconstructed(shapeshot_command: Run, photo_file: Path) -> None:
    before = photo_file.read_bytes()
    assert shapeshot_command("turntable", photo_file, *FEW).code == 0
    assert len(frames(photo_file.with_name("disc.turntable.gif"))) == 5
    assert photo_file.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{disc}", "--out", "a.mp4"], ".gif or .webp; got a.mp4"),
        (["{disc}", "--out", "a.gif", "--frames", "1"], "at least 2"),
        (["{disc}", "--out", "a.gif", "--seconds", "0"], "must lie in 0.72..60; got 0"),
        ([".", "--out", "a.gif"], "cannot be read"),
        (["bad.glb", "--out", "a.gif"], "bad.glb is damaged or no .glb file"),
        (["points.glb", "--out", "a.gif"], "holds points"),
        (["made.stl", "--out", "a.gif"], "of 3D files a turntable shows .glb alone"),
        (["made.sh3f", "--out", "a.gif"], "give the .glb of the same shape, its folder, or the photo"),
        (["other.glb", "--out", "a.gif"], "not written by shapeshot"),
    ],
)
def test_what_cannot_be_shown_is_told_in_a_line(
    shapeshot_command: Run, photo_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for suffix in ("stl", "sh3f"):
        Path(f"made.{suffix}").write_bytes(b"solid")
    Path("bad.glb").write_bytes(b"glTF" + bytes(40))
    shapeshot_command("reconstruct", photo_file, "--as", "points", "--out", "points.glb")
    content = Path("points.glb").read_bytes()
    Path("other.glb").write_bytes(content.replace(b'"shapeshot"', b'"somebody."'))
    done = shapeshot_command("turntable", *(word.format(disc=photo_file) for word in words))
    assert done.code in (1, 2)
    assert len(done.err.splitlines()) == 1
    assert said in done.err
    assert not list(tmp_path.glob("a.*"))


def test_of_a_photo_it_says_what_speaks_against_the_shape(shapeshot_command: Run, tmp_path: Path) -> None:
    with Image.open("examples/chair.jpg") as chair:
        chair.rotate(90, expand=True).save(tmp_path / "fallen.jpg")
    done = shapeshot_command("turntable", tmp_path / "fallen.jpg", *FEW)
    assert done.code == 0
    assert f"shapeshot: warning: {tmp_path / 'fallen.jpg'}: this shape is probably not right" in done.err


def test_a_pipe_is_not_waited_for(shapeshot_command: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "mesh.glb")
    done = shapeshot_command("turntable", tmp_path)
    assert done.code == 2
    assert "not a regular file" in done.err


def test_a_file_beyond_the_limit_is_not_read(shapeshot_command: Run, tmp_path: Path) -> None:
    with (tmp_path / "mesh.glb").open("wb") as file:
        file.truncate(2**40)  # which takes no room
    done = shapeshot_command("turntable", tmp_path)
    assert done.code == 2
    assert "512 MiB" in done.err
