"""A build that is killed again and again ends with the same bytes, and leaves no process and no file behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_blender import fake_python

KILLS = 20


def command(python: Path, out: Path) -> list[str]:
    options = {"count": 120, "views": 2, "rooms": 1, "size": 32, "samples": 1, "workers": 2}
    flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    source = ["data", "build", "infinigen", "--blender-python", str(python), "--out", str(out), "--split", "train"]
    return [sys.executable, "-m", "shapeshot", *source, *flags, "--quiet"]


def processes_of(folder: Path) -> list[str]:
    """Command lines of running processes that name the folder or run the worker from it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in line or "fake_blender" in line:
            found.append(line)
    return found


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_killed_twenty_times(tmp_path: Path) -> None:
    python = fake_python(tmp_path)
    subprocess.run(command(python, tmp_path / "whole"), check=True)
    draw, staging = random.Random(0), tmp_path / "killed" / ".build"
    for _ in range(KILLS):
        before = len(list(staging.glob("*.tar")))
        running = subprocess.Popen(command(python, tmp_path / "killed"))
        while running.poll() is None and len(list(staging.glob("*.tar"))) <= before:
            time.sleep(0.01)
        time.sleep(draw.uniform(0.0, 0.3))
        assert running.poll() is None, "the build was done before the last kill: give it more objects"
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    subprocess.run(command(python, tmp_path / "killed"), check=True)
    assert files(tmp_path / "killed") == files(tmp_path / "whole")
    ended = time.monotonic() + 20
    while processes_of(tmp_path) and time.monotonic() < ended:
        time.sleep(0.1)
    assert processes_of(tmp_path) == []
