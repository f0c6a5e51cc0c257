"""What a model remembers of the objects that it was trained on: silhouettes beside shapes, consulted for every photo.

Nearest-neighbour interpolation, after Khandelwal et al., "Generalization through Memorization: Nearest Neighbor
Language Models" (ICLR 2020): the network's probability is averaged with that of the remembered shapes whose silhouettes
look most like the photo's. A small network blurs what it has seen; its memory does less, as the mean of shapes
is sharpened.

`memory.npz` in the model's folder, written by `shapeshot remember`; arrays alone, nothing in it is executed.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.errors import ModelError
from shapeshot.model.arrays import number, pack, require_array, require_number, unpack
from shapeshot.model.field import sigmoid
from shapeshot.model.folder import MEMORY_FILE

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float32, Int8, Int64, Shaped, UInt8

VERSION = 4
RESOLUTION = 32  # cells of a remembered shape along each side
UNIT = 127  # of a component of a key: a cosine is exact to 1e-2, and its bytes are a quarter of a float's
# Small enough that OpenBLAS multiplies a photo's silhouettes with so many keys in one thread. With all of them it takes
# every core, and photos that are at work at the same time wait for each other: a server of two threads lost a quarter.
KEYS_PER_BLOCK = 2048
BLUR = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)  # binomial: nearly a Gaussian with a deviation of one cell
# Probabilities stay this far from 0 and 1: sharpening drives many to certainty, and some of those are wrong. Less than
# the lowest threshold that a user may set, so that empty space stays empty.
CERTAINTY = 5e-4
# Files of version 3 do not say what they are read by; it was this.
EARLIER_VERSION = 3
EARLIER_VALUES: Mapping[str, Any] = {
    "resolution": 32,
    "unit": 127,
    "blur": (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16),
    "certainty": 5e-4,
}


@dataclass(frozen=True, eq=False)
class ShapeMemory:
    """Objects by their silhouettes, and all that they are read by; none of it is known to the code alone.

    center, basis: principal components of the remembered silhouettes. keys: unit vectors in steps of 1 / unit
    (`pack_keys`). first_views: where each object's views begin. packed, ends: each object's occupancy at resolution^3,
    as bits, deflated, and where it ends.
    weight: of the memory in the average, in [0, 1). temperature: of cosines. neighbors: how many shapes are averaged.
    sharpening: how many times what a blur takes from their average is added to it; blur: its weights along each axis.
    certainty: how far probabilities stay from 0 and 1 once joined.
    """

    center: Float32[np.ndarray, " pixels"]
    basis: Float32[np.ndarray, "pixels directions"]
    keys: Int8[np.ndarray, "views directions"]
    first_views: Int64[np.ndarray, " objects"]
    packed: UInt8[np.ndarray, " bytes"]
    ends: Int64[np.ndarray, " objects"]
    weight: float
    temperature: float
    neighbors: int
    sharpening: float
    resolution: int = RESOLUTION
    unit: int = UNIT
    blur: tuple[float, ...] = BLUR
    certainty: float = CERTAINTY

    def recall(self, silhouette: Float[np.ndarray, "side side"]) -> Float32[np.ndarray, "n n n"]:
        """Occupancy of what had such a silhouette.

        silhouette: how much of each part of the crop is covered, 0..1.
        Each object counts by its most similar view, as it is and in the mirror, softly by its cosine. Legs that stand a
        cell apart from shape to shape are faint in the average; sharpened, they are not, at the price of values that
        reach beyond 0..1.
        """
        cosines = self.cosines(np.stack([silhouette, silhouette[:, ::-1]])).ravel()
        count = min(self.neighbors, len(cosines))
        nearest = np.argpartition(-cosines, count - 1)[:count]
        chosen = nearest[np.lexsort((nearest, -cosines[nearest]))]
        values = cosines[chosen]
        shares = np.exp((values - values[0]) / self.temperature)
        recalled = np.zeros((self.resolution,) * 3, np.float32)
        for place, share in zip(chosen, shares / shares.sum(), strict=True):
            mirrored, index = divmod(int(place), len(self.ends))
            shape = self.shape(index)
            recalled += np.float32(share) * (shape[::-1] if mirrored else shape)
        return sharpened(recalled, self.sharpening, self.blur)

    def shape(self, index: int) -> Bool[np.ndarray, "n n n"]:
        """The occupancy of object `index`. Raises ModelError where its bytes are damaged."""
        start = int(self.ends[index - 1]) if index else 0
        try:
            deflated = self.packed[start : int(self.ends[index])].tobytes()
            bits = zlib.decompressobj().decompress(deflated, self.resolution**3 // 8 + 1)  # no more, whatever it holds
            return np.unpackbits(np.frombuffer(bits, np.uint8)).reshape((self.resolution,) * 3).astype(bool)
        except (zlib.error, ValueError) as error:
            raise ModelError(f"{MEMORY_FILE} is damaged ({error}); export the model again") from None

    def joined(
        self, logits: Float32[np.ndarray, "*shape"], recalled: Float[np.ndarray, "*shape"]
    ) -> Float32[np.ndarray, "*shape"]:
        """Average the network's probabilities with what was recalled, weighted; returns the logits of the mean."""
        mixed = (1 - self.weight) * sigmoid(logits) + self.weight * recalled
        mixed = np.clip(mixed, self.certainty, 1 - self.certainty)
        return np.log(mixed / (1 - mixed)).astype(np.float32)

    def cosines(self, silhouettes: Float[np.ndarray, "n side side"]) -> Float[np.ndarray, "n objects"]:
        """The greatest cosine of any of an object's views with each silhouette. Raises ModelError for another size."""
        if silhouettes[0].size != len(self.center):
            raise ModelError(f"{MEMORY_FILE} knows silhouettes of {len(self.center)} pixels; got {silhouettes[0].size}")
        directions = (silhouettes.reshape(len(silhouettes), -1) - self.center) @ self.basis
        directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
        blocks = (self._keys[start : start + KEYS_PER_BLOCK] for start in range(0, len(self._keys), KEYS_PER_BLOCK))
        products = np.concatenate([directions @ block.T for block in blocks], axis=1)
        return np.maximum.reduceat(products, self.first_views, axis=1) / self.unit

    @cached_property
    def _keys(self) -> Float32[np.ndarray, "views directions"]:
        return self.keys.astype(np.float32)  # products of bytes are slow

    def encode(self) -> bytes:
        """An npz of plain arrays; the same memory gives the same bytes."""
        return pack({"version": np.int64(VERSION)} | {entry.name: getattr(self, entry.name) for entry in fields(self)})

    @classmethod
    def decode(cls, content: bytes) -> ShapeMemory:
        """The inverse of `encode`. Raises ModelError where it is damaged, does not fit together or is newer."""
        arrays = unpack(content, MEMORY_FILE, "export the model again")
        try:
            version = number(arrays.pop("version"))
            if version in (VERSION, EARLIER_VERSION):
                earlier: Mapping[str, Any] = EARLIER_VALUES if version == EARLIER_VERSION else {}
                memory = cls(**{**_values(arrays), **earlier})
                memory._check()
                return memory
        except (ModelError, KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{MEMORY_FILE} cannot be read ({error}); export the model again") from None
        raise ModelError(f"{MEMORY_FILE} has version {version}, not {VERSION}; export the model with this shapeshot")

    def _check(self) -> None:
        """ModelError unless all parts are what they must be, and fit together."""
        require_array("center", self.center, "f", (None,))
        require_array("basis", self.basis, "f", (len(self.center), None))
        require_array("keys", self.keys, "i", (None, self.basis.shape[1]))
        require_array("first_views", self.first_views, "i", (None,))
        require_array("packed", self.packed, "u", (None,))
        require_array("ends", self.ends, "i", (len(self.first_views),))
        for name, low, high in _RANGES:
            require_number(name, getattr(self, name), low, high)
        starts, ends, views = self.first_views, self.ends, len(self.keys)
        sound = (
            self.keys.dtype == np.int8
            and self.packed.dtype == np.uint8
            and len(starts) > 0
            and starts[0] == 0
            and (np.diff([*starts, views]) > 0).all()
            and (np.diff([0, *ends]) > 0).all()
            and ends[-1] == len(self.packed)
            and isinstance(self.neighbors, int)
            and isinstance(self.resolution, int)
            and len(self.blur) % 2 == 1
            and np.isfinite(self.blur).all()
        )
        if not sound:
            raise ModelError("its arrays do not fit together")


# Numbers of a memory, and what they lie between.
_RANGES = (
    ("weight", -1e-9, 1.0),
    ("temperature", 0.0, np.inf),
    ("neighbors", 0, 2**31),
    ("sharpening", -1e-9, np.inf),
    ("resolution", 1, 257),
    ("unit", 0, 128),
    ("certainty", 0.0, 0.5),
)
_ARRAYS = frozenset(("center", "basis", "keys", "first_views", "packed", "ends"))


def _values(arrays: dict[str, Shaped[np.ndarray, " ..."]]) -> dict[str, Any]:
    """The fields of a memory from a file's arrays: some as they are, the others as numbers."""
    values: dict[str, Any] = {name: arrays[name] for name in arrays if name in _ARRAYS}
    if "blur" in arrays:
        require_array("blur", arrays["blur"], "f", (None,))
        values["blur"] = tuple(arrays["blur"].tolist())
    return values | {name: number(array) for name, array in arrays.items() if name not in _ARRAYS and name != "blur"}


def pack_shapes(
    occupancies: Sequence[Bool[np.ndarray, "n n n"]],
) -> tuple[UInt8[np.ndarray, " bytes"], Int64[np.ndarray, " objects"]]:
    """Pack occupancies as a memory stores them: its `packed` and its `ends`."""
    parts = [zlib.compress(np.packbits(occupancy).tobytes(), 9) for occupancy in occupancies]
    return np.frombuffer(b"".join(parts), np.uint8), np.cumsum([len(part) for part in parts])


def pack_keys(vectors: Float[np.ndarray, "views directions"]) -> Int8[np.ndarray, "views directions"]:
    """Round vectors of any length to the unit vectors that a memory stores as its `keys`."""
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    keys: np.ndarray = np.round(vectors / lengths * UNIT).astype(np.int8)
    return keys


def sharpened(
    volume: Float32[np.ndarray, "n n n"], amount: float, blur: Sequence[float] = BLUR
) -> Float32[np.ndarray, "n n n"]:
    """A volume and `amount` times what a blur takes from it: an unsharp mask in three dimensions.

    blur: an odd number of weights along each axis. Beyond the outermost cells the volume is taken to go on as it ends.
    """
    blurred, reach = volume, len(blur) // 2
    for axis, count in enumerate(volume.shape):
        padded = np.pad(blurred, [(reach, reach) if other == axis else (0, 0) for other in range(3)], mode="edge")
        taps = (np.float32(share) * padded.take(range(at, at + count), axis) for at, share in enumerate(blur))
        blurred = sum(taps, np.zeros_like(volume))
    sharper: np.ndarray = volume + np.float32(amount) * (volume - blurred)
    return sharper
