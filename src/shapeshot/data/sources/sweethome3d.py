"""Sweet Home 3D furniture catalogues (.sh3f): models by artists with real sizes, creators and licences.

A catalogue is a zip of PluginFurnitureCatalog.properties (key#N=value for entry N), OBJ and MTL files and textures.
Sweet Home 3D rotates a model by `modelRotation` and then stretches its bounding box to the entry's width, height and
depth; so do we, since the catalogue's sizes are what is real. Its plans have the wall behind the furniture: after
that rotation +y is up and the front faces +z, as in our own convention.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float64

from shapeshot.data.objects import ObjectInfo, ObjectModel, SourceEntry, Unreadable
from shapeshot.data.sources.archive import Archive
from shapeshot.data.sources.ids import free_id
from shapeshot.data.sources.readers.budget import damage_named
from shapeshot.data.sources.readers.wavefront import read_obj
from shapeshot.errors import DatasetError, MeshError
from shapeshot.kinds import kind_of
from shapeshot.names import whole_text

DEFAULT_FOLDER = Path("/usr/share/sweethome3d/furniture")
PUBLISHED_SPLITS = Path(__file__).with_name("sweethome3d_splits.json")
PROPERTIES = "PluginFurnitureCatalog.properties"
INVISIBLE_OPACITY = 0.01
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class SweetHome3DEntry:
    """One piece of furniture. model: the OBJ's name in the archive; rotation: row-major 3 x 3."""

    info: ObjectInfo
    catalog: Path
    model: str
    rotation: tuple[float, ...] = IDENTITY

    def load(self) -> ObjectModel:
        """The object in metres, stretched to the catalogue's width (x), height (y) and depth (z)."""
        model = self.load_rotated()
        with damage_named(self._shown):
            return _visible(self._moved(model, np.diag(stretch(model, self.info))))

    def load_rotated(self) -> ObjectModel:
        """The object as its artist made it, in the file's own unit, turned by the catalogue's rotation only."""
        archive = Archive(self.catalog)
        model = read_obj(archive.read(self.model), self._shown, archive.beside(self.model))
        with damage_named(self._shown):
            return self._moved(model, np.reshape(self.rotation, (3, 3)))

    @property
    def _shown(self) -> str:
        return f"{self.info.name} ({self.model})"

    def _moved(self, model: ObjectModel, matrix: np.ndarray) -> ObjectModel:
        """The model under a matrix of the catalogue's, whose numbers may be too large for any model."""
        moved = model.transformed(matrix)
        if not all(np.isfinite(part.vertices).all() for part in moved.parts):
            raise MeshError(f"{self._shown} is not finite in its catalogue's size and rotation; correct these")
        return moved


class SweetHome3DSource:
    """All pieces of some .sh3f catalogues; by default those of the Debian package sweethome3d-furniture.

    Raises DatasetError where a catalogue is missing, damaged or none at all; an entry that cannot be used (its model
    is missing, of another format, or its size is no number) is listed in `unreadable()`.
    """

    name = "sweethome3d"

    def __init__(self, catalogs: Sequence[Path | str] | None = None) -> None:
        self.catalogs = tuple(Path(path) for path in catalogs) if catalogs is not None else default_catalogs()

    def entries(self) -> Sequence[SourceEntry]:
        return self._listing[0]

    def unreadable(self) -> Sequence[Unreadable]:
        return self._listing[1]

    def splits(self) -> Mapping[str, str] | None:
        """Those of sweethome3d_splits.json where it knows every entry: a result names the same test objects everywhere.

        Found anew, they would hang on a voxel: one pair of near-duplicates lies so close to the threshold that another
        processor put it on the other side, and with it 34 objects into other splits.
        """
        published = _published()
        known = all(entry.info.id in published for entry in self.entries())
        return {entry.info.id: published[entry.info.id][0] for entry in self.entries()} if known else None

    def groups(self) -> Mapping[str, str]:
        """Near-duplicates of the published splits, by id."""
        return {entry.info.id: _published()[entry.info.id][1] for entry in self.entries()}

    @cached_property
    def _listing(self) -> tuple[list[SweetHome3DEntry], list[Unreadable]]:
        entries: list[SweetHome3DEntry] = []
        unreadable: list[Unreadable] = []
        taken: set[str] = set()
        for catalog in self.catalogs:
            for found in read_catalog(catalog, taken):
                (unreadable if isinstance(found, Unreadable) else entries).append(found)  # type: ignore[arg-type]
        return entries, unreadable


@lru_cache(maxsize=1)
def _published() -> dict[str, tuple[str, str]]:
    """id -> (split, group). The file holds, for each split, its groups of near-duplicates as lists of ids."""
    splits = json.loads(PUBLISHED_SPLITS.read_text(encoding="utf-8"))
    return {member: (split, group[0]) for split, groups in splits.items() for group in groups for member in group}


def default_catalogs() -> tuple[Path, ...]:
    """The catalogues that the Debian package installs; DatasetError where there are none."""
    catalogs = tuple(sorted(DEFAULT_FOLDER.glob("*.sh3f")))
    if not catalogs:
        raise DatasetError(
            f"no furniture catalogues in {DEFAULT_FOLDER}; "
            "install the Debian package sweethome3d-furniture or pass --catalog FILE.sh3f"
        )
    return catalogs


def read_catalog(path: Path, taken: set[str]) -> list[SweetHome3DEntry | Unreadable]:
    """The entries of one catalogue in its own order. `taken`: ids in use, extended by the new ones."""
    archive = Archive(path)
    if PROPERTIES not in archive.names:
        raise DatasetError(f"{path} holds no {PROPERTIES}; expected a Sweet Home 3D furniture catalogue (.sh3f)")
    properties = parse_properties(archive.read(PROPERTIES).decode("latin-1"))
    numbered: dict[int, dict[str, str]] = {}
    for key, value in properties.items():
        name, _, number = key.partition("#")
        if number.isdecimal() and len(number) < 8:
            numbered.setdefault(int(number), {})[name] = value
    licence = properties.get("license", "")
    return [_entry(numbered[n], n, archive, licence, taken) for n in sorted(numbered) if "model" in numbered[n]]


def parse_properties(text: str) -> dict[str, str]:
    r"""A Java .properties file: comments, `=` or `:` or blank as separator, continued lines, \uXXXX escapes.

    The format is that of java.util.Properties.load.
    """
    properties: dict[str, str] = {}
    begun: list[str] = []  # the pieces of a line that goes on
    for piece in text.splitlines():
        piece = piece.lstrip()
        if not begun and (piece[:1] in ("#", "!") or not piece):
            continue
        if (len(piece) - len(piece.rstrip("\\"))) % 2:
            begun.append(piece[:-1])
            continue
        line = "".join([*begun, piece])
        begun = []
        match = re.match(r"((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)", line, re.DOTALL)
        if match:
            properties[_unescape(match[1])] = _unescape(match[2].rstrip())
    return properties


def _unescape(text: str) -> str:
    escapes = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}

    def character(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else escapes.get(match[2], match[2])

    # Java writes a character beyond U+FFFF as two escapes; half of one becomes U+FFFD, and the rest stays readable.
    return whole_text(re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", character, text))


def _entry(
    values: dict[str, str], number: int, archive: Archive, licence: str, taken: set[str]
) -> SweetHome3DEntry | Unreadable:
    name = values.get("name") or f"entry {number}"
    try:
        model = _model_member(values["model"], archive)
        rotation = _floats(values.get("modelRotation", ""), "modelRotation", 9) or IDENTITY
        width, depth, height = (_positive(values.get(key, ""), key) for key in ("width", "depth", "height"))
    except DatasetError as error:
        return Unreadable(f"{name} (entry {number} of {archive.path.name})", str(error))
    tags = tuple(tag.strip() for tag in values.get("tags", "").split(",") if tag.strip())
    category = values.get("category", "")
    info = ObjectInfo(
        id=free_id(f"{archive.path.stem}_{values.get('id', name).rpartition('#')[2]}", taken),
        name=name,
        kind=kind_of(name, tags, category),
        source=f"sweethome3d/{archive.path.stem}",
        licence=licence_name(values.get("license") or licence),
        creator=values.get("creator", ""),
        category=category,
        tags=tags,
        size_metres=(width / 100, height / 100, depth / 100),
    )
    return SweetHome3DEntry(info, archive.path, model, rotation)


def licence_name(text: str) -> str:
    """The SPDX name of a catalogue's licence statement, or the statement itself where it is none of the known."""
    if "public domain" in text.lower() or "zero" in text.lower() or "cc0" in text.lower():
        return "CC0-1.0"
    match = re.search(r"(?:Creative Commons Attribution|CC[- ]BY) (\d\.\d)( United States)?", text, re.IGNORECASE)
    if match:
        return f"CC-BY-{match[1]}" + ("-US" if match[2] else "")
    return text or "unknown"


def _model_member(name: str, archive: Archive) -> str:
    if not name.lower().endswith(".obj"):
        raise DatasetError(f"its model {name} is no OBJ file; convert it to OBJ")
    found = archive.find(name)
    if found is None:
        raise DatasetError(f"its model {name} is missing from the archive; use a complete catalogue")
    return found


def _floats(text: str, key: str, count: int) -> tuple[float, ...]:
    try:
        numbers = tuple(float(word) for word in text.split())
    except ValueError:
        numbers = ()
    if text and (len(numbers) != count or not np.isfinite(numbers).all()):
        raise DatasetError(f"its {key} is {text!r}; expected {count} numbers")
    return numbers


def _positive(text: str, key: str) -> float:
    numbers = _floats(text, key, 1)
    if not numbers or numbers[0] <= 0:
        raise DatasetError(f"its {key} is {text!r}; expected a positive number of centimetres")
    return numbers[0]


def _visible(model: ObjectModel) -> ObjectModel:
    """The model without its invisible parts: lamps hold such shapes to say where their light comes from."""
    visible = tuple(part for part in model.parts if part.material.opacity > INVISIBLE_OPACITY)
    return ObjectModel(visible, model.left_out) if visible else model


def stretch(model: ObjectModel, info: ObjectInfo) -> Float64[np.ndarray, " 3"]:
    """The factors along x, y and z, float64 [3], that bring a rotated model to its size in metres.

    They differ where the artist's proportions are not the catalogue's. A flat model (a sheet of paper) has no thickness
    to stretch: its factor there is 1.
    """
    extent = _extent(model)
    return np.where(extent > 1e-9, np.array(info.size_metres) / np.maximum(extent, 1e-9), 1.0)


def _extent(model: ObjectModel) -> Float[np.ndarray, " 3"]:
    vertices, _ = model.merged()
    extent: np.ndarray = (vertices.max(axis=0) - vertices.min(axis=0)).astype(np.float64)
    return extent
