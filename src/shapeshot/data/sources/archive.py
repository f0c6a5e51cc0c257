"""Reading zip archives that strangers made: bounded, and never outside the archive."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from shapeshot.errors import DatasetError

MAX_MEMBER_BYTES = 256 * 2**20
MAX_RATIO = 200  # OBJ text compresses about 10 times; a bomb about 1000 times
RATIO_FREE_BYTES = 8 * 2**20  # small members may compress as they like

_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


@dataclass(frozen=True)
class Archive:
    """A zip file, read member by member.

    The file is opened for each call and not kept: worker processes must not share a file position, and opening
    takes under 10 ms. Raises DatasetError where the file is missing, not a zip, damaged, encrypted, names members
    outside itself, or where a member is too large (MAX_MEMBER_BYTES) or too well compressed (MAX_RATIO).
    """

    path: Path

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of all members."""
        with self._open() as file:
            names = file.namelist()
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
        with self._open() as file:
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

    def _check_size(self, info: zipfile.ZipInfo) -> None:
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > MAX_MEMBER_BYTES or (info.file_size > RATIO_FREE_BYTES and ratio > MAX_RATIO):
            raise DatasetError(
                f"{info.filename} in {self.path.name} unpacks to {info.file_size / 2**20:.0f} MB "
                f"(limit {MAX_MEMBER_BYTES // 2**20} MB, {MAX_RATIO} times its packed size); do not use this archive"
            )

    def _open(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.path)
        except FileNotFoundError:
            raise DatasetError(f"no such archive: {self.path}; check the path") from None
        except IsADirectoryError:
            raise DatasetError(f"{self.path} is a folder; give an archive file") from None
        except _BROKEN as error:
            raise DatasetError(f"{self.path} is no readable zip archive ({error}); get a fresh copy") from error


def is_outside(name: str) -> bool:
    """Whether a path from a file's content (slashes or backslashes) is absolute or climbs above its folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or (len(name) > 1 and name[1] == ":")
