"""Writing files so that nothing half-written is ever left behind."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shapeshot.errors import ExportError

_TEMPORARY = re.compile(r"\..{1,40}\.[0-9a-f]{12}(\.\w+)?")  # as atomic_path names its files


@contextmanager
def atomic_path(path: str | os.PathLike[str], durable: bool = False) -> Iterator[Path]:
    """A temporary path beside `path` (same suffix), renamed to it on success and removed on failure.

    durable: the disk holds the content before the file gets its name (fsync), so that not even a power cut leaves a
    name with nothing in it; it takes some 8 ms. For files that others are judged by.
    Missing parent folders are made. Raises ExportError where the folder cannot be written or the disk is full.
    """
    target = Path(path)
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.stem[:40]}.{secrets.token_hex(6)}{target.suffix}")
        # Made here rather than by tempfile, whose files are for their owner alone whatever the umask says.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield temporary
        if durable:
            _sync(temporary)
        temporary.replace(target)
    except OSError as error:
        raise ExportError(
            f"cannot write {target}: {error.strerror or error}; choose a folder you can write to"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with path.open("rb") as file, suppress(OSError):  # some file systems do not sync
        os.fsync(file.fileno())


def atomic_write(path: str | os.PathLike[str], content: bytes | memoryview | str, durable: bool = False) -> None:
    """Write bytes or UTF-8 text to `path` in one step: the whole content or nothing. durable: see `atomic_path`."""
    with atomic_path(path, durable) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def remove_leftovers(folder: Path) -> None:
    """Delete what a killed process was writing into a folder through `atomic_path`; a folder that is not there is fine.

    Only where no other process writes into it.
    """
    for path in folder.glob(".*"):
        if _TEMPORARY.fullmatch(path.name):
            path.unlink(missing_ok=True)


def replace_folder(target: Path, new: Path, old: Path) -> None:
    """Put the folder `new` in the place of `target`, which becomes `old`; where that fails, `target` is as it was.

    All three lie on one disk. Raises OSError.
    """
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
