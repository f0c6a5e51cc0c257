"""What a model remembers of the objects that it was trained on: outlines beside shapes, consulted for every photo.

Nearest-neighbour interpolation, after Khandelwal et al., "Generalization through Memorization: Nearest Neighbor
Language Models" (ICLR 2020): the network's probability is averaged with that of the remembered shapes whose outlines
look most like the photo's. A small network blurs what it has seen; its memory does less, as the mean of shapes
is sharpened.

`memory.npz` in the model's folder, written by `shapeshot remember`; arrays alone, nothing in it is executed.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from shapeshot.errors import ModelError

MEMORY_FILE = "memory.npz"
VERSION = 3
RESOLUTION = 32  # cells of a remembered shape along each side
UNIT = 127  # of a component of a key: a cosine is exact to 1e-2, and its bytes are a quarter of a float's
# Small enough that OpenBLAS multiplies a photo's outlines with so many keys in one thread. With all of them it takes
# every core, and photos that are at work at the same time wait for each other: a server of two threads lost a quarter.
KEYS_PER_BLOCK = 2048
BLUR = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)  # binomial: nearly a Gaussian with a deviation of one cell
# Probabilities stay this far from 0 and 1: sharpening drives many to certainty, and some of those are wrong. Less than
# the lowest threshold that a user may set, so that empty space stays empty.
CERTAINTY = 5e-4


@dataclass(frozen=True, eq=False)
class ShapeMemory:
    """center float32 [pixels], basis float32 [pixels, directions]: principal components of the remembered outlines.

    keys: int8 [views, directions], unit vectors in steps of 1 / UNIT (`pack_keys`).
    first_views: int64 [objects], where each object's views begin.
    packed, ends: uint8 [bytes], int64 [objects]: each object's occupancy at 32^3, as bits, deflated, and where it ends.
    weight: of the memory in the average, in [0, 1). temperature: of cosines. neighbors: how many shapes are averaged.
    sharpening: how many times what a blur takes from their average is added to it.
    """

    center: np.ndarray
    basis: np.ndarray
    keys: np.ndarray
    first_views: np.ndarray
    packed: np.ndarray
    ends: np.ndarray
    weight: float
    temperature: float
    neighbors: int
    sharpening: float

    def recall(self, outline: np.ndarray) -> np.ndarray:
        """Occupancy float32 [32, 32, 32] of what had such an outline: outline float32 [side, side] in 0..1.

        Each object counts by its most similar view, as it is and in the mirror, softly by its cosine. Legs that stand a
        cell apart from shape to shape are faint in the average; sharpened, they are not, at the price of values that
        reach beyond 0..1.
        """
        cosines = self.cosines(np.stack([outline, outline[:, ::-1]])).ravel()
        count = min(self.neighbors, len(cosines))
        nearest = np.argpartition(-cosines, count - 1)[:count]
        chosen = nearest[np.lexsort((nearest, -cosines[nearest]))]
        values = cosines[chosen]
        shares = np.exp((values - values[0]) / self.temperature)
        recalled = np.zeros((RESOLUTION,) * 3, np.float32)
        for place, share in zip(chosen, shares / shares.sum(), strict=True):
            mirrored, index = divmod(int(place), len(self.ends))
            shape = self.shape(index)
            recalled += np.float32(share) * (shape[::-1] if mirrored else shape)
        return sharpened(recalled, self.sharpening)

    def shape(self, index: int) -> np.ndarray:
        """The occupancy of object `index`, bool [32, 32, 32]. Raises ModelError where its bytes are damaged."""
        start = int(self.ends[index - 1]) if index else 0
        try:
            deflated = self.packed[start : int(self.ends[index])].tobytes()
            bits = zlib.decompressobj().decompress(deflated, RESOLUTION**3 // 8 + 1)  # no more, whatever it holds
            return np.unpackbits(np.frombuffer(bits, np.uint8)).reshape((RESOLUTION,) * 3).astype(bool)
        except (zlib.error, ValueError) as error:
            raise ModelError(f"{MEMORY_FILE} is damaged ({error}); export the model again") from None

    def joined(self, logits: np.ndarray, recalled: np.ndarray) -> np.ndarray:
        """Logits float32 [...] of the mean of the network's probabilities and what was recalled, of the same shape."""
        probabilities = (1 + np.tanh(logits / 2)) / 2  # the sigmoid, without overflow
        mixed = (1 - self.weight) * probabilities + self.weight * recalled
        mixed = np.clip(mixed, CERTAINTY, 1 - CERTAINTY)
        return np.log(mixed / (1 - mixed)).astype(np.float32)

    def cosines(self, outlines: np.ndarray) -> np.ndarray:
        """The greatest cosine of any of an object's views, float32 [n, objects], with outlines [n, side, side]."""
        directions = (outlines.reshape(len(outlines), -1) - self.center) @ self.basis
        directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
        blocks = (self._keys[start : start + KEYS_PER_BLOCK] for start in range(0, len(self._keys), KEYS_PER_BLOCK))
        products = np.concatenate([directions @ block.T for block in blocks], axis=1)
        return np.maximum.reduceat(products, self.first_views, axis=1) / UNIT

    @cached_property
    def _keys(self) -> np.ndarray:
        return self.keys.astype(np.float32)  # products of bytes are slow

    def encode(self) -> bytes:
        """An npz of plain arrays; the same memory gives the same bytes."""
        arrays: dict[str, Any] = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        buffer = io.BytesIO()
        np.savez(buffer, version=np.int64(VERSION), **arrays)  # members are dated 1980, so no clock gets in
        return buffer.getvalue()

    @classmethod
    def decode(cls, content: bytes) -> ShapeMemory:
        """The inverse of `encode`. Raises ModelError where it is damaged, does not fit together or is newer."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            version = int(arrays.pop("version"))
            if version == VERSION:
                numbers = {name: arrays.pop(name).item() for name in ("weight", "temperature", "neighbors")}
                memory = cls(**arrays, **numbers)
                memory._check()
                return memory
        except Exception as error:  # zipfile, zlib and numpy raise half a dozen unrelated types on damaged bytes
            raise ModelError(f"{MEMORY_FILE} cannot be read ({error}); export the model again") from None
        raise ModelError(f"{MEMORY_FILE} has version {version}, not {VERSION}; export the model with this shapeshot")

    def _check(self) -> None:
        views, directions = self.keys.shape
        starts, ends = self.first_views, np.asarray(self.ends)
        sound = (
            self.keys.dtype == np.int8
            and self.basis.shape == (*self.center.shape, directions)
            and len(starts) == len(ends) > 0
            and starts[0] == 0
            and (np.diff([*starts, views]) > 0).all()
            and (np.diff([0, *ends]) > 0).all()
            and ends[-1] == len(self.packed)
            and 0 <= self.weight < 1
            and self.temperature > 0
            and self.neighbors > 0
            and self.sharpening >= 0
        )
        if not sound:
            raise ModelError("its arrays do not fit together")


def pack_shapes(occupancies: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """`packed` and `ends` of a memory of these occupancies, bool [32, 32, 32] each."""
    parts = [zlib.compress(np.packbits(occupancy).tobytes(), 9) for occupancy in occupancies]
    return np.frombuffer(b"".join(parts), np.uint8), np.cumsum([len(part) for part in parts])


def pack_keys(vectors: np.ndarray) -> np.ndarray:
    """`keys` of a memory, int8 [views, directions], of vectors float [views, directions] of any length."""
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return np.round(vectors / lengths * UNIT).astype(np.int8)


def sharpened(volume: np.ndarray, amount: float) -> np.ndarray:
    """A volume float32 [n, n, n] and `amount` times what `BLUR` takes from it: an unsharp mask in three dimensions.

    Beyond the outermost cells it is taken to go on as it ends.
    """
    blurred, reach = volume, len(BLUR) // 2
    for axis, count in enumerate(volume.shape):
        padded = np.pad(blurred, [(reach, reach) if other == axis else (0, 0) for other in range(3)], mode="edge")
        taps = (np.float32(share) * padded.take(range(at, at + count), axis) for at, share in enumerate(BLUR))
        blurred = sum(taps, np.zeros_like(volume))
    return volume + np.float32(amount) * (volume - blurred)


def sample_axes(volume: np.ndarray, xs: np.ndarray, ys: np.ndarray, zs: np.ndarray) -> np.ndarray:
    """A volume [n, n, n] over the canonical cube where the coordinates xs [x], ys [y], zs [z] cross: [x, y, z].

    Linear between the centres of cells along each axis, constant beyond the outermost. Element by element, so that a
    value does not depend, to the bit, on what else is asked for.
    """
    for axis, coordinates in enumerate((xs, ys, zs)):
        count = volume.shape[axis]
        cells = np.clip((np.asarray(coordinates, np.float32) + 0.5) * count - 0.5, 0, count - 1)
        lower = np.minimum(cells.astype(np.int64), count - 2)
        share = (cells - lower).reshape([-1 if other == axis else 1 for other in range(3)])
        low, high = volume.take(lower, axis), volume.take(lower + 1, axis)
        volume = low + (high - low) * share
    return volume
