"""Pix3D (Sun et al., CVPR 2018) as it is published: photos with masks, and the CAD model that each shows.

    FOLDER/pix3d.json, img/CATEGORY/0001.png, mask/CATEGORY/0001.png, model/CATEGORY/NAME/model.obj

An object is a CAD model; its views are its photos, cropped about the mask, with the mask as alpha. Photos that are
truncated or occluded, even slightly, are left out, as in the benchmark of the paper. Pix3D's canonical view has +x to
the left, +y up and +z away from the viewer, so models are turned by 180 degrees about y.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from shapeshot.data.objects import ObjectInfo, ObjectModel, PublishedViews, SourceEntry, Unreadable
from shapeshot.data.sources.archive import is_outside
from shapeshot.data.sources.folder import ConfinedFiles, FolderEntry
from shapeshot.data.sources.ids import free_id
from shapeshot.data.sources.readers.pictures import scaled_grey, square_about
from shapeshot.data.sources.shapenet import FRONT_BACK
from shapeshot.data.sources.split_files import image_splits
from shapeshot.errors import DatasetError, PhotoError, unknown_name
from shapeshot.geometry.camera import Camera
from shapeshot.photo import Photo, read_photo

ANNOTATIONS = "pix3d.json"
LICENCE = "none stated by Pix3D; see the terms of its images' and models' owners"
CREATOR = "Pix3D (Sun et al. 2018) and the owners of its images and models"
SENSOR_MM = 32.0  # the width that its focal lengths, in mm, go with
EXCLUDING = ("truncated", "occluded", "slightly_occluded")


@dataclass(frozen=True)
class Pix3DPhoto:
    """One annotated photo. image, mask: relative to FOLDER. width: of the image as published, pixels, for `box`.

    box: left, top, right, bottom of the object, pixels.
    """

    image: str
    mask: str
    width: float
    box: tuple[float, float, float, float]
    camera: Camera


@dataclass(frozen=True)
class Pix3DEntry:
    """A CAD model and its photos. root: FOLDER, resolved. model: its OBJ, relative to it."""

    info: ObjectInfo
    root: Path
    model: str
    photos: tuple[Pix3DPhoto, ...]

    def load(self) -> ObjectModel:
        """Read the mesh in our axes, at the file's own size. Raises MeshError naming the file."""
        path = self.root / self.model
        return FolderEntry(self.info, path, self.root).load().transformed(np.array(FRONT_BACK))

    def views(self, count: int, size: int) -> PublishedViews:
        """The first `count` photos that can be used, cropped; others by name. Raises DatasetError where none can."""
        files = ConfinedFiles(self.root, self.root)
        images: list[np.ndarray] = []
        cameras: list[Camera] = []
        unreadable: list[Unreadable] = []
        for photo in self.photos:
            if len(images) == count:
                break
            try:
                images.append(_cropped(photo, files, size))
                cameras.append(photo.camera)
            except (DatasetError, PhotoError) as error:  # one bad photo must not lose the model
                unreadable.append(Unreadable(photo.image, str(error)))
        if not images:
            raise DatasetError(f"none of its {len(self.photos)} photos can be used ({unreadable[0].reason})")
        # The cameras are those of the whole photos, without their roll, and in each model's own unit.
        return PublishedViews(tuple(images), tuple(cameras), tuple(unreadable), aligned=False)


class Pix3DSource:
    """The CAD models of Pix3D, in the order in which pix3d.json first names them.

    categories: of those in pix3d.json ("chair"), None for all. split_files: see `split_files.image_splits`; those of
    Mesh R-CNN's S2, whose sides share no model. Raises DatasetError for a folder without pix3d.json, an unknown
    category, a bad split file, and splits that share a model, as S1 does: here a model has one side.
    """

    name = "pix3d"

    def __init__(
        self, folder: Path | str, categories: Sequence[str] | None = None, split_files: Sequence[Path | str] = ()
    ) -> None:
        self.folder = Path(folder)
        self._rows = read_annotations(self.folder / ANNOTATIONS)
        known = {str(row.get("category", "")) for row in self._rows}
        for category in categories or ():
            if category not in known:
                raise unknown_name("category", category, known, DatasetError)
        self._chosen = frozenset(categories or known)
        self._image_splits = image_splits([Path(path) for path in split_files]) if split_files else None

    def entries(self) -> Sequence[SourceEntry]:
        return list(self._listing[0])

    def unreadable(self) -> Sequence[Unreadable]:
        return self._listing[1]

    def splits(self) -> Mapping[str, str] | None:
        """The published split of each entry's id, or None where no file was given. Raises DatasetError; see above."""
        if self._image_splits is None:
            return None
        splits = {}
        for entry in self._listing[0]:
            sides = {self._image_splits[photo.image] for photo in entry.photos}
            if len(sides) > 1:
                raise DatasetError(
                    f"the split files put photos of one model, {entry.model}, into {' and '.join(sorted(sides))}; "
                    "objects are split here, not photos: give the files of S2, or none"
                )
            splits[entry.info.id] = sides.pop()
        return splits

    @cached_property
    def _listing(self) -> tuple[list[Pix3DEntry], list[Unreadable]]:
        unreadable: list[Unreadable] = []
        photos: dict[str, list[Pix3DPhoto]] = {}
        hidden: Counter[str] = Counter()
        category_of: dict[str, str] = {}
        for number, row in enumerate(self._rows):
            if str(row.get("category", "")) not in self._chosen:
                continue
            try:
                model, photo = _safe_path(row, "model"), self._photo(row)
            except DatasetError as error:
                unreadable.append(Unreadable(str(row.get("img", f"annotation {number}")), str(error)))
                continue
            category_of.setdefault(model, str(row["category"]))
            kept = photos.setdefault(model, [])
            if any(_is_true(row.get(flag)) for flag in EXCLUDING):
                hidden[model] += 1
            else:
                kept.append(photo)
        taken: set[str] = set()
        entries = []
        for model, found in photos.items():
            if found:
                info = _info(model, category_of[model], taken)
                entries.append(Pix3DEntry(info, self.folder.resolve(), model, tuple(found)))
            else:
                unreadable.append(Unreadable(model, f"all of its {hidden[model]} photos are truncated or occluded"))
        return entries, unreadable

    def _photo(self, row: Mapping[str, Any]) -> Pix3DPhoto:
        image, mask = _safe_path(row, "img"), _safe_path(row, "mask")
        for name in (image, mask):
            if not (self.folder / name).is_file():
                raise DatasetError(f"{name} is missing; get a complete copy")
        if self._image_splits is not None and image not in self._image_splits:
            raise DatasetError("the split files do not name it")
        box, size = _floats(row, "bbox", 4), _floats(row, "img_size", 2)
        if not (box[0] < box[2] and box[1] < box[3] and size[0] > 0):
            raise DatasetError(f"its bbox {list(box)} or img_size {list(size)} makes no sense")
        return Pix3DPhoto(image, mask, size[0], (box[0], box[1], box[2], box[3]), _camera(row))


def read_annotations(path: Path) -> list[Mapping[str, Any]]:
    """The rows of pix3d.json. Raises DatasetError for anything else."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {error.strerror or error}; give the folder of Pix3D") from error
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{path} is no JSON ({error}); get a fresh copy") from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise DatasetError(f"{path} is not Pix3D's list of annotations; get a fresh copy")
    return rows


def _cropped(photo: Pix3DPhoto, files: ConfinedFiles, size: int) -> UInt8[np.ndarray, "side side 4"]:
    """The square about the mask, or about the box where the mask is empty, with the mask as alpha."""
    picture, mask_picture = (_read(name, files) for name in (photo.image, photo.mask))
    if picture.size != mask_picture.size:
        raise DatasetError(
            f"{photo.mask} has {mask_picture.size[0]}x{mask_picture.size[1]} pixels and {photo.image} "
            f"{picture.size[0]}x{picture.size[1]}; drop that photo from {ANNOTATIONS}"
        )
    rgba = picture.rgba.copy()
    # Both are read scaled down, a JPEG by halves and a PNG to 1024 pixels: the mask follows its photo.
    mask = scaled_grey(mask_picture.rgba[..., 0], (rgba.shape[1], rgba.shape[0])) > 127
    scale = rgba.shape[1] / photo.width
    left, top, right, bottom = (edge * scale for edge in photo.box)
    if mask.any():
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        left, top, right, bottom = map(float, (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    else:
        mask[max(round(top), 0) : max(round(bottom), 0), max(round(left), 0) : max(round(right), 0)] = True
    rgba[..., 3] = np.where(mask, 255, 0)
    return square_about(rgba, (left, top, right, bottom), size)


def _read(name: str, files: ConfinedFiles) -> Photo:
    content = files.read(name)
    if content is None:
        raise DatasetError(f"{name} is missing or lies outside the folder; get a complete copy")
    try:
        return read_photo(content)
    except PhotoError as error:
        raise DatasetError(f"{name}: {error}") from error


def _camera(row: Mapping[str, Any]) -> Camera:
    """Turned with the model; its distance is in the model's own unit."""
    x, y, z = np.array(FRONT_BACK) @ _floats(row, "cam_position", 3)
    distance = float(np.sqrt(x * x + y * y + z * z))
    focal = _floats(row, "focal_length", 1)[0]
    if distance <= 0 or focal <= 0:
        raise DatasetError(f"its camera is {distance:.3g} away with a focal length of {focal:.3g} mm")
    fov = float(np.degrees(2 * np.arctan(SENSOR_MM / 2 / focal)))
    return Camera(float(np.degrees(np.arctan2(x, z))), float(np.degrees(np.arcsin(y / distance))), distance, fov)


def _safe_path(row: Mapping[str, Any], key: str) -> str:
    name = row.get(key)
    if not isinstance(name, str) or not name or is_outside(name):
        raise DatasetError(f"its {key} is {name!r}; expected a path below the folder")
    return name


def _floats(row: Mapping[str, Any], key: str, count: int) -> tuple[float, ...]:
    value = row.get(key)
    try:
        numbers = tuple(float(number) for number in (value if isinstance(value, list) else [value]))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        numbers = ()
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise DatasetError(f"its {key} is {value!r}; expected {count} numbers")
    return numbers


def _is_true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _info(model: str, category: str, taken: set[str]) -> ObjectInfo:
    path = Path(model)
    name = path.parent.name if path.stem == "model" else f"{path.parent.name} {path.stem}"
    return ObjectInfo(
        id=free_id(f"{category}_{name}", taken),
        name=name.replace("_", " "),
        kind=category,
        source="pix3d",
        licence=LICENCE,
        creator=CREATOR,
        category=category,
    )
