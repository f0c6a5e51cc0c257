"""One run at a time writes into a folder, and a killed one locks nobody out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shapeshot.jobs.folder_lock import FolderInUseError, only_run_in, only_writer_of

HOLD = """
import sys, time
from pathlib import Path
from shapeshot.jobs.folder_lock import only_run_in
with only_run_in(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""

pytest.importorskip("fcntl")


def test_a_second_run_is_told_whose_the_folder_is_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(FolderInUseError, match=f"process {holder.pid} is writing into") as caught,
            only_run_in(folder),
        ):
            pytest.fail("both hold it")
        assert "\n" not in str(caught.value)
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    assert (folder / ".lock").exists()
    with only_run_in(folder):
        pass
    assert list(folder.iterdir()) == []
    folder.rmdir()
    with only_run_in(folder):
        pass
    assert not folder.exists()  # what was made for the lock goes with it


def test_the_lock_is_let_go_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), only_run_in(tmp_path):
        raise RuntimeError
    with only_run_in(tmp_path):
        assert (tmp_path / ".lock").exists()


def test_a_lock_removed_by_its_holder_in_between_is_taken_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened before the holder removed it: the lock of that file is nobody's, and the folder gets a new one."""
    from shapeshot.jobs import folder_lock

    original, calls = folder_lock._lock, []

    def removed_first(descriptor: int, what: Path, is_shared: bool) -> None:
        if not calls:
            (what / ".lock").unlink()
        calls.append(what)
        original(descriptor, what, is_shared)

    monkeypatch.setattr(folder_lock, "_lock", removed_first)
    with only_run_in(tmp_path):
        assert len(calls) == 2
        assert (tmp_path / ".lock").exists()


def test_writers_of_several_targets_share_a_folder_that_no_run_over_it_gets_meanwhile(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with only_writer_of(out / "chair", True), only_writer_of(out / "bed", True), only_writer_of(out / "a.glb", False):
        with pytest.raises(FolderInUseError, match=f"process {os.getpid()} is writing into .*/chair"):
            only_writer_of(out / "chair", True).__enter__()
        with pytest.raises(FolderInUseError, match=r"another process is writing into .*/out;"):
            only_run_in(out).__enter__()
        (out / "kept").touch()
    assert [path.name for path in out.iterdir()] == ["kept"]
    with only_run_in(out):
        with pytest.raises(FolderInUseError, match=f"process {os.getpid()} is writing into .*/out;"):
            only_writer_of(out / "chair", True).__enter__()
        with only_writer_of(out / "a.glb", False):
            pass
    assert [path.name for path in out.iterdir()] == ["kept"]


def test_of_many_that_come_and_go_none_meets_another(tmp_path: Path) -> None:
    """Also where the folder and the lock's file are removed between their being made and being locked."""
    inside: set[str] = set()

    def write(number: int) -> bool:
        name = f"out/{number % 3}"
        try:
            with only_writer_of(tmp_path / "new" / name, True):
                assert name not in inside
                inside.add(name)
                time.sleep(0.001)
                inside.remove(name)
        except FolderInUseError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(write, range(300))) > 3
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_lock_is_not_passed_on_to_a_forked_worker(tmp_path: Path) -> None:
    """A worker that outlives its killed parent must not keep the next run out."""
    reading, writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        with only_run_in(tmp_path):
            worker = os.fork() == 0
            if worker:
                os.write(writing, b"x")
            time.sleep(20 if worker else 60)
            os._exit(0)
    assert os.read(reading, 1) == b"x"
    with pytest.raises(FolderInUseError):
        only_run_in(tmp_path).__enter__()
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    with only_run_in(tmp_path):
        pass
