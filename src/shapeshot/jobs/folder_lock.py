"""One run at a time in one folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shapeshot.errors import ExportError, UserError

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there
    fcntl = None  # type: ignore[assignment]


@contextmanager
def locked_folder(folder: Path, *, is_shared: bool = False) -> Iterator[None]:
    """Hold a folder, made where it is missing, for as long as the block lasts; the lock leaves no file behind.

    is_shared: others may hold it in the same way, and nobody otherwise. The lock ends with the process, however that
    ends. A file system that locks no folders, as some on a network, does not stop the run.
    Raises UserError where another process holds the folder, and ExportError where it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY) if fcntl else None
    except OSError as error:
        raise ExportError(f"cannot write into {folder}: {error.strerror or error}; choose another folder") from error
    if descriptor is None:
        yield
        return
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            os.close(descriptor)
            raise UserError(
                f"another run is writing into {folder}; wait for its end, or choose another folder"
            ) from None
    try:
        yield
    finally:
        os.close(descriptor)
