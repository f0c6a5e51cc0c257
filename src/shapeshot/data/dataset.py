"""Reading a dataset folder: `manifest.json` and tar shards, random access by object id."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Int32, Shaped, UInt8

from shapeshot.data.objects import ObjectInfo
from shapeshot.data.rendering.depth import ViewGeometry, decode_geometry
from shapeshot.data.shards import decode_arrays, decode_solid, decode_view, unpack_members, view_names
from shapeshot.data.splits import SPLITS
from shapeshot.errors import DatasetError
from shapeshot.geometry.camera import Camera
from shapeshot.kinds import kind_of

FORMAT = "shapeshot-dataset"
VERSION = 1
MANIFEST = "manifest.json"
GEOMETRY = "geometry.npz"  # the member of an object that datasets from before it lack


@dataclass(frozen=True)
class Record:
    """A manifest row: where an object lies and which side of the split it is on."""

    id: str
    kind: str
    split: str
    group: str
    shard: str
    offset: int
    length: int
    variant_of: str | None = None

    def __post_init__(self) -> None:
        """ValueError for a row that no build writes; a shard is a file beside the manifest and nowhere else."""
        texts = all(isinstance(text, str) for text in (self.id, self.kind, self.split, self.group, self.shard))
        numbers = all(type(number) is int and 0 <= number < 2**48 for number in (self.offset, self.length))
        is_name = texts and Path(self.shard).name == self.shard and "\0" not in self.shard
        if not is_name or not numbers:
            raise ValueError(f"the row of object {self.id!r} is not one that a build writes")


class Sample:
    """One object of a dataset; every part is decoded when first asked for."""

    def __init__(self, record: Record, members: Mapping[str, bytes]) -> None:
        self.record = record
        self._members = members
        with self._whole():
            self._meta = json.loads(self._member("json"))

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def split(self) -> str:
        return self.record.split

    @property
    def group(self) -> str:
        """The near-duplicate group; never straddles splits."""
        return self.record.group

    @cached_property
    def info(self) -> ObjectInfo:
        with self._whole():
            return info_from_json(self._meta["info"])

    @cached_property
    def cameras(self) -> tuple[Camera, ...]:
        with self._whole():
            return tuple(camera_from_json(camera) for camera in self._meta["cameras"])

    @cached_property
    def rooms(self) -> tuple[bool, ...]:
        """Which views show the object in a room: their colours are the whole photo's, also where alpha is 0."""
        with self._whole():
            return tuple(camera.get("room", False) is True for camera in self._meta["cameras"])

    @property
    def num_views(self) -> int:
        return len(self.cameras)

    def view(self, index: int) -> UInt8[np.ndarray, "size size 4"]:
        """View `index` as straight-alpha uint8 [size, size, 4]."""
        with self._whole():
            return decode_view(self._member(view_names(self._members)[index]))

    def encoded_views(self) -> tuple[bytes, ...]:
        """All views as WebP, for callers that decode them later."""
        return tuple(self._member(name) for name in view_names(self._members))

    @cached_property
    def geometry(self) -> ViewGeometry | None:
        """What the views' cameras measure of the mesh: depths and normals at half the views' side.

        None in datasets from before it was stored, and where the source's cameras do not fit its pictures.
        """
        with self._whole():
            return decode_geometry(self._members[GEOMETRY]) if GEOMETRY in self._members else None

    @property
    def has_geometry(self) -> bool:
        """Whether the cameras fit the views, so that `geometry` is there."""
        return GEOMETRY in self._members

    @cached_property
    def solid(self) -> Bool[np.ndarray, "side side side"]:
        """Solid occupancy bool [128, 128, 128] of the canonical cube."""
        with self._whole():
            return decode_solid(self._member("solid.npz"))

    @property
    def points(self) -> Float32[np.ndarray, "points 3"]:
        """Points of the outer surface, float32 [points, 3]."""
        with self._whole():
            return self._surface["points"]

    @property
    def normals(self) -> Float32[np.ndarray, "points 3"]:
        """Outward unit normals at the points, float32 [points, 3]."""
        with self._whole():
            return self._surface["normals"].astype(np.float32)

    @property
    def colors(self) -> UInt8[np.ndarray, "points 3"]:
        """sRGB at the points, uint8 [points, 3]."""
        with self._whole():
            return self._surface["colors"]

    @property
    def vertices(self) -> Float32[np.ndarray, "vertices 3"]:
        """Vertices of the canonical mesh, float32 [vertices, 3]."""
        with self._whole():
            return self._mesh["vertices"]

    @property
    def faces(self) -> Int32[np.ndarray, "faces 3"]:
        """Faces of the canonical mesh as the artist left it (often open), int32 [faces, 3]."""
        with self._whole():
            return self._mesh["faces"]

    @cached_property
    def _surface(self) -> dict[str, Shaped[np.ndarray, " ..."]]:
        return decode_arrays(self._member("surface.npz"))

    @cached_property
    def _mesh(self) -> dict[str, Shaped[np.ndarray, " ..."]]:
        return decode_arrays(self._member("mesh.npz"))

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """DatasetError for content that is not what a build writes, as bytes turned on a disk leave it."""
        try:
            yield
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            raise DatasetError(
                f"object {self.id} is damaged in its shard ({error}); build the dataset again"
            ) from error

    def _member(self, name: str) -> bytes:
        try:
            return self._members[name]
        except KeyError:
            raise DatasetError(f"object {self.id} lacks {name}; build the dataset again") from None


class Dataset:
    """An opened dataset folder. Cheap to open, safe to pickle and to read from several processes."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.records = {row["id"]: Record(**row) for row in manifest["objects"]}

    @classmethod
    def open(cls, folder: str | Path) -> Dataset:
        """Open a folder that `shapeshot data build` wrote. Raises DatasetError for anything else."""
        folder = Path(folder)
        path = folder / MANIFEST
        if not path.is_file():
            unfinished = (folder / ".build").is_dir()
            hint = (
                "its build has not finished: run the same build again to resume"
                if unfinished
                else ("make one with `shapeshot data build SOURCE --out DIR`")
            )
            raise DatasetError(f"{folder} holds no dataset ({MANIFEST} is missing); {hint}")
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            found = (manifest["format"], manifest["version"])
            if found == (FORMAT, VERSION):
                return cls(folder, manifest)
        except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
            raise DatasetError(f"{path} cannot be read ({error}); build the dataset again") from error
        raise DatasetError(
            f"{path} is {found[0]} version {found[1]}; this shapeshot reads version {VERSION}: build it again"
        )

    def __len__(self) -> int:
        return len(self.records)

    def ids(self, split: str | None = None) -> list[str]:
        """Object ids in the order of the manifest, of one split or of all. Raises DatasetError for an unknown split."""
        if split is not None and split not in SPLITS:
            raise DatasetError(f"unknown split {split!r}; choose from {', '.join(SPLITS)}")
        return [record.id for record in self.records.values() if split in (None, record.split)]

    def sample(self, object_id: str) -> Sample:
        """One object. Raises DatasetError for an unknown id or a damaged shard."""
        try:
            record = self.records[object_id]
        except KeyError:
            raise DatasetError(f"no object {object_id!r} in {self.folder}") from None
        packed = self._packed(record)
        if len(packed) != record.length:
            raise DatasetError(f"{self.folder / record.shard} is truncated; build the dataset again")
        return Sample(record, unpack_members(packed))

    def _packed(self, record: Record) -> bytes:
        """A record's bytes in its shard; fewer where that ends before."""
        path = self.folder / record.shard
        try:
            if not path.is_file():  # opening a pipe would wait for ever
                raise DatasetError(f"{path} is missing or no plain file; build the dataset again")
            with path.open("rb") as shard:
                shard.seek(record.offset)
                return shard.read(min(record.length, path.stat().st_size))
        except OSError as error:
            raise DatasetError(f"cannot read {path}: {error.strerror}; build the dataset again") from error

    def counts(self) -> dict[str, int]:
        """Objects per split."""
        counted = Counter(record.split for record in self.records.values())
        return {split: counted.get(split, 0) for split in SPLITS}


def training_ids(datasets: Sequence[Dataset]) -> list[tuple[Dataset, str]]:
    """The training objects of several datasets, less the kinds that any of them holds out as unseen.

    Without that, a synthetic toilet would teach what a catalogue's held-out toilets are to measure. Kinds are compared
    by their normal form (`kinds.kind_of`), since sources name them differently.
    """
    records = [(dataset, record) for dataset in datasets for record in dataset.records.values()]
    unseen = {kind_of(record.kind) for _, record in records if record.split == "test-unseen"}
    return [
        (dataset, record.id)
        for dataset, record in records
        if record.split == "train" and kind_of(record.kind) not in unseen
    ]


def info_to_json(info: ObjectInfo) -> dict[str, Any]:
    """An ObjectInfo as plain JSON values; `has_front` stands there only where it is false."""
    values = asdict(info)
    if info.has_front:
        del values["has_front"]
    return values


def info_from_json(values: Mapping[str, Any]) -> ObjectInfo:
    """The inverse of `info_to_json`."""
    fields = dict(values)
    fields["tags"] = tuple(fields.get("tags", ()))
    if fields.get("size_metres") is not None:
        fields["size_metres"] = tuple(fields["size_metres"])
    return ObjectInfo(**fields)


def camera_to_json(camera: Camera, room: bool = False) -> dict[str, Any]:
    """A view's camera as plain JSON values; `room` stands there only where the view is in a room."""
    return asdict(camera) | ({"room": True} if room else {})


def camera_from_json(values: Mapping[str, Any]) -> Camera:
    """The camera in what `camera_to_json` wrote."""
    return Camera(**{name: value for name, value in values.items() if name != "room"})


def require_objects(ids: Sequence[str], split: str, folder: str | Path) -> None:
    """DatasetError where a split is empty."""
    if not ids:
        raise DatasetError(f"split {split!r} of {folder} is empty; build more objects or choose another split")
