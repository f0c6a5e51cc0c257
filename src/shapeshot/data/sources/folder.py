"""Any directory of meshes: glb, gltf, obj, ply, stl and off files, in nested folders.

The axes are taken as they are: +y up and the front towards +z, as in glTF. (Many ply and stl files are z-up: turn them
first.) The first folder below the root names the kind; files in the root itself are named by their own name. A
credits.csv in the root says whose they are, see `sources.credits`.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path

from shapeshot.data.objects import ObjectInfo, ObjectModel, SourceEntry, Unreadable
from shapeshot.data.sources.credits import Credit, credit_of, read_credits
from shapeshot.data.sources.ids import free_id
from shapeshot.data.sources.readers.budget import ReadFile
from shapeshot.data.sources.readers.gltf import read_gltf
from shapeshot.data.sources.readers.off import read_off
from shapeshot.data.sources.readers.ply import read_ply
from shapeshot.data.sources.readers.stl import read_stl
from shapeshot.data.sources.readers.text import decode_text
from shapeshot.data.sources.readers.wavefront import read_obj
from shapeshot.errors import DatasetError, MeshError
from shapeshot.kinds import kind_of
from shapeshot.limits import OBJECT_FILE_BYTES
from shapeshot.names import shown

# (content, what errors call the file, a way to the files beside it) -> the model. Raises MeshError.
READERS: dict[str, Callable[[bytes, str, ReadFile], ObjectModel]] = {
    ".glb": read_gltf,
    ".gltf": read_gltf,
    ".obj": read_obj,
    ".off": lambda content, name, _: read_off(content, name),
    ".ply": read_ply,
    ".stl": lambda content, name, _: read_stl(content, name),
}
SUFFIXES = tuple(READERS)
MAX_LISTED = 20_000  # names in a folder that is looked through for one of another spelling


@dataclass(frozen=True)
class FolderEntry:
    """One mesh file. root: the folder that it may read its materials, textures and buffers from."""

    info: ObjectInfo
    path: Path
    root: Path

    def load(self) -> ObjectModel:
        """The object in the file's own axes and unit. Raises MeshError naming the file."""
        name = shown(self.path.relative_to(self.root))
        files = ConfinedFiles(self.path.parent, self.root)
        content = files.read(self.path.name)
        if content is None:
            raise MeshError(f"{name} cannot be read, or is over {OBJECT_FILE_BYTES // 2**20} MB; check the file")
        return READERS[self.path.suffix.lower()](content, name, files.read)


def read_mesh_file(path: Path | str) -> ObjectModel:
    """The object in one mesh file, in the file's own axes and unit. Raises MeshError naming the file.

    It may read its materials, textures and buffers from the file's own folder and below.
    """
    path = Path(path)
    if not path.is_file():
        raise MeshError(f"no such mesh file: {path}; give one of {', '.join(SUFFIXES)}")
    if path.suffix.lower() not in SUFFIXES:
        raise MeshError(f"{path} is no mesh file that can be read; give one of {', '.join(SUFFIXES)}")
    path = path.resolve()
    info = ObjectInfo(free_id(path.stem, set()), path.stem, "object", "folder", "unknown", "")
    return FolderEntry(info, path, path.parent).load()


class FolderSource:
    """All mesh files below a folder, in the order of their paths. Raises DatasetError where there are none."""

    name = "folder"

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise DatasetError(f"no such folder: {self.folder}; give a directory of meshes")
        if not self._paths:
            raise DatasetError(f"{self.folder} holds no meshes; expected files of {', '.join(SUFFIXES)}")

    def entries(self) -> Sequence[SourceEntry]:
        root = self.folder.resolve()
        taken: set[str] = set()
        credits = read_credits(root)
        return [
            FolderEntry(self._info(path, taken, credit_of(path, credits)), root / path, root) for path in self._paths
        ]

    def unreadable(self) -> Sequence[Unreadable]:
        return []

    @cached_property
    def _paths(self) -> list[Path]:
        found = (path.relative_to(self.folder) for path in self.folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        return sorted(path for path in found if not any(part.startswith(".") for part in path.parts))

    def _info(self, path: Path, taken: set[str], credit: Credit) -> ObjectInfo:
        name = shown(path.stem.replace("_", " ").strip() or path.name)
        shelf = shown(path.parts[0].replace("_", " ")) if len(path.parts) > 1 else ""
        return ObjectInfo(
            id=free_id(str(path.with_suffix("")), taken),
            name=name,
            kind=kind_of(shelf or name),
            source="folder",
            licence=credit.licence,
            creator=credit.creator,
            category=shelf,
            has_front=credit.has_front,
        )


@dataclass(frozen=True)
class ConfinedFiles:
    """Files beside a mesh, never outside the root: neither by `..`, nor absolute, nor through a link."""

    folder: Path
    root: Path
    listed: dict[Path, Mapping[str, str]] = field(default_factory=dict, compare=False, repr=False)

    def read(self, name: str) -> bytes | None:
        try:
            path = (self.folder / name.replace("\\", "/")).resolve()
            if path.is_relative_to(self.root) and not path.is_file():
                path = self._alike(path)
            if not path.is_relative_to(self.root) or not path.is_file() or path.stat().st_size > OBJECT_FILE_BYTES:
                return None
            return path.read_bytes()
        except (OSError, ValueError):
            return None

    def _alike(self, path: Path) -> Path:
        """The path that other systems take for the same: with other cases, accents or bytes of its letters."""
        found = self.root
        for part in path.relative_to(self.root).parts:
            found = found / self._names(found).get(_sameness(part), part)
        return found.resolve()

    def _names(self, folder: Path) -> Mapping[str, str]:
        """The names in a folder by what makes them the same, each folder listed once; none of a very large one."""
        if folder not in self.listed:
            with os.scandir(folder) as items:
                names = sorted(item.name for item in islice(items, MAX_LISTED + 1))
            self.listed[folder] = {_sameness(name): name for name in names} if len(names) <= MAX_LISTED else {}
        return self.listed[folder]


def _sameness(name: str) -> str:
    """What two spellings of a file's name have in common; bytes that are no UTF-8 are read as text is."""
    text = decode_text(os.fsencode(name)) if any("\udc80" <= char <= "\udcff" for char in name) else name
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
