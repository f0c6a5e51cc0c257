"""A model at run time: photos in, what it sees of them out. A model folder holds it, see `model.folder`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.errors import ModelError
from shapeshot.model.field import logit
from shapeshot.model.folder import FORMAT, HEADS_FILE, MEMORY_FILE, VIEW_FORMAT, ModelFolder
from shapeshot.model.heads import Heads
from shapeshot.model.memory import ShapeMemory
from shapeshot.model.network import Network
from shapeshot.model.registry import find_model
from shapeshot.model.seen import Seen
from shapeshot.model.view_network import ViewNetwork
from shapeshot.photo import Box, PreparedPhoto
from shapeshot.photo.crop import SILHOUETTE_SIZE

if TYPE_CHECKING:
    from jaxtyping import Float32, UInt8

    from shapeshot.model.reading import Reading


NETWORKS: dict[str, type[Network] | type[ViewNetwork]] = {FORMAT: Network, VIEW_FORMAT: ViewNetwork}


class FieldModel:
    """A loaded model. Sessions start when first needed; one object may serve many photos and threads."""

    def __init__(self, folder: ModelFolder, num_threads: int | None = None, optimize: bool = False) -> None:
        """Use `load`. num_threads: of one run; None is one for each core. optimize: see `load`."""
        self.folder, self._num_threads, self._optimize = folder, num_threads, optimize
        network = NETWORKS[folder.card["format"]]
        self._network = network(folder.path, self.image_size, num_threads, optimize)

    @classmethod
    def load(
        cls,
        model: str | PathLike[str] | None = None,
        *,
        num_threads: int | None = None,
        verify: bool = True,
        optimize: bool = False,
    ) -> FieldModel:
        """Load a model by its name or from its folder; None is the one that ships with shapeshot.

        verify: compare each file with the card's SHA-256, which takes about 20 ms.
        optimize: fuse and lay out the graphs for this processor: a start takes some 35 ms longer and a photo's encoding
            a third less. Logits differ by rounding, about 1e-5. For many photos.
        Raises ModelError where the name is unknown, or the folder, its card or a file is missing, broken, altered or
        of another version.
        """
        return cls(ModelFolder.open(find_model(model), verify=verify), num_threads, optimize)

    def optimized(self) -> FieldModel:
        """The same model, loaded with `optimize`, for many photos."""
        return self if self._optimize else self._copy(FieldModel(self.folder, self._num_threads, optimize=True))

    def with_heads(self, heads: Heads) -> FieldModel:
        """The same network with other heads on top of it."""
        other = self._copy(FieldModel(self.folder, self._num_threads, self._optimize))
        other._network, other.heads = self._network, heads
        return other

    def with_memory(self, memory: ShapeMemory | None) -> FieldModel:
        """The same network with another memory, or with none."""
        other = self._copy(FieldModel(self.folder, self._num_threads, self._optimize))
        other._network, other.memory = self._network, memory
        return other

    def _copy(self, other: FieldModel) -> FieldModel:
        """Give another object of this model the heads and the memory that were read or set here."""
        other.__dict__.update({name: self.__dict__[name] for name in ("heads", "memory") if name in self.__dict__})
        return other

    @property
    def card(self) -> dict[str, Any]:
        """What the model says of itself: training, scores, licence; see docs/model-card.md."""
        return self.folder.card

    @property
    def name(self) -> str:
        """The model's name on its card."""
        return self.folder.name

    @property
    def image_size(self) -> int:
        """Side of the square crop that the model sees, pixels."""
        return int(self.card["image_size"])

    @property
    def threshold(self) -> float:
        """The occupancy probability of the surface, fixed on the validation split."""
        return float(self.card["threshold"])

    @property
    def level(self) -> float:
        """The model's threshold as a logit: a cell whose logit is above it is inside."""
        return logit(self.threshold)

    @cached_property
    def heads(self) -> Heads:
        """What `shapeshot calibrate` fitted on top of the model; without parts where the card lists no heads."""
        return Heads.decode(self.folder.read(HEADS_FILE)) if HEADS_FILE in self.folder.files else Heads()

    @cached_property
    def memory(self) -> ShapeMemory | None:
        """What `shapeshot remember` gave the model of its training objects; None where the card lists no memory."""
        return ShapeMemory.decode(self.folder.read(MEMORY_FILE)) if MEMORY_FILE in self.folder.files else None

    def see(self, photo: PreparedPhoto) -> Seen:
        """Look at one photo: one run of the encoder. Raises ModelError for a crop of another size."""
        return self.see_batch([photo])[0]

    def see_batch(self, photos: Sequence[PreparedPhoto]) -> list[Seen]:
        """Look at several photos in one run of the encoder."""
        if not photos:
            return []
        return [
            Seen(photo, reading, features, self.heads, self.threshold)
            for photo, (reading, features) in zip(photos, self._read(photos), strict=True)
        ]

    def _read(
        self, photos: Sequence[PreparedPhoto]
    ) -> Sequence[tuple[Reading, Float32[np.ndarray, " features"] | None]]:
        return self._network.read(_stacked(photos), photos, self.level, self.memory)

    def warm_up(self) -> None:
        """Start all sessions and read all files now, not for the first photo. Raises ModelError where one is broken."""
        size = self.image_size
        silhouette = np.zeros((SILHOUETTE_SIZE,) * 2, np.float32)
        seen = self.see(PreparedPhoto(np.zeros((size, size, 3), np.uint8), Box(0.0, 0.0, 1.0), "keep", silhouette))
        seen.field(8)
        seen.colors_at(np.zeros((1, 3), np.float32))


def _stacked(photos: Sequence[PreparedPhoto]) -> UInt8[np.ndarray, "batch size size 3"]:
    pixels = [np.asarray(photo.pixels) for photo in photos]
    if len({one.shape for one in pixels}) > 1:
        raise ModelError(f"photos of one batch must be of one size; got {sorted({one.shape for one in pixels})}")
    return np.stack(pixels)


def load_model(model: str | PathLike[str] | None = None) -> FieldModel:
    """The model of a name or in a folder, or the shipped one, which is loaded once a process. Raises ModelError."""
    return _shipped_model() if model is None else FieldModel.load(model)


@lru_cache(maxsize=1)
def _shipped_model() -> FieldModel:
    return FieldModel.load()
