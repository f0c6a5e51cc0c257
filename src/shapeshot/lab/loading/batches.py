"""From datasets to training batches. A batch depends on (seed, step) alone, so a resumed run continues exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor
from torch.utils.data import Dataset as TorchDataset

from shapeshot.data.augment import (
    AugmentOptions,
    Framing,
    disturbed_crop,
    draw_framing,
    found_by_finder,
    plain_crop,
)
from shapeshot.data.shards import decode_view
from shapeshot.lab.encoders.encoder import EncoderOutput
from shapeshot.lab.loading.training_set import Arrays, TrainingObject


@dataclass(frozen=True, eq=False)
class Batch:
    """One step's examples. inputs: pixels uint8 [batch, 3, size, size], or what a frozen encoder saw."""

    inputs: Tensor | EncoderOutput
    targets: dict[str, Tensor]
    ids: tuple[str, ...]

    def to(self, device: torch.device) -> Batch:
        """Copy the batch to a device."""
        inputs = self.inputs
        moved = (
            EncoderOutput(inputs.tokens.to(device), inputs.pooled.to(device))
            if isinstance(inputs, EncoderOutput)
            else None
        )
        targets = {name: value.to(device) for name, value in self.targets.items()}
        return Batch(inputs.to(device) if isinstance(inputs, Tensor) else moved, targets, self.ids)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Shot:
    """Which view of an object an example shows, and how it was framed: None for the runtime's own crop.

    turned: the view, decoded, with the finder's mask where it was shown so, and turned by the framing's roll, where
    that was done already.
    """

    view: int
    mirrored: bool
    framing: Framing | None = None
    turned: UInt8[np.ndarray, "height width 4"] | None = None


@runtime_checkable
class Inputs(Protocol):
    """A source of what the model is shown of one view: named parts of an EncoderOutput, or "pixels"."""

    def example(self, index: int, view: int, mirrored: bool, rng: np.random.Generator) -> tuple[Arrays, Shot]:
        """Return what the model is shown of object `index`, without a batch axis, and how that was taken."""
        ...


class AugmentedViews:
    """Disturbed crops, decoded when they are asked for: {"pixels": uint8 [3, size, size]}."""

    def __init__(self, objects: Sequence[TrainingObject], size: int, augment: AugmentOptions) -> None:
        self.objects, self.size, self.augment = objects, size, augment

    def example(self, index: int, view: int, mirrored: bool, rng: np.random.Generator) -> tuple[Arrays, Shot]:
        item = self.objects[index]
        picture = decode_view(item.views[view])
        if self.augment.finder and item.rooms and item.rooms[view] and rng.random() < self.augment.finder:
            picture = found_by_finder(picture)
        turned, framing = draw_framing(picture, rng, self.augment)
        pixels = disturbed_crop(turned, framing.box, self.size, rng, self.augment)
        pixels = pixels[:, ::-1] if mirrored else pixels
        return {"pixels": np.ascontiguousarray(pixels.transpose(2, 0, 1))}, Shot(view, mirrored, framing, turned)


@dataclass(frozen=True, eq=False)
class Examples:
    """How one example of a batch is made. targets: (object, shot, generator) -> the kind's arrays."""

    objects: Sequence[TrainingObject]
    inputs: Inputs
    targets: Callable[[TrainingObject, Shot, np.random.Generator], Arrays]

    def __call__(self, index: int, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
        """Make (inputs, targets) of a random view of object `index`, half of the time in the mirror."""
        item = self.objects[index]
        mirrored, view = bool(rng.random() < 0.5), int(rng.integers(len(item.views)))
        inputs, shot = self.inputs.example(index, view, mirrored, rng)
        return inputs, self.targets(item, shot, rng)


class StepBatches(TorchDataset[Batch]):
    """A dataset whose item `step` is the whole batch of that step: a map from (seed, step), with nothing to remember.

    rank, world: of several processes; each makes every `world`-th example of the same batch.
    """

    def __init__(self, examples: Examples, batch_size: int, seed: int, rank: int = 0, world: int = 1) -> None:
        self.examples, self.batch_size, self.seed = examples, batch_size, seed
        self.rank, self.world = rank, world

    def __getitem__(self, step: int) -> Batch:
        chosen = list(enumerate(self._objects_of(step)))[self.rank :: self.world]
        made = [self.examples(index, np.random.default_rng([self.seed, 2, step, slot])) for slot, index in chosen]
        inputs, targets = (_stack([example[part] for example in made]) for part in range(2))
        ids = tuple(self.examples.objects[index].id for _, index in chosen)
        pixels = inputs.get("pixels")
        return Batch(EncoderOutput(inputs["tokens"], inputs["pooled"]) if pixels is None else pixels, targets, ids)

    def _objects_of(self, step: int) -> list[int]:
        """Choose the objects of a step: a window of an endless order, which is a fresh one in each epoch."""
        count = len(self.examples.objects)
        places = [divmod(position, count) for position in range(step * self.batch_size, (step + 1) * self.batch_size)]
        orders = {epoch: self._order(epoch) for epoch, _ in places}
        return [int(orders[epoch][place]) for epoch, place in places]

    def _order(self, epoch: int) -> Int64[np.ndarray, " objects"]:
        return np.random.default_rng([self.seed, 1, epoch]).permutation(len(self.examples.objects))


def _stack(rows: Sequence[Arrays]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.stack([row[name] for row in rows])) for name in rows[0]}


def plain_pixels(views: Sequence[bytes], size: int) -> UInt8[Tensor, "views 3 {size} {size}"]:
    """Crop encoded views without augmentation."""
    crops = np.stack([plain_crop(decode_view(view), size) for view in views])
    return torch.from_numpy(crops).permute(0, 3, 1, 2).contiguous()
