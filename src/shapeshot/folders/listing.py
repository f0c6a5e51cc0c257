"""Which files of a folder are photos, and what becomes of the others: counted by kind, and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shapeshot.photo.formats import HEIF_EXTRA, left_out_as, photo_suffixes

_FOLDERS, _HIDDEN, _OTHER = "folder", "hidden file", "other file"


@dataclass(frozen=True)
class Listing:
    """photos: in the order given, a folder's by name. left_out: how many files of each kind were not taken."""

    photos: tuple[Path, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)

    def told(self) -> str | None:
        """One line on what was left out and why, or None where nothing was."""
        if not self.left_out:
            return None
        kinds = [f"{count} {_plural(kind, count)}" for kind, count in self.left_out.items()]
        return f"left out: {', '.join(kinds)}; photos end in {', '.join(photo_suffixes())}"


def list_photos(paths: Sequence[Path]) -> Listing:
    """The photos of some paths: a file stands for itself, a folder for the images in it.

    A folder without an image stands for itself, too, so that its photo fails by name. Folders in it are not entered,
    and dot files (a Mac leaves `._a.jpg` beside `a.jpg`) are no photos.
    """
    photos: list[Path] = []
    left_out: Counter[str] = Counter()
    suffixes = frozenset(photo_suffixes())
    for path in paths:
        if not path.is_dir():
            photos.append(path)
            continue
        found = []
        for item in sorted(path.iterdir()):
            kind = _left_out_kind(item, suffixes)
            if kind is None:
                found.append(item)
            else:
                left_out[kind] += 1
        photos += found or [path]
    return Listing(tuple(photos), dict(left_out.most_common()))


def _left_out_kind(path: Path, suffixes: frozenset[str]) -> str | None:
    """What a path in a folder is where it is no photo to be taken."""
    if path.name.startswith("."):
        return _HIDDEN
    if path.is_dir():
        return _FOLDERS
    suffix = path.suffix.lower()
    return None if suffix in suffixes else left_out_as(suffix) or _OTHER


def _plural(kind: str, count: int) -> str:
    if kind == _FOLDERS:
        return ("folders" if count > 1 else kind) + " (not entered)"
    if kind in (_HIDDEN, _OTHER):
        return kind + "s" * (count > 1)
    return f"{kind} ({HEIF_EXTRA})" if kind == "HEIC" else f"{kind} (not read)"
