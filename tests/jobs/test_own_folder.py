"""Folders of processes that were killed are removed by the next one, folders in use are not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shapeshot.jobs.own_folder import OwnFolder

pytest.importorskip("fcntl", reason="only where files can be locked")
OWNER = """
import os, signal
from shapeshot.jobs.own_folder import OwnFolder
folder = OwnFolder("results")
(folder.path / "result").write_text("x")
print(folder.path, flush=True)
input()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder, for this test."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_it_is_ones_own_and_goes(parent: Path) -> None:
    folder = OwnFolder("results")
    assert folder.path.parent == parent
    assert folder.path.stat().st_mode & 0o777 == 0o700
    (folder.path / "result").write_text("x")
    folder.close()
    assert list(parent.iterdir()) == []


def test_what_a_killed_process_left_is_removed(parent: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert owner.stdin
    assert owner.stdout
    theirs = Path(owner.stdout.readline().strip())
    strangers = parent / "shapeshot-results-of-somebody-else"  # without a lock it is none of ours
    strangers.mkdir()
    ours = [OwnFolder("results")]
    assert (theirs / "result").exists()
    owner.communicate("\n")
    assert (theirs / "result").exists()
    ours.append(OwnFolder("results"))
    assert not theirs.exists()
    assert strangers.exists()
    assert all(folder.path.exists() for folder in ours)
    for folder in ours:
        folder.close()


def test_what_was_killed_before_it_had_its_lock_is_removed_later(parent: Path) -> None:
    old, new = parent / "shapeshot-new-old", parent / "shapeshot-new-new"
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (time.time() - 7200,) * 2)
    OwnFolder("results").close()
    assert not old.exists()
    assert new.exists(), "another process may just be making it"
