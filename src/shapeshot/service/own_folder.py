"""A temporary folder of this process's own, and the end of those that killed processes left behind."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there, and nothing taken for left behind
    fcntl = None  # type: ignore[assignment]

PREFIX, LOCK = "shapeshot-results-", ".lock"


class OwnFolder:
    """Made in the system's temporary folder, readable by its owner alone, removed by `close`.

    A lock that the system drops with the process tells folders in use from leftovers, which the next OwnFolder removes.
    """

    def __init__(self) -> None:
        _remove_leftovers(Path(tempfile.gettempdir()))
        # Under another name until it is locked: it must not be taken for a leftover.
        made = Path(tempfile.mkdtemp(prefix="shapeshot-new-"))
        self._lock = _locked(made / LOCK, "w")
        self.path = made.rename(made.with_name(made.name.replace("shapeshot-new-", PREFIX)))

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock:
            self._lock.close()


def _locked(path: Path, mode: str) -> IO[str] | None:
    """The opened file with its lock held, or None where another process holds it or there is no such file."""
    try:
        file = path.open(mode)
    except OSError:
        return None
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _remove_leftovers(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*") if fcntl else ():
        if lock := _locked(folder / LOCK, "r+"):
            shutil.rmtree(folder, ignore_errors=True)
            lock.close()
