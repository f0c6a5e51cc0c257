"""What the sources share whose objects are models of WordNet synsets: a choice of categories, published splits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from shapeshot.data.objects import SourceEntry, Unreadable
from shapeshot.data.sources.split_files import model_splits
from shapeshot.data.sources.synsets import chosen_synsets, synset_names

# (synset, model) -> its entry, and what cannot be used.
Listing = tuple[dict[tuple[str, str], SourceEntry], list[Unreadable]]


class SynsetSource(ABC):
    """A folder of models by synset.

    categories: offsets or names of synsets, None for all. split_files: see `split_files.model_splits`; a model that
    they do not name is left out and reported. Raises DatasetError for an unknown category or a broken split file.
    """

    def __init__(
        self, folder: Path, categories: Sequence[str] | None = None, split_files: Sequence[Path | str] = ()
    ) -> None:
        self.folder = folder
        self.synsets = synset_names(folder)
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
    def _listing(self) -> Listing:
        return self._list()

    @abstractmethod
    def _list(self) -> Listing:
        """Look through the folder, in the order of synset and model."""
