"""One run at a time writes into a folder, and a killed one locks nobody out."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shapeshot.jobs.folder_lock import FolderInUseError, only_run_in

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


def test_the_lock_is_let_go_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), only_run_in(tmp_path):
        raise RuntimeError
    with only_run_in(tmp_path):
        assert (tmp_path / ".lock").exists()


def test_a_lock_removed_by_its_holder_in_between_is_taken_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened before the holder removed it: the lock of that file is nobody's, and the folder gets a new one."""
    from shapeshot.jobs import folder_lock

    original, calls = folder_lock._lock, []

    def removed_first(descriptor: int, path: Path) -> None:
        if not calls:
            path.unlink()
        calls.append(path)
        original(descriptor, path)

    monkeypatch.setattr(folder_lock, "_lock", removed_first)
    with only_run_in(tmp_path):
        assert len(calls) == 2
        assert (tmp_path / ".lock").exists()
