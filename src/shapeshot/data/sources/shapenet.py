"""ShapeNetCore as it is published, versions 1 and 2.

    FOLDER/SYNSET/MODEL/model.obj                       version 1
    FOLDER/SYNSET/MODEL/models/model_normalized.obj     version 2

Both have +y up. Their README files put the front of version 1 at +x and of version 2 at -z; here it faces +z, so the
first is turned by -90 and the second by 180 degrees about y. (ShapeNet says of version 1 that some of its models are
mirrored; they are left as they are, since what was rendered from them is mirrored, too.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from shapeshot.data.objects import ObjectInfo, ObjectModel, SourceEntry, Unreadable
from shapeshot.data.sources.folder import FolderEntry
from shapeshot.data.sources.ids import free_id
from shapeshot.data.sources.split_files import model_splits
from shapeshot.data.sources.synsets import chosen_synsets, synset_names
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
class ShapeNetEntry:
    """One model. path: its OBJ. root: SYNSET, beyond which it may read nothing. rotation: rows of a 3 x 3 matrix."""

    info: ObjectInfo
    path: Path
    root: Path
    rotation: tuple[tuple[float, ...], ...]

    def load(self) -> ObjectModel:
        """In our axes, in the file's own size. Raises MeshError naming the file."""
        return FolderEntry(self.info, self.path, self.root).load().transformed(np.array(self.rotation))


class ShapeNetSource:
    """All models below a ShapeNetCore folder, ordered by synset and model.

    categories: offsets or names of synsets, None for all. split_files: see `split_files.model_splits`; a model that
    they do not name is left out and reported. Raises DatasetError for another folder, category or split file.
    """

    name = "shapenet"

    def __init__(
        self, folder: Path | str, categories: Sequence[str] | None = None, split_files: Sequence[Path | str] = ()
    ) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise DatasetError(f"no such folder: {self.folder}; give the folder of ShapeNetCore")
        self.synsets = synset_names(self.folder)
        self._chosen = chosen_synsets(list(categories or ()), self.synsets)
        self._splits = model_splits([Path(path) for path in split_files]) if split_files else None

    def entries(self) -> Sequence[SourceEntry]:
        return list(self._listing[0].values())

    def unreadable(self) -> Sequence[Unreadable]:
        return self._listing[1]

    def splits(self) -> Mapping[str, str] | None:
        """The published split of each entry's id, or None where no file was given."""
        if self._splits is None:
            return None
        return {entry.info.id: self._splits[key] for key, entry in self._listing[0].items()}

    @cached_property
    def _listing(self) -> tuple[dict[tuple[str, str], ShapeNetEntry], list[Unreadable]]:
        entries: dict[tuple[str, str], ShapeNetEntry] = {}
        unreadable: list[Unreadable] = []
        for synset, model in model_folders(self.folder, self._chosen):
            found = find_model(self.folder, synset, model)
            if self._splits is not None and (synset, model) not in self._splits:
                unreadable.append(Unreadable(f"{synset}/{model}", "the split files do not name it"))
            elif found is None:
                expected = " or ".join(LAYOUTS)
                unreadable.append(Unreadable(f"{synset}/{model}", f"it has no {expected}"))
            else:
                path, rotation = found
                info = model_info(synset, model, self.synsets, self.name)
                entries[synset, model] = ShapeNetEntry(info, path, (self.folder / synset).resolve(), rotation)
        if not entries and not unreadable:
            raise DatasetError(f"{self.folder} holds no models; expected SYNSET/MODEL/{' or '.join(LAYOUTS)}")
        return entries, unreadable


def model_folders(folder: Path, chosen: frozenset[str] | None = None) -> Iterator[tuple[str, str]]:
    """(synset, model) of every SYNSET/MODEL folder, sorted; SYNSET is eight digits."""
    for synset in sorted(path.name for path in folder.iterdir() if path.is_dir()):
        if len(synset) == SYNSET_DIGITS and synset.isdecimal() and (chosen is None or synset in chosen):
            models = sorted(path.name for path in (folder / synset).iterdir() if path.is_dir())
            yield from ((synset, model) for model in models)


def find_model(folder: Path, synset: str, model: str) -> tuple[Path, tuple[tuple[float, ...], ...]] | None:
    """The OBJ of a model and its rotation into our axes, or None where there is none."""
    for name, rotation in LAYOUTS.items():
        path = (folder / synset).resolve() / model / name
        if path.is_file():
            return path, rotation
    return None


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
