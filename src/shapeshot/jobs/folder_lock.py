"""Who may write where: one run at a time in a folder, and one at a time at each of its targets."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from errno import ENOENT
from pathlib import Path

from shapeshot.errors import ExportError, UserError

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"
# At a folder that others make and remove all the time, a millisecond between two. In places such as /proc no folder can
# be made however often one tries.
_MOST_TRIES = 500
_MOST_NAME = 100  # characters of a target's name in that of its lock, which has to fit with more of them into 255 bytes


class FolderInUseError(UserError):
    """Another run writes there."""


@contextmanager
def only_run_in(folder: Path) -> Iterator[None]:
    """Hold the folder, which is made where it is missing, for this process alone.

    Raises FolderInUseError where another process holds it or a target in it, and ExportError where it cannot be made.
    The system drops the lock with the process, so a killed run locks nobody out, and processes that are forked do not
    have it. The lock's file goes with the lock, and a folder that was made for it, where nothing else came into it. A
    file system that knows no locks is used without one.
    """
    with _held(folder / LOCK, folder, is_shared=False):
        yield


@contextmanager
def only_writer_of(target: Path, in_folder_of_runs: bool) -> Iterator[None]:
    """Hold a file or a folder that one run writes, while other runs may write others beside it; see `only_run_in`.

    in_folder_of_runs: the folder around it is one that `only_run_in` may hold, and none may while this lasts.
    """
    own = _held(target.with_name(f".{target.name[:_MOST_NAME]}{LOCK}"), target, is_shared=False)
    around = _held(target.parent / LOCK, target.parent, is_shared=True) if in_folder_of_runs else nullcontext()
    with around, own:
        yield


@contextmanager
def _held(path: Path, what: Path, is_shared: bool) -> Iterator[None]:
    """Hold the file `path`. what: is written by who holds it."""
    missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    try:
        descriptor = _locked(path, what, is_shared)
    except OSError as error:
        raise ExportError(f"cannot write {path.parent}: {error.strerror or error}; choose another folder") from error
    _HELD.add(descriptor)
    try:
        yield
    finally:
        if descriptor in _HELD:  # not in a forked process, which let go of it
            _HELD.remove(descriptor)
            _leave(path, descriptor, is_shared)
            with suppress(OSError):  # what is not empty stays
                for folder in missing:
                    folder.rmdir()


def _locked(path: Path, what: Path, is_shared: bool) -> int:
    """The opened and locked file. Raises FolderInUseError, and OSError where it cannot be made."""
    for _ in range(_MOST_TRIES):
        with suppress(FileNotFoundError):  # its last holder removed it in between, and perhaps the folder
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_CREAT | (os.O_RDONLY if is_shared else os.O_RDWR), 0o666)
            try:
                _lock(descriptor, what, is_shared)
                if os.path.samestat(os.fstat(descriptor), path.stat()):
                    if not is_shared:
                        os.truncate(descriptor, 0)
                        os.write(descriptor, str(os.getpid()).encode())
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
        time.sleep(0.001)
    raise FileNotFoundError(ENOENT, os.strerror(ENOENT))


def _lock(descriptor: int, what: Path, is_shared: bool) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
        who = f"process {holder}" if holder else "another process"
        raise FolderInUseError(f"{who} is writing into {what}; wait until it ends, or choose another folder") from None
    except OSError:
        pass  # some network file systems have no locks


def _leave(path: Path, descriptor: int, is_shared: bool) -> None:
    """Let go of the lock; who is the last removes its file."""
    try:
        if is_shared and fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Removed while it is held: whoever opened it before finds that it is no longer the folder's, and opens anew.
        path.unlink(missing_ok=True)
    except OSError:  # others share it
        pass
    finally:
        os.close(descriptor)


def _let_go() -> None:
    """In a forked process: close the parent's locks, which would else live on in a worker whose parent was killed."""
    while _HELD:
        os.close(_HELD.pop())


_HELD: set[int] = set()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
