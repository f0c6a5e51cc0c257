"""What travels to the GPU machine: chunks of whole objects, and weights in parts.

A chunk is an npz of plain arrays, `objects` rows in all:

    split         int8 [objects], an index into SPLITS
    views         uint8 [bytes], WebP files one after another; view_ends int64 [views]
    view_object   int32 [views], which object each shows; view_room bool [views], whether a room is behind it
    view_camera   float64 [views, 4], azimuth and elevation in degrees, distance, field of view in degrees; NaN where
                  the camera is not known
    solids        uint8 [bytes], zlib of packed bits; solid_ends int64 [objects]
    points        float16 [objects, points, 3] of the surface; colors uint8 [objects, points, 3], sRGB
    resolution    int64 [], cells along each side of a solid
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import load_file, save_file
from torch import Tensor

from shapeshot.errors import UserError
from shapeshot.files import atomic_path, atomic_write

SPLITS = ("train", "val")
CHUNK_BYTES = 60 * 2**20
PART_BYTES = 16 * 2**20
CONFIG, START, STATE = "config.json", "start.safetensors", "state.json"


@dataclass(frozen=True, eq=False)
class Item:
    """One object on its way into a chunk. solid: bool [n, n, n]. rooms: bool [views]. cameras: [views, 4], as above."""

    split: int
    views: tuple[bytes, ...]
    rooms: np.ndarray
    cameras: np.ndarray
    solid: np.ndarray
    points: np.ndarray
    colors: np.ndarray


@dataclass
class ChunkWriter:
    """Collects objects and writes a chunk whenever another object would make it too large."""

    folder: Path
    limit: int = CHUNK_BYTES
    count: int = 0
    _items: list[tuple[Item, bytes]] = field(default_factory=list)
    _bytes: int = 0

    def add(self, item: Item) -> None:
        """Add one object."""
        solid = zlib.compress(np.packbits(item.solid).tobytes(), 9)
        size = sum(map(len, item.views)) + len(solid) + item.points.size * 3 + 64 * (1 + len(item.views))
        if self._items and self._bytes + size > self.limit:
            self.flush()
        self._items.append((item, solid))
        self._bytes += size

    def flush(self) -> None:
        """Write what was collected."""
        if not self._items:
            return
        items, solids = zip(*self._items, strict=True)
        views = [view for item in items for view in item.views]
        with atomic_path(self.folder / _chunk_name(self.count)) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                split=np.array([item.split for item in items], np.int8),
                views=np.frombuffer(b"".join(views), np.uint8),
                view_ends=np.cumsum([len(view) for view in views]),
                view_object=np.repeat(np.arange(len(items), dtype=np.int32), [len(item.views) for item in items]),
                view_room=np.concatenate([item.rooms for item in items]),
                view_camera=np.concatenate([item.cameras for item in items]).astype(np.float64),
                solids=np.frombuffer(b"".join(solids), np.uint8),
                solid_ends=np.cumsum([len(solid) for solid in solids]),
                points=np.stack([item.points for item in items]).astype(np.float16),
                colors=np.stack([item.colors for item in items]),
                resolution=np.int64(items[0].solid.shape[0]),
            )
        self.count += 1
        self._items, self._bytes = [], 0


def turns(paths: Iterable[Path], limit: int) -> list[list[Path]]:
    """Share files out to as few turns as a first fit of the largest finds, each of at most `limit` bytes if it can."""
    rows: list[list[Path]] = []
    for path in sorted(paths, key=lambda path: -path.stat().st_size):
        size = path.stat().st_size
        fits = (row for row in rows if sum(other.stat().st_size for other in row) + size <= limit)
        row = next(fits, None)
        if row is None:
            rows.append([path])
        else:
            row.append(path)
    return rows


def read_config(folder: Path) -> dict[str, Any]:
    """What pack.py told beside the chunks: settings, architecture, and the chunks' names with their bytes.

    Raises UserError where anything stayed behind or is of another pack: a training on that would not say so.
    """
    needed = [CONFIG, START]
    told: dict[str, Any] = {}
    if (folder / CONFIG).is_file():
        told = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        needed += told["chunks"]
    missing = [name for name in needed if not (folder / name).is_file()]
    if missing:
        raise UserError(f"{folder} lacks {', '.join(missing)}; carry all that recipes/gpu/pack.py wrote")
    others = [name for name, size in told["chunks"].items() if (folder / name).stat().st_size != size]
    if others:
        raise UserError(
            f"{', '.join(others)} in {folder} are of another pack; carry all that recipes/gpu/pack.py wrote"
        )
    return told


def chunk_sizes(folder: Path) -> dict[str, int]:
    """The chunks in a folder with their bytes, by name."""
    return {path.name: path.stat().st_size for path in sorted(folder.glob("chunk-*.npz"))}


def read_chunks(folder: Path) -> Iterator[dict[str, np.ndarray]]:
    """The arrays of every chunk that was packed, in order, whatever else lies there; without settings, of all chunks.

    Raises UserError as `read_config`, and where there is no chunk.
    """
    names = read_config(folder)["chunks"] if (folder / CONFIG).is_file() else chunk_sizes(folder)
    if not names:
        raise UserError(f"no chunk in {folder}; pack some with recipes/gpu/pack.py")
    for name in sorted(names):
        with np.load(folder / name, allow_pickle=False) as arrays:
            yield dict(arrays)


def _chunk_name(number: int) -> str:
    return f"chunk-{number:03d}.npz"


def parts(flat: np.ndarray, ends: np.ndarray) -> Iterator[bytes]:
    """The pieces that `ends` divide an array of bytes into."""
    start = 0
    for end in ends:
        yield flat[start:end].tobytes()
        start = int(end)


def write_weights(folder: Path, weights: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Write tensors as `weights-00.safetensors` ... of at most PART_BYTES, and what is known of them, last."""
    rows: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in weights.items():
        count = tensor.numel() * tensor.element_size()
        if rows[-1] and size + count > PART_BYTES - 2**16:  # the header's share
            rows.append({})
            size = 0
        rows[-1][name] = tensor.detach().cpu().contiguous()
        size += count
    for number, row in enumerate(rows):
        with atomic_path(folder / f"weights-{number:02d}.safetensors") as temporary:
            save_file(row, temporary)
    atomic_write(folder / STATE, json.dumps({**state, "parts": len(rows)}, indent=1))


def read_weights(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The inverse of `write_weights`. Raises UserError where a part is missing."""
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
        paths = [folder / f"weights-{number:02d}.safetensors" for number in range(state.pop("parts"))]
        return {name: value for path in paths for name, value in load_file(path).items()}, state
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{folder} does not hold what recipes/gpu/train.py wrote ({error}); carry all of it") from error
