"""Reading zip archives that strangers made: bounded, and never outside the archive."""

from __future__ import annotations

import os
import posixpath
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath

from shapeshot.errors import DatasetError
from shapeshot.limits import ARCHIVE_FREE_BYTES, ARCHIVE_MEMBER_BYTES, ARCHIVE_RATIO

try:
    from lzma import LZMAError
except ImportError:  # a Python without it, which refuses such members as not implemented
    LZMAError = zlib.error  # type: ignore[assignment, misc]

_BAD_DATA = (zipfile.BadZipFile, zlib.error, LZMAError, EOFError)
_BROKEN = (*_BAD_DATA, NotImplementedError, RuntimeError, ValueError, OSError)


@dataclass(frozen=True)
class Archive:
    """A zip file, read member by member.

    The opened file is kept, for each process apart: processes must not share a file position, and the list of a large
    archive takes a good part of a second to read. Raises DatasetError where the file is missing, not a zip, damaged,
    encrypted, names members outside itself, or where a member is too large or too well compressed (limits.py).
    """

    path: Path

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of all members."""
        names = self._open().namelist()
        for name in names:
            if is_outside(name):
                raise DatasetError(f"{self.path.name} names a member outside itself, {name!r}; do not use this archive")
        return frozenset(names)

    @cached_property
    def _by_lower_name(self) -> dict[str, str]:
        return {name.lower(): name for name in sorted(self.names, reverse=True)}

    def find(self, name: str) -> str | None:
        """The member of that name (a leading slash and letter case are ignored where need be), or None."""
        wanted = str(PurePosixPath(name.replace("\\", "/").lstrip("/")))
        return wanted if wanted in self.names else self._by_lower_name.get(wanted.lower())

    def read(self, name: str) -> bytes:
        """The content of the member `name`, exactly as listed in `names`."""
        file = self._open()
        try:
            info = file.getinfo(name)
        except KeyError:
            raise DatasetError(f"{self.path.name} holds no {name!r}; use a complete archive") from None
        self._check_size(info)
        try:
            with file.open(info) as member:
                # The header may lie about the size: read no more than it promised.
                content = member.read(info.file_size + 1)
        except _BROKEN as error:
            raise DatasetError(f"{name} in {self.path.name} is damaged ({error}); get a fresh copy") from error
        if len(content) != info.file_size:
            raise DatasetError(f"{name} in {self.path.name} is not as long as announced; get a fresh copy")
        return content

    def beside(self, member: str) -> Callable[[str], bytes | None]:
        """Reads files that are named relative to a member's folder; None where there is none of that name."""
        folder = posixpath.dirname(member)

        def read(name: str) -> bytes | None:
            found = self.find(posixpath.normpath(posixpath.join(folder, name.replace("\\", "/"))))
            return self.read(found) if found else None

        return read

    def _check_size(self, info: zipfile.ZipInfo) -> None:
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > ARCHIVE_MEMBER_BYTES or (info.file_size > ARCHIVE_FREE_BYTES and ratio > ARCHIVE_RATIO):
            raise DatasetError(
                f"{info.filename} in {self.path.name} unpacks to {info.file_size / 2**20:.0f} MB "
                f"(limit {ARCHIVE_MEMBER_BYTES // 2**20} MB, {ARCHIVE_RATIO} times its packed size); "
                "do not use this archive"
            )

    def _open(self) -> zipfile.ZipFile:
        try:
            status = self.path.stat()
            return _opened(self.path, os.getpid(), status.st_mtime_ns, status.st_size)
        except FileNotFoundError:
            raise DatasetError(f"no such archive: {self.path}; check the path") from None
        except IsADirectoryError:
            raise DatasetError(f"{self.path} is a folder; give an archive file") from None
        except _BROKEN as error:
            raise DatasetError(f"{self.path} is no readable zip archive ({error}); get a fresh copy") from error


@lru_cache(maxsize=4)
def _opened(path: Path, process: int, changed: int, size: int) -> zipfile.ZipFile:
    """The opened file; by process, and anew where the file has changed."""
    return zipfile.ZipFile(path)


def is_outside(name: str) -> bool:
    """Whether a path from a file's content (slashes or backslashes) is absolute or climbs above its folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or (len(name) > 1 and name[1] == ":")
