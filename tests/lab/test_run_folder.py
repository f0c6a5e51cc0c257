"""A run folder belongs to one process; what a killed one left is tidied at the next start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shapeshot.errors import ExportError, UserError
from shapeshot.lab.run_folder import LOG, own_run_folder


def test_two_runs_in_one_folder(tmp_path: Path) -> None:
    holder = (
        "import sys; from pathlib import Path; from shapeshot.lab.run_folder import own_run_folder\n"
        "with own_run_folder(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", holder, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(UserError, match=f"process {child.pid} is writing into"), own_run_folder(tmp_path):
            pass
        child.kill()
        child.wait()
    with own_run_folder(tmp_path):  # the lock ended with its process
        pass
    with own_run_folder(tmp_path):
        pass


def test_leftovers_of_a_killed_save_are_removed(tmp_path: Path) -> None:
    leftover = tmp_path / ".last.0123456789ab.safetensors"
    leftover.write_bytes(b"half a checkpoint")
    (tmp_path / ".notes").write_text("mine")
    with own_run_folder(tmp_path):
        assert not leftover.exists()
    assert (tmp_path / ".notes").exists()


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        ('{"step": 1}\n{"step": 2, "lo', [1]),
        ('{"step": 1}\n{"step": 2}', [1, 2]),
        ('{"step": 1}\n', [1]),
        ('{"st', []),
        ("", []),
    ],
)
def test_a_torn_line_does_not_swallow_the_next(tmp_path: Path, before: str, kept: list[int]) -> None:
    (tmp_path / LOG).write_text(before)
    with own_run_folder(tmp_path), (tmp_path / LOG).open("a") as log:
        log.write(json.dumps({"step": 9}) + "\n")
    assert [json.loads(line)["step"] for line in (tmp_path / LOG).read_text().splitlines()] == [*kept, 9]


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(ExportError, match="choose another folder"), own_run_folder(tmp_path / "run"):
        pass
