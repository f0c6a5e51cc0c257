"""A folder that one run at a time writes into."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shapeshot.errors import ExportError, UserError

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"


class FolderInUseError(UserError):
    """Another run writes into the folder."""


@contextmanager
def only_run_in(folder: Path) -> Iterator[None]:
    """Hold the folder, which is made where it is missing; raises FolderInUseError where another process holds it.

    The system drops the lock with the process, so a killed run locks nobody out. The lock's file goes with the lock.
    A file system that knows no locks is used without one.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = _locked(folder / LOCK)
    except OSError as error:
        raise ExportError(f"cannot write {folder}: {error.strerror or error}; choose another folder") from error
    try:
        yield
    finally:
        # Removed while it is held: whoever opened it before finds that it is no longer the folder's, and opens anew.
        (folder / LOCK).unlink(missing_ok=True)
        os.close(descriptor)


def _locked(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor, path)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                os.truncate(descriptor, 0)
                os.write(descriptor, str(os.getpid()).encode())
                return descriptor
        except FileNotFoundError:  # its holder removed it in between
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "another one"
        raise FolderInUseError(
            f"process {holder} is writing into {path.parent}; wait until it ends, or choose another folder"
        ) from None
    except OSError:
        pass  # some network file systems have no locks
