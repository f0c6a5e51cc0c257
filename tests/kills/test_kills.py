"""The kills of `make kills`: a few of each kind, and that what may not be is found."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sessions import HAS_PROC, outlived

HERE = Path(__file__).parent
NEEDS = {"folder": "pyarrow", "build": "mitsuba", "training": "torch", "study": "torch", "server": "fastapi"}
LEAVER = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import sys, time; time.sleep(float(sys.argv[1]))", sys.argv[1]])
"""


@pytest.fixture
def killing() -> Iterator[ModuleType]:
    """What kills and looks, with its folder on the path as when it is run."""
    sys.path.insert(0, str(HERE))
    import killing

    yield killing
    sys.path.remove(str(HERE))


def kill(place: Path, kills: int, kind: str) -> dict[str, Any]:
    """The figures of a call of the command."""
    command = [sys.executable, HERE / "run.py", "--kills", str(kills), "--place", place, kind]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not HAS_PROC, reason="looks for processes in /proc")
@pytest.mark.parametrize("kind", NEEDS)
def test_two_kills_and_nothing_is_lost_or_left(tmp_path: Path, kind: str) -> None:
    pytest.importorskip(NEEDS[kind])
    figures = kill(tmp_path, 2, kind)
    assert (figures["kind"], figures["kills"], figures["findings"]) == (kind, 2, [])
    assert figures["ends"] >= 1


@pytest.mark.slow
@pytest.mark.skipif(not HAS_PROC, reason="looks for processes in /proc")
def test_a_call_goes_on_where_another_was(tmp_path: Path) -> None:
    pytest.importorskip(NEEDS["folder"])
    first = kill(tmp_path, 1, "folder")
    second = kill(tmp_path, 3, "folder")
    assert (first["kills"], second["kills"]) == (1, 3)
    assert second["usual"] == first["usual"], "the undisturbed run is not made again"


@pytest.fixture
def figures(killing: ModuleType) -> Any:
    from figures import Figures

    return Figures("folder", 0)


def test_what_is_lost_or_half_written_is_found(killing: ModuleType, figures: Any) -> None:
    whole = {"a": 1, "b": 2, "c": 3}
    killing._look_at(figures, {"a": 1, "b": 2}, whole, {"a": 1})
    assert (figures.findings, figures.goings_on) == ([], 1)
    killing._look_at(figures, {"b": 0}, whole, {"a": 1})
    assert figures.findings == [
        "start 0: a was done and is lost",
        "start 0: b is not as in the undisturbed run",
    ]


def test_what_is_missing_other_or_left_is_found(killing: ModuleType, figures: Any, tmp_path: Path) -> None:
    for name in ("whole", "killed", "temporary"):
        (tmp_path / name).mkdir()
    for name in ("same", "missing", "other"):
        (tmp_path / "whole" / name).write_text(name)
    for name in ("same", "other", ".half.0123456789ab.npz"):
        (tmp_path / "killed" / name).write_text(name[:4])
    (tmp_path / "temporary" / "pymp-1").mkdir()
    (tmp_path / "temporary" / "usual").mkdir()
    figures.temporary = ["temporary/usual"]
    killing._compare(figures, tmp_path)
    assert [text.partition(": ")[2] for text in figures.findings] == [
        ".half.0123456789ab.npz was left behind",
        "missing is missing",
        "other differs",
        "temporary/pymp-1 was left behind",
    ]


def test_times_are_no_difference(killing: ModuleType, tmp_path: Path) -> None:
    from contents import content, contents

    for number, seconds in enumerate((1.0, 2.0)):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "result.json").write_text(json.dumps({"faces": 8, "timings": {"mesh": seconds}}))
        (tmp_path / str(number) / "rows.csv").write_text(f"view,score,seconds\n0,0.5,{seconds}\n")
    for name in ("result.json", "rows.csv"):
        assert content(tmp_path / "0" / name) == content(tmp_path / "1" / name)
    (tmp_path / "1" / "result.json").write_text(json.dumps({"faces": 9, "timings": {}}))
    assert content(tmp_path / "0" / "result.json") != content(tmp_path / "1" / "result.json")
    (tmp_path / "1" / "result.json").write_text('{"faces": 8, "tim')
    assert "cannot be read" in contents(tmp_path)["1/result.json"]


@pytest.mark.skipif(not HAS_PROC, reason="looks for processes in /proc")
def test_processes_that_stay_are_seen() -> None:
    for seconds, count in (("60", 1), ("0", 0)):
        leader = subprocess.Popen([sys.executable, "-c", LEAVER, seconds], start_new_session=True)
        leader.wait()
        left = outlived(leader.pid, 20 if count == 0 else 0.1)
        assert len(left) == count
        for pid in left:
            subprocess.run(["kill", str(pid)], check=True)
