"""Results on disk: a folder of the server's own, random names, an age limit and a budget of bytes.

Nothing that a client sends becomes part of a path. A result is one .npz of plain arrays, read without pickle.
"""

from __future__ import annotations

import io
import json
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shapeshot.errors import UserError
from shapeshot.files import atomic_write
from shapeshot.geometry import Mesh, PointCloud, VoxelGrid
from shapeshot.jobs.own_folder import OwnFolder
from shapeshot.pipeline.reconstruct import Reconstruction

# What a model may know of each point or cell: the array's name in a .npz, and the reconstruction's attribute.
MORE = {"points": {"confidence": "point_confidence"}, "voxels": {"probabilities": "probabilities"}}


class StoreFullError(UserError):
    """One result alone is larger than the whole budget."""


@dataclass(frozen=True)
class Entry:
    """A kept result. expires: on time.time's clock."""

    id: str
    num_bytes: int
    expires: float


class Store:
    """Keeps results until they expire or newer ones need the room. Its methods may be called from any thread."""

    def __init__(self, ttl: float, budget: int, now: Callable[[], float] = time.time) -> None:
        self._folder = OwnFolder("results")
        self._ttl, self._budget, self._now = ttl, budget, now
        self._entries: OrderedDict[str, Entry] = OrderedDict()  # oldest first
        self._lock = threading.Lock()

    @property
    def num_bytes(self) -> int:
        """Bytes that all results take."""
        with self._lock:
            return sum(entry.num_bytes for entry in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, shape: Reconstruction, facts: dict[str, Any], pictures: dict[str, bytes]) -> Entry:
        """Keep a result; the oldest ones make room first, so that the budget is never exceeded."""
        content = pack(shape, facts, pictures)
        if len(content) > self._budget:
            raise StoreFullError(
                f"this result takes {len(content)} bytes, more than the server may keep ({self._budget}); "
                "ask for a lower resolution or fewer points"
            )
        entry = Entry(secrets.token_urlsafe(16), len(content), self._now() + self._ttl)
        with self._lock:
            self._drop_expired()
            while self._entries and self._total() + len(content) > self._budget:
                self._drop(next(iter(self._entries)))
            self._entries[entry.id] = entry
            atomic_write(self._path(entry.id), content)
        return entry

    def get(self, result_id: str) -> tuple[Entry, Result] | None:
        """A kept result, or None where there is none of this id (any more)."""
        with self._lock:
            self._drop_expired()
            entry = self._entries.get(result_id)
            content = self._path(entry.id).read_bytes() if entry else b""
        return (entry, Result(content)) if entry else None

    def remove(self, result_id: str) -> bool:
        """Forget a result; False where there is none of this id."""
        with self._lock:
            self._drop_expired()
            if result_id not in self._entries:
                return False
            self._drop(result_id)
            return True

    def sweep(self) -> None:
        """Forget what has expired."""
        with self._lock:
            self._drop_expired()

    def close(self) -> None:
        """Remove everything."""
        with self._lock:
            self._entries.clear()
            self._folder.close()

    def _total(self) -> int:
        return sum(entry.num_bytes for entry in self._entries.values())

    def _path(self, result_id: str) -> Path:
        return self._folder.path / f"{result_id}.npz"  # only ever an id from our own table

    def _drop(self, result_id: str) -> None:
        del self._entries[result_id]
        self._path(result_id).unlink(missing_ok=True)

    def _drop_expired(self) -> None:
        now = self._now()
        for entry in list(self._entries.values()):
            if entry.expires > now:
                break  # all have the same lifetime: the later ones are younger
            self._drop(entry.id)


class Result:
    """A stored result, decoded piece by piece."""

    def __init__(self, content: bytes) -> None:
        self._arrays = np.load(io.BytesIO(content), allow_pickle=False)

    @property
    def facts(self) -> dict[str, Any]:
        """What result.json says."""
        return json.loads(self._arrays["facts"].tobytes())

    def picture(self, name: str) -> bytes:
        """A PNG that was stored with the result."""
        return self._arrays[f"picture_{name}"].tobytes()

    def form(self, name: str) -> Mesh | PointCloud | VoxelGrid:
        """The mesh, the points or the voxels, as `reconstruct` gave them."""
        arrays = self._arrays
        if name == "mesh":
            return Mesh(arrays["vertices"], arrays["faces"], arrays["vertex_colors"])
        if name == "points":
            return PointCloud(arrays["points"], arrays["point_colors"], arrays["normals"])
        resolution = int(arrays["resolution"])
        occupancy = np.unpackbits(arrays["occupancy"], count=resolution**3).astype(bool).reshape((resolution,) * 3)
        colors = np.zeros((*occupancy.shape, 3), np.float32)
        colors[occupancy] = arrays["voxel_colors"]
        return VoxelGrid(occupancy, colors, float(arrays["side"]))

    def more(self, form: str) -> dict[str, np.ndarray]:
        """What is known of each point or cell of a form, by name; see MORE."""
        return {name: self._arrays[name] for name in MORE.get(form, {}) if name in self._arrays}


def more_of(shape: Reconstruction, form: str) -> dict[str, np.ndarray]:
    """As `Result.more`, of a reconstruction that is not stored."""
    arrays = {name: getattr(shape, attribute) for name, attribute in MORE.get(form, {}).items()}
    return {name: array for name, array in arrays.items() if array is not None}


def pack(shape: Reconstruction, facts: dict[str, Any], pictures: dict[str, bytes]) -> bytes:
    """The bytes of one result. Colours of empty cells are left out: they are zero, and at 128^3 would take 25 MB."""
    voxels = shape.voxels
    assert voxels.colors is not None
    arrays: dict[str, Any] = {
        "vertices": shape.mesh.vertices,
        "faces": shape.mesh.faces,
        "vertex_colors": shape.mesh.colors,
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
    return content.getvalue()
