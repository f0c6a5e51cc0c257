"""A temporary folder of this process's own, and the end of those that killed processes left behind."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there, and nothing taken for left behind
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"
_UNLOCKED = "shapeshot-new-"  # of a folder that is not locked yet
_MOST_UNLOCKED = 3600.0  # seconds; it takes less than a millisecond


class OwnFolder:
    """Made in the system's temporary folder, readable by its owner alone, removed by `close`.

    what: a word for what is in it, part of its name. A lock that the system drops with the process tells folders in use
    from leftovers, which the next OwnFolder of this word removes.
    """

    def __init__(self, what: str) -> None:
        prefix = f"shapeshot-{what}-"
        _remove_leftovers(Path(tempfile.gettempdir()), prefix)
        # Under another name until it is locked: it must not be taken for a leftover.
        made = Path(tempfile.mkdtemp(prefix=_UNLOCKED))
        self._lock = _locked(made / LOCK, "w")
        self.path = made.rename(made.with_name(made.name.replace(_UNLOCKED, prefix)))

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


def _remove_leftovers(parent: Path, prefix: str) -> None:
    for folder in parent.glob(f"{prefix}*") if fcntl else ():
        if lock := _locked(folder / LOCK, "r+"):
            shutil.rmtree(folder, ignore_errors=True)
            lock.close()
    for folder in parent.glob(f"{_UNLOCKED}*"):  # of a process that was killed right there
        with suppress(OSError):
            if time.time() - folder.lstat().st_mtime > _MOST_UNLOCKED:
                shutil.rmtree(folder, ignore_errors=True)
