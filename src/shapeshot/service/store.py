"""Results on disk: a folder of the server's own, random names, an age limit and a budget of bytes.

Nothing that a client sends becomes part of a path. A result is one .npz of plain arrays, read without pickle.
"""

from __future__ import annotations

import io
import json
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from shapeshot.errors import ExportError, UserError
from shapeshot.export.npz import texture_arrays, texture_from
from shapeshot.files import atomic_write
from shapeshot.geometry import Mesh, PointCloud, VoxelGrid
from shapeshot.jobs.own_folder import OwnFolder
from shapeshot.limits import SERVER_LIGHT_RESULT_BYTES
from shapeshot.pipeline.reconstruct import Reconstruction

if TYPE_CHECKING:
    from jaxtyping import Shaped

log = logging.getLogger("shapeshot.service")

# What a model may know of each point or cell: the array's name in a .npz, and the reconstruction's attribute.
MORE = {"points": {"confidence": "point_confidence"}, "voxels": {"probabilities": "probabilities"}}


class StoreFullError(UserError):
    """One result alone is larger than the whole budget."""


class DiskFullError(UserError):
    """The disk under the store cannot take a result."""


@dataclass(frozen=True)
class Entry:
    """A kept result. num_bytes: with all its files. expires: on time.time's clock, for people."""

    id: str
    num_bytes: int
    expires: float


@dataclass(frozen=True)
class _Kept:
    """A row of the store's table.

    ends: on its monotonic clock. packed: bytes of the result itself. files: beside it.
    """

    entry: Entry
    ends: float
    packed: int
    files: tuple[Path, ...] = ()


class Store:
    """Keeps results until they expire or newer ones need the room. Its methods may be called from any thread.

    Its lock guards the table of results alone and is never held while the disk works. Lifetimes are measured on a clock
    that never steps; now: in place of both clocks, for tests.
    """

    def __init__(self, ttl: float, budget: int, now: Callable[[], float] | None = None) -> None:
        self._folder = OwnFolder("results")
        self._ttl, self._budget = ttl, budget
        self._now, self._clock = now or time.time, now or time.monotonic
        self._kept: OrderedDict[str, _Kept] = OrderedDict()  # oldest first
        self._num_bytes = 0
        self._lock = threading.Lock()
        self._folder_lock = threading.Lock()

    @property
    def num_bytes(self) -> int:
        """Bytes that all results take."""
        return self._num_bytes

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, shape: Reconstruction, facts: dict[str, Any], pictures: dict[str, bytes]) -> Entry:
        """Keep a result; the oldest ones make room first, so that the budget is never exceeded.

        Raises StoreFullError where it is larger than the budget, and DiskFullError where it cannot be written.
        """
        content = pack(shape, facts, pictures)
        if len(content) > self._budget:
            raise StoreFullError(
                f"this result takes {len(content)} bytes, more than the server may keep ({self._budget}); "
                "ask for a lower resolution or fewer points"
            )
        entry = Entry(secrets.token_urlsafe(16), len(content), self._now() + self._ttl)
        with self._room(len(content)):
            self._write(self._path(entry.id), content)
        with self._lock:
            self._kept[entry.id] = _Kept(entry, self._clock() + self._ttl, len(content))
        return entry

    def get(self, result_id: str) -> tuple[Entry, Result] | None:
        """A kept result, or None where there is none of this id (any more)."""
        self.sweep()
        kept = self._kept.get(result_id)
        if kept is None:
            return None
        try:
            return kept.entry, Result(self._path(result_id).read_bytes())
        except OSError:  # removed meanwhile, or by somebody who cleans temporary folders
            self._drop([result_id])
            return None

    def is_large(self, result_id: str) -> bool:
        """Whether files of a result cost seconds and much memory to make; False where there is none of this id."""
        kept = self._kept.get(result_id)
        return kept is not None and kept.packed > SERVER_LIGHT_RESULT_BYTES

    def opened(self, result_id: str, name: str) -> IO[bytes] | None:
        """The opened file `name` of a result, or None where it was not made yet, or there is no such result."""
        self.sweep()
        if result_id in self._kept:
            with suppress(OSError):
                return self._path(result_id, name).open("rb")
        return None

    def file(self, result_id: str, name: str, encode: Callable[[Result], bytes | memoryview]) -> IO[bytes] | None:
        """The opened file `name` of a result, or None where there is no such result (any more).

        encode: makes its content where it was not asked for before. It is kept with the result and counts with it
        towards the budget. name: of our own words, "mesh.glb". Raises DiskFullError.
        """
        found = self.get(result_id)
        if found is None:
            return None
        path = self._path(result_id, name)
        with suppress(OSError):
            return path.open("rb")
        content = encode(found[1])
        if found[0].num_bytes + len(content) > self._budget:
            return io.BytesIO(content)
        with self._room(len(content), spare=result_id):
            self._write(path, content)
            file = path.open("rb")
        if not self._note(result_id, path, len(content)):
            path.unlink(missing_ok=True)
        return file

    def remove(self, result_id: str) -> bool:
        """Forget a result; False where there is none of this id."""
        self.sweep()
        return self._drop([result_id]) > 0

    def sweep(self) -> None:
        """Forget what has expired."""
        now = self._clock()
        with self._lock:
            old = list(takewhile(lambda key: self._kept[key].ends <= now, self._kept))  # all live equally long
        self._drop(old)

    def close(self) -> None:
        """Remove everything."""
        with self._lock:
            self._kept.clear()
            self._num_bytes = 0
        self._folder.close()

    @contextmanager
    def _room(self, num_bytes: int, spare: str | None = None) -> Iterator[None]:
        """Take so many bytes of the budget; given back where the block raises. spare: a result that has to stay."""
        self.sweep()
        with self._lock:
            free, oldest = self._budget - self._num_bytes, []
            for key, kept in self._kept.items():
                if free >= num_bytes:
                    break
                if key != spare:
                    oldest.append(key)
                    free += kept.entry.num_bytes
            self._num_bytes += num_bytes
        self._drop(oldest)
        try:
            yield
        except BaseException:
            with self._lock:
                self._num_bytes -= num_bytes
            raise

    def _note(self, result_id: str, path: Path, num_bytes: int) -> bool:
        """Count a new file as its result's. False where the result was forgotten meanwhile."""
        with self._lock:
            kept = self._kept.get(result_id)
            if kept is not None and path not in kept.files:
                entry = replace(kept.entry, num_bytes=kept.entry.num_bytes + num_bytes)
                self._kept[result_id] = replace(kept, entry=entry, files=(*kept.files, path))
            else:  # or somebody else asked for the same at the same time
                self._num_bytes -= num_bytes
        return kept is not None

    def _write(self, path: Path, content: bytes | memoryview) -> None:
        try:
            atomic_write(path, content)
        except ExportError as error:  # which names the path; a client has no business with it
            log.error("%s", error)
            raise DiskFullError("the server's disk cannot take the result; try again later") from None

    def _path(self, result_id: str, name: str = "") -> Path:
        """Where a result, or a file of it, lies. The id is only ever one from our own table."""
        with self._folder_lock:
            if not self._folder.path.is_dir():  # some systems clean their temporary folder
                self._folder.close()
                self._folder = OwnFolder("results")
        return self._folder.path / (f"{result_id}.{name}" if name else f"{result_id}.npz")

    def _drop(self, keys: Iterable[str]) -> int:
        """Forget results; how many there were."""
        with self._lock:
            dropped = [kept for key in keys if (kept := self._kept.pop(key, None))]
            self._num_bytes -= sum(kept.entry.num_bytes for kept in dropped)
        for kept in dropped:
            for path in (self._path(kept.entry.id), *kept.files):
                path.unlink(missing_ok=True)
        return len(dropped)


class Result:
    """A stored result, decoded piece by piece."""

    def __init__(self, content: bytes) -> None:
        self._arrays = np.load(io.BytesIO(content), allow_pickle=False)

    @property
    def facts(self) -> dict[str, Any]:
        """What result.json says."""
        facts: dict[str, Any] = json.loads(self._arrays["facts"].tobytes())
        return facts

    def picture(self, name: str) -> bytes:
        """A PNG that was stored with the result."""
        content: bytes = self._arrays[f"picture_{name}"].tobytes()
        return content

    def form(self, name: str) -> Mesh | PointCloud | VoxelGrid:
        """The mesh, the points or the voxels, as `reconstruct` gave them."""
        arrays = self._arrays
        if name == "mesh":
            return Mesh(arrays["vertices"], arrays["faces"], arrays["vertex_colors"], texture_from(arrays))
        if name == "points":
            return PointCloud(arrays["points"], arrays["point_colors"], arrays["normals"])
        resolution = int(arrays["resolution"])
        occupancy = np.unpackbits(arrays["occupancy"], count=resolution**3).astype(bool).reshape((resolution,) * 3)
        colors = np.zeros((*occupancy.shape, 3), np.float32)
        colors[occupancy] = arrays["voxel_colors"]
        return VoxelGrid(occupancy, colors, float(arrays["side"]))

    def more(self, form: str) -> dict[str, Shaped[np.ndarray, " ..."]]:
        """What is known of each point or cell of a form, by name; see MORE."""
        return {name: self._arrays[name] for name in MORE.get(form, {}) if name in self._arrays}


def more_of(shape: Reconstruction, form: str) -> dict[str, Shaped[np.ndarray, " ..."]]:
    """As `Result.more`, of a reconstruction that is not stored."""
    arrays = {name: getattr(shape, attribute) for name, attribute in MORE.get(form, {}).items()}
    return {name: array for name, array in arrays.items() if array is not None}


def pack(shape: Reconstruction, facts: dict[str, Any], pictures: dict[str, bytes]) -> memoryview:
    """The bytes of one result. Colours of empty cells are left out: they are zero, and at 128^3 would take 25 MB."""
    voxels = shape.voxels
    assert voxels.colors is not None
    arrays: dict[str, Any] = {
        "vertices": shape.mesh.vertices,
        "faces": shape.mesh.faces,
        "vertex_colors": shape.mesh.colors,
        **texture_arrays(shape.mesh),
        "points": shape.points.points,
        "point_colors": shape.points.colors,
        "normals": shape.points.normals,
        "occupancy": np.packbits(voxels.occupancy),
        "voxel_colors": voxels.colors[voxels.occupancy],
        "resolution": np.array(voxels.resolution),
        "side": np.array(voxels.side, np.float64),
        "facts": np.frombuffer(json.dumps(facts).encode(), np.uint8),
    }
    for form in MORE:
        arrays |= more_of(shape, form)
    arrays |= {f"picture_{name}": np.frombuffer(png, np.uint8) for name, png in pictures.items()}
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getbuffer()
