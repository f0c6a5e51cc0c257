"""Writing in one step: the whole content or nothing, with the permissions that the umask asks for."""

from __future__ import annotations

import os
import signal
import stat
import time
from pathlib import Path

import pytest

from shapeshot.errors import ExportError
from shapeshot.files import atomic_path, atomic_write, locked, remove_leftovers


def test_folders_are_made_and_content_is_whole(tmp_path: Path) -> None:
    atomic_write(tmp_path / "a" / "b.txt", "über")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "über".encode()
    atomic_write(tmp_path / "a" / "b.txt", b"\x00\x01")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"\x00\x01"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.txt"]


def test_a_failure_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    atomic_write(tmp_path / "b.txt", "before")

    def fails_half_way() -> None:
        with atomic_path(tmp_path / "b.txt") as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_half_way()
    assert (tmp_path / "b.txt").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def test_the_umask_decides_who_may_read(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic_write(tmp_path / "b.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "b.txt").stat().st_mode) == 0o640


def test_a_path_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="cannot write"):
        atomic_write(tmp_path / "file" / "b.txt", "x")
    with pytest.raises(ExportError, match="cannot write"):
        atomic_write(tmp_path / ("n" * 300), "x")


def test_leftovers_of_killed_writers_go(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "mesh.glb") as temporary:
        names = [temporary.name, f".{'x' * 40}.0123456789ab", ".hidden", ".git.0123456789ab.d.txt", "mesh.ply"]
        for name in names:
            (tmp_path / name).write_text("")
        remove_leftovers(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[2:])
        temporary.touch()
    remove_leftovers(tmp_path / "missing")


def test_a_lock_is_not_passed_on_to_a_forked_worker(tmp_path: Path) -> None:
    """A worker that outlives its killed parent must not keep the next run out."""
    reading, writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        with locked(tmp_path / "lock", ValueError("busy")):
            worker = os.fork() == 0
            if worker:
                os.write(writing, b"x")
            time.sleep(20 if worker else 60)
            os._exit(0)
    assert os.read(reading, 1) == b"x"
    with pytest.raises(ValueError, match="busy"), locked(tmp_path / "lock", ValueError("busy")):
        pass
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    with locked(tmp_path / "lock", ValueError("busy")):
        pass
