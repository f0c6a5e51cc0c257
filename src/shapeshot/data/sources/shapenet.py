"""ShapeNetCore as it is published, versions 1 and 2.

    FOLDER/SYNSET/MODEL/model.obj                       version 1
    FOLDER/SYNSET/MODEL/models/model_normalized.obj     version 2

A synset may also lie there as it is downloaded, `FOLDER/SYNSET.zip` with the same names inside; it is read in place.
Both have +y up. Their README files put the front of version 1 at +x and of version 2 at -z; here it faces +z, so the
first is turned by -90 and the second by 180 degrees about y. (ShapeNet says of version 1 that some of its models are
mirrored; they are left as they are, since what was rendered from them is mirrored, too.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shapeshot.data.objects import ObjectInfo, ObjectModel, SourceEntry, Unreadable
from shapeshot.data.sources.archive import Archive
from shapeshot.data.sources.folder import FolderEntry
from shapeshot.data.sources.ids import free_id
from shapeshot.data.sources.readers.wavefront import read_obj
from shapeshot.data.sources.synset_source import Listing, SynsetSource
from shapeshot.errors import DatasetError

# ShapeNet's terms (shapenet.org/terms): researchers, for non-commercial research and education; no redistribution.
LICENCE = "ShapeNet terms of use (non-commercial research and education)"
CREATOR = "ShapeNet (Chang et al. 2015) and the authors of its models"
FRONT_X = ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))  # +x to +z: version 1
FRONT_BACK = ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))  # -z to +z: version 2, and Pix3D
# Where a model lies below SYNSET/MODEL, and how it is turned.
LAYOUTS = {"model.obj": FRONT_X, "models/model_normalized.obj": FRONT_BACK}
SYNSET_DIGITS = 8


@dataclass(frozen=True)
class ShapeNetMesh:
    """One OBJ. root: the folder or zip archive of its synset, beyond which it may read nothing. name: in it.

    rotation: rows of a 3 x 3 matrix, into our axes.
    """

    root: Path
    name: str
    rotation: tuple[tuple[float, ...], ...]

    def load(self, info: ObjectInfo) -> ObjectModel:
        """In our axes, in the file's own size. Raises MeshError or DatasetError naming the file."""
        if self.root.suffix == ".zip":
            archive = Archive(self.root)
            model = read_obj(archive.read(self.name), f"{self.name} in {self.root.name}", archive.beside(self.name))
        else:
            model = FolderEntry(info, self.root / self.name, self.root).load()
        return model.transformed(np.array(self.rotation))


@dataclass(frozen=True)
class ShapeNetEntry:
    """One model. mesh: where its OBJ lies."""

    info: ObjectInfo
    mesh: ShapeNetMesh

    def load(self) -> ObjectModel:
        """In our axes, in the file's own size. Raises MeshError or DatasetError naming the file."""
        return self.mesh.load(self.info)


class ShapeNetSource(SynsetSource):
    """All models below a ShapeNetCore folder, ordered by synset and model.

    categories: offsets or names of synsets, None for all. split_files: see `split_files.model_splits`; a model that
    they do not name is left out and reported. Raises DatasetError for another folder, category or split file.
    """

    name = "shapenet"

    def __init__(
        self, folder: Path | str, categories: Sequence[str] | None = None, split_files: Sequence[Path | str] = ()
    ) -> None:
        if not Path(folder).is_dir():
            raise DatasetError(f"no such folder: {folder}; give the folder of ShapeNetCore")
        super().__init__(Path(folder), categories, split_files)

    def _list(self) -> Listing:
        entries: dict[tuple[str, str], SourceEntry] = {}
        unreadable: list[Unreadable] = []
        for (synset, model), found in find_meshes(self.folder, self._chosen).items():
            if self._splits is not None and (synset, model) not in self._splits:
                unreadable.append(Unreadable(f"{synset}/{model}", "the split files do not name it"))
            elif found is None:
                expected = " or ".join(LAYOUTS)
                unreadable.append(Unreadable(f"{synset}/{model}", f"it has no {expected}"))
            else:
                entries[synset, model] = ShapeNetEntry(model_info(synset, model, self.synsets, self.name), found)
        if not entries and not unreadable:
            raise DatasetError(f"{self.folder} holds no models; expected SYNSET/MODEL/{' or '.join(LAYOUTS)}")
        return entries, unreadable


def find_meshes(folder: Path, chosen: frozenset[str] | None = None) -> dict[tuple[str, str], ShapeNetMesh | None]:
    """(synset, model) -> its mesh, or None where a model's folder has none; sorted.

    chosen: synsets, None for all. Raises DatasetError for an archive that is damaged or names members outside itself.
    """
    found: dict[tuple[str, str], ShapeNetMesh | None] = {}
    for synset, model in model_folders(folder, chosen):
        root = (folder / synset).resolve()
        names = (f"{model}/{below}" for below in LAYOUTS)
        name = next((name for name in names if (root / name).is_file()), None)
        found[synset, model] = None if name is None else _mesh(root, name)
    for path in sorted(folder.glob("*.zip")):
        if is_synset(path.stem) and (chosen is None or path.stem in chosen):
            for name in sorted(Archive(path).names):
                model, _, below = name.removeprefix(f"{path.stem}/").partition("/")
                if below in LAYOUTS:
                    found.setdefault((path.stem, model), _mesh(path, name))
    return dict(sorted(found.items()))


def model_folders(folder: Path, chosen: frozenset[str] | None = None) -> Iterator[tuple[str, str]]:
    """(synset, model) of every SYNSET/MODEL folder, sorted."""
    for synset in sorted(path.name for path in folder.iterdir() if path.is_dir()):
        if is_synset(synset) and (chosen is None or synset in chosen):
            models = sorted(path.name for path in (folder / synset).iterdir() if path.is_dir())
            yield from ((synset, model) for model in models)


def is_synset(name: str) -> bool:
    """Whether a name is a WordNet offset: eight digits."""
    return len(name) == SYNSET_DIGITS and name.isdecimal()


def _mesh(root: Path, name: str) -> ShapeNetMesh:
    below = next(below for below in LAYOUTS if name.endswith(f"/{below}"))
    return ShapeNetMesh(root, name, LAYOUTS[below])


def model_info(synset: str, model: str, names: Mapping[str, str], source: str) -> ObjectInfo:
    """What is known of a model: its kind is the synset's name, its id and name are the model's in ShapeNet."""
    kind = names.get(synset, synset)
    return ObjectInfo(
        id=free_id(f"{synset}_{model}", set()),
        name=f"{kind} {model}",
        kind=kind,
        source=source,
        licence=LICENCE,
        creator=CREATOR,
        category=kind,
    )
