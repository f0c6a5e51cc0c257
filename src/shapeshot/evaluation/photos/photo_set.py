"""A set of pictures with exact masks, as `recipes/photolike/build.py` writes it: photos.json and the files it names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from shapeshot.data.shards import decode_arrays, decode_solid
from shapeshot.errors import DatasetError, PhotoError
from shapeshot.geometry.camera import Camera
from shapeshot.photo.decode import Photo, read_photo

if TYPE_CHECKING:
    from jaxtyping import Bool, Float32, Int32

FORMAT, VERSION = "shapeshot-photos", 1
INDEX = "photos.json"
# In which setting a picture shows its object. A cut-out brings its mask as alpha: nothing is left to be found.
CUT_OUT, SCENE, ROOM = "cut-out", "scene", "room"
SETTINGS = (CUT_OUT, SCENE, ROOM)


@dataclass(frozen=True)
class PictureEntry:
    """One picture of the set.

    object: id of what it shows; several pictures may show one. setting: of SETTINGS. picture, mask: files below the
    set's folder; mask is None where the picture's own alpha is it. model: the beginning of the names of its true
    shape's files, or None. camera: in the frame of the true shape, the canonical cube; None where unknown.
    licences, creators: of everything that the picture was made of.
    """

    id: str
    object: str
    name: str
    kind: str
    setting: str
    picture: str
    mask: str | None
    licences: tuple[str, ...]
    creators: tuple[str, ...]
    model: str | None = None
    camera: Camera | None = None


@dataclass(frozen=True, eq=False)
class TrueModel:
    """The canonical mesh as its artist left it, and its solid, bool [128, 128, 128]."""

    vertices: Float32[np.ndarray, "vertices 3"]
    faces: Int32[np.ndarray, "faces 3"]
    solid: Bool[np.ndarray, "n n n"]


class PhotoSet:
    """The pictures of a folder; files are read when asked for."""

    def __init__(self, folder: Path, entries: Sequence[PictureEntry]) -> None:
        self.folder, self.entries = folder, tuple(entries)

    @classmethod
    def open(cls, folder: Path | str) -> PhotoSet:
        """Read the list of a set. Raises DatasetError where there is none, or it is of another kind or version."""
        folder = Path(folder)
        try:
            document = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        except OSError as error:
            raise DatasetError(f"{folder} holds no {INDEX}; build it: python recipes/photolike/build.py") from error
        except ValueError as error:
            raise DatasetError(f"{folder / INDEX} is no JSON ({error}); build the set again") from error
        if not isinstance(document, dict) or (document.get("format"), document.get("version")) != (FORMAT, VERSION):
            raise DatasetError(f"{folder / INDEX} is no {FORMAT} of version {VERSION}; build the set again")
        entries = [_entry(row, folder / INDEX) for row in document.get("pictures", [])]
        if not entries:
            raise DatasetError(f"{folder / INDEX} lists no pictures; build the set again")
        return cls(folder, entries)

    def photo(self, entry: PictureEntry) -> Photo:
        """The picture as the program reads any photo. Raises DatasetError where it is missing or damaged."""
        try:
            return read_photo(self._file(entry.picture))
        except PhotoError as error:
            raise DatasetError(f"picture {entry.id} of {self.folder} cannot be read ({error})") from error

    def mask(self, entry: PictureEntry, photo: Photo) -> Bool[np.ndarray, "height width"]:
        """The object's pixels: those that it covers by half or more. Raises DatasetError."""
        if entry.mask is None:
            return photo.rgba[..., 3] >= 128
        try:
            with Image.open(self._file(entry.mask)) as image:
                mask = np.asarray(image.convert("L")) >= 128
        except OSError as error:
            raise DatasetError(f"the mask of {entry.id} in {self.folder} cannot be read ({error})") from error
        if mask.shape != photo.rgba.shape[:2]:
            raise DatasetError(f"the mask of {entry.id} is {mask.shape}, its picture {photo.rgba.shape[:2]} pixels")
        return mask

    def truth(self, entry: PictureEntry) -> TrueModel | None:
        """The true shape, or None where there is no model of the object. Raises DatasetError."""
        if entry.model is None:
            return None
        mesh = decode_arrays(self._read(f"{entry.model}.mesh.npz"))
        return TrueModel(mesh["vertices"], mesh["faces"], decode_solid(self._read(f"{entry.model}.solid.npz")))

    def _read(self, name: str) -> bytes:
        try:
            return self._file(name).read_bytes()
        except OSError as error:
            raise DatasetError(f"{name} of {self.folder} cannot be read ({error}); build the set again") from error

    def _file(self, name: str) -> Path:
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise DatasetError(f"{INDEX} of {self.folder} names {name!r}, which lies outside; do not trust this set")
        return path


def _entry(row: Mapping[str, Any], path: Path) -> PictureEntry:
    try:
        camera = Camera(**row["camera"]) if row.get("camera") else None
        known = {name: str(row[name]) for name in ("id", "object", "name", "kind", "setting", "picture")}
        licences, creators = tuple(map(str, row["licences"])), tuple(map(str, row["creators"]))
        entry = PictureEntry(**known, mask=row["mask"], licences=licences, creators=creators, camera=camera)
    except (KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f"{path} has a picture without what it needs ({error}); build the set again") from error
    if entry.setting not in SETTINGS:
        raise DatasetError(
            f"{path}: {entry.id} has the setting {entry.setting!r}; expected one of {', '.join(SETTINGS)}"
        )
    return PictureEntry(**{**entry.__dict__, "model": row.get("model")})
