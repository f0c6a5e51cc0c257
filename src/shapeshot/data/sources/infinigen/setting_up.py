"""Setting up the environment of its own that Blender and Infinigen need: a venv of Python 3.11 with pinned packages."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from shapeshot.data.sources.infinigen.source import check_python
from shapeshot.errors import DatasetError

REQUIREMENTS = Path(__file__).with_name("blender") / "requirements.txt"
PYTHON = "python3.11"  # the only one that Blender 4.2's module is built for


def set_up(out: Path | str, python: str = PYTHON) -> Path:
    """Make (or complete) the environment in folder `out`; its Python, for InfinigenSource.

    python: a Python 3.11. About 400 MB are downloaded. Raises DatasetError where that Python is none, or pip fails.
    """
    own = Path(out) / "bin" / "python"
    if not own.is_file():
        _run([_found(python), "-m", "venv", str(out)], "making the environment")
    # Without dependencies: the list is complete, and Infinigen's own bounds are older than what it works with.
    _run([str(own), "-m", "pip", "install", "--no-deps", "-r", str(REQUIREMENTS)], "installing packages")
    check_python(str(own))
    return own


def _found(python: str) -> str:
    path = shutil.which(python)
    if path is None:
        raise DatasetError(f"no {python} here, which Blender 4.2 needs; install it or pass --python PATH")
    asked = subprocess.run([path, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True)
    if asked.stdout.split() != ["3", "11"]:
        raise DatasetError(f"{path} is Python {'.'.join(asked.stdout.split()) or '?'}; Blender 4.2 needs Python 3.11")
    return path


def _run(command: list[str], what: str) -> None:
    """Raises DatasetError with the last line that the command said where it fails."""
    done = subprocess.run(command, stdout=None, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise DatasetError(f"{what} failed: {lines[-1] if lines else f'exit code {done.returncode}'}")
