"""Where 3D objects come from: catalogues, a generator, folders. Each is imported only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from shapeshot.data.objects import Source
from shapeshot.errors import DatasetError, unknown_name


def _sweethome3d(catalogs: Sequence[Path | str] | None = None) -> Source:
    from shapeshot.data.sources.sweethome3d import SweetHome3DSource

    return SweetHome3DSource(catalogs)


def _procedural(count: int = 1000, seed: int = 0) -> Source:
    from shapeshot.data.sources.procedural import ProceduralSource

    return ProceduralSource(count=count, seed=seed)


def _folder(folder: Path | str) -> Source:
    from shapeshot.data.sources.folder import FolderSource

    return FolderSource(Path(folder))


SOURCES: dict[str, Callable[..., Source]] = {
    "sweethome3d": _sweethome3d,  # catalogs=[PATH.sh3f, ...]
    "procedural": _procedural,  # count=, seed=
    "folder": _folder,  # folder=PATH
}


def make_source(name: str, **options: object) -> Source:
    """The source of that name in SOURCES with its own options; DatasetError lists the names where it is unknown."""
    if name not in SOURCES:
        raise unknown_name("source", name, SOURCES, DatasetError)
    return SOURCES[name](**options)
