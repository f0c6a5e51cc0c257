"""Writing in one step: the whole content or nothing, with the permissions that the umask asks for."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from shapeshot.errors import ExportError
from shapeshot.files import atomic_path, atomic_write, remove_leftovers


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
