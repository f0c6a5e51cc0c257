"""Where 3D objects come from: catalogues, a generator, folders, published sets. Each is imported when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from shapeshot.data.objects import Source
from shapeshot.errors import DatasetError, unknown_name


def _sweethome3d(catalogs: Sequence[Path | str] | None = None) -> Source:
    from shapeshot.data.sources.sweethome3d import SweetHome3DSource

    return SweetHome3DSource(catalogs)


def _procedural(count: int = 1000, seed: int = 0, factories: Sequence[str] | None = None) -> Source:
    from shapeshot.data.sources.procedural import ProceduralSource

    return ProceduralSource(count=count, seed=seed, factories=factories)


def _folder(folder: Path | str) -> Source:
    from shapeshot.data.sources.folder import FolderSource

    return FolderSource(Path(folder))


def _shapenet(
    folder: Path | str, categories: Sequence[str] | None = None, split_files: Sequence[Path | str] = ()
) -> Source:
    from shapeshot.data.sources.shapenet import ShapeNetSource

    return ShapeNetSource(folder, categories, split_files)


def _r2n2(
    folder: Path | str,
    shapenet: Path | str | None = None,
    categories: Sequence[str] | None = None,
    split_files: Sequence[Path | str] = (),
) -> Source:
    from shapeshot.data.sources.r2n2 import R2N2Source

    return R2N2Source(folder, shapenet, categories, split_files)


def _pix3d(
    folder: Path | str, categories: Sequence[str] | None = None, split_files: Sequence[Path | str] = ()
) -> Source:
    from shapeshot.data.sources.pix3d import Pix3DSource

    return Pix3DSource(folder, categories, split_files)


def _infinigen(
    count: int = 1000,
    offset: int = 0,
    python: Path | str | None = None,
    factories: Sequence[str] | None = None,
) -> Source:
    from shapeshot.data.sources.infinigen import InfinigenSource

    return InfinigenSource(count, offset, python, factories)


SOURCES: dict[str, Callable[..., Source]] = {
    "sweethome3d": _sweethome3d,  # catalogs=[PATH.sh3f, ...]
    "procedural": _procedural,  # count=, seed=, factories=[...]
    "infinigen": _infinigen,  # count=, offset=, python=PATH, factories=[...]
    "folder": _folder,  # folder=PATH
    "shapenet": _shapenet,  # folder=PATH, categories=[...], split_files=[PATH, ...]
    "r2n2": _r2n2,  # the same, and shapenet=PATH
    "pix3d": _pix3d,  # folder=PATH, categories=[...], split_files=[PATH, ...]
}


def make_source(name: str, **options: object) -> Source:
    """The source of that name in SOURCES with its own options; DatasetError lists the names where it is unknown."""
    if name not in SOURCES:
        raise unknown_name("source", name, SOURCES, DatasetError)
    return SOURCES[name](**options)
