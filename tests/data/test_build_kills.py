"""Builds that are killed, run twice at once, or find what others left: the same bytes, no process, no file too many."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sessions import HAS_PROC, outlived

from shapeshot.data.build import build_dataset
from shapeshot.data.build_options import BuildOptions
from shapeshot.data.dataset import Dataset
from shapeshot.data.sources import make_source
from shapeshot.errors import DatasetError
from shapeshot.jobs.folder_lock import FolderInUseError, only_run_in

pytest.importorskip("mitsuba")

KILLS = 20
COUNT = 6
OPTIONS = BuildOptions(views=2, size=32, samples=1, split="train", rooms=1)


def build(folder: Path) -> Dataset:
    return build_dataset(make_source("procedural", count=COUNT), folder, OPTIONS, workers=1, progress=False)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("whole") / "d").folder


def half_built(whole: Path, folder: Path) -> Path:
    """A folder as a build leaves it that was killed after the first objects, in the middle of writing two files."""
    shutil.copytree(whole, folder)
    (folder / "manifest.json").unlink()
    shard = next(folder.glob("*.tar"))
    content = shard.read_bytes()
    rows = json.loads((whole / "manifest.json").read_text())["objects"]
    staging = folder / ".build"
    staging.mkdir()
    for row in rows[:3]:
        (staging / f"{row['id']}.tar").write_bytes(content[row["offset"] : row["offset"] + row["length"]])
    plan = json.loads((whole / "manifest.json").read_text())["plan"]
    (staging / "plan.json").write_text(json.dumps({**plan, "members": 2}))
    (staging / ".procedural-0-000003.0123456789ab.tar").write_bytes(b"half of an object")
    (folder / ".manifest.0123456789ab.json").write_bytes(b"{")
    (folder / ".lock").write_text("1")
    return folder


def test_what_a_killed_build_was_writing_is_cleared_away(whole: Path, tmp_path: Path) -> None:
    folder = half_built(whole, tmp_path / "d")
    kept = next((folder / ".build").glob("procedural*.tar"))
    kept.touch()
    build(folder)
    assert digests(folder) == digests(whole)


def test_a_build_killed_while_it_tidied_up_is_tidied_up(whole: Path, tmp_path: Path) -> None:
    folder = half_built(whole, tmp_path / "d")
    shutil.copy(whole / "manifest.json", folder / "manifest.json")
    build(folder)
    assert not (folder / ".build").exists()


def test_objects_of_another_version_s_members_are_made_again(whole: Path, tmp_path: Path) -> None:
    folder = half_built(whole, tmp_path / "d")
    plan_path = folder / ".build" / "plan.json"
    plan_path.write_text(
        json.dumps({key: value for key, value in json.loads(plan_path.read_text()).items() if key != "members"})
    )
    for path in (folder / ".build").glob("procedural*.tar"):
        path.write_bytes(b"an object without geometry")
    build(folder)
    assert digests(folder) == digests(whole)


def test_a_damaged_plan_is_told(whole: Path, tmp_path: Path) -> None:
    folder = half_built(whole, tmp_path / "d")
    (folder / ".build" / "plan.json").write_text("{")
    with pytest.raises(DatasetError, match="damaged"):
        build(folder)


def test_two_builds_into_one_folder_at_once(whole: Path, tmp_path: Path) -> None:
    with only_run_in(tmp_path / "d"), pytest.raises(FolderInUseError, match=f"process {os.getpid()} is writing"):
        build(tmp_path / "d")
    with only_run_in(whole):
        assert len(build(whole)) == COUNT, "a finished dataset is opened whoever holds the folder"


@pytest.mark.slow
@pytest.mark.skipif(not HAS_PROC, reason="looks for processes in /proc")
def test_twenty_kills_leave_nothing_but_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    """The parent alone is killed, at random; its workers must go by themselves."""
    chance, folder, finished = random.Random(7), tmp_path / "d", 0
    command = [sys.executable, "-m", "shapeshot", "data", "build", "procedural", "--count", str(COUNT), "--out"]
    command += [str(folder), "--views", "2", "--size", "32", "--samples", "1", "--rooms", "1", "--split", "train"]
    command += ["--workers", "2", "--quiet"]
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    usual = time.monotonic() - began
    assert digests(folder) == digests(whole)
    shutil.rmtree(folder)
    for _ in range(KILLS):
        parent = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(chance.uniform(0.3, 1.0) * usual)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert not outlived(parent.pid)
        if (folder / "manifest.json").exists():
            finished += 1
            shutil.rmtree(folder)
    assert finished < KILLS, "every build ended before it was killed; the test would not test"
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert digests(folder) == digests(whole)
