"""What each kind of model that the kit trains is told of a batch, and what validation compares it with.

The losses and scores are the kinds' own (`lab/kinds/`); to add a kind, add a row to SUPERVISIONS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from device_crops import Crops
from device_data import DeviceData, queries
from device_views import Frusta, frustum_occupancy, pack_bits, view_targets
from torch import Tensor


@dataclass(frozen=True)
class Sampled:
    """Objects of a batch, a view of each, and whether it is mirrored, [batch] each."""

    objects: Tensor
    views: Tensor
    mirrored: Tensor


@dataclass(frozen=True)
class Supervision:
    """targets: of a batch, as the kind's loss takes them. truth: of some views of one object, as its score does.

    resolution: of the solids that it needs. needs_cameras: whether views without one are of no use.
    """

    targets: Callable[[DeviceData, Sampled, Crops, Any, torch.Generator], dict[str, Tensor]]
    truth: Callable[[DeviceData, Sampled, Crops, Any], Tensor]
    resolution: int
    needs_cameras: bool = False


def sampled(data: DeviceData, batch_size: int, generator: torch.Generator) -> Iterator[Sampled]:
    """Endless batches: objects in a fresh order each epoch, a random view of each, half of them in the mirror."""
    device = data.device
    waiting = torch.zeros(0, dtype=torch.long, device=device)
    while True:
        while len(waiting) < batch_size:
            waiting = torch.cat([waiting, torch.randperm(len(data), generator=generator, device=device)])
        objects, waiting = waiting[:batch_size], waiting[batch_size:]
        share = torch.rand(batch_size, generator=generator, device=device)
        views = data.first_view[objects] + (share * data.num_views[objects]).long()
        yield Sampled(objects, views, torch.rand(batch_size, generator=generator, device=device) < 0.5)


def views_of(data: DeviceData, index: int, most: int) -> Sampled:
    """The first views of one object, as they are."""
    views = data.first_view[index] + torch.arange(min(int(data.num_views[index]), most), device=data.device)
    return Sampled(torch.full_like(views, index), views, torch.zeros_like(views, dtype=torch.bool))


def _field_targets(
    data: DeviceData, batch: Sampled, cut: Crops, config: Any, generator: torch.Generator
) -> dict[str, Tensor]:
    return queries(data, batch.objects, batch.mirrored, config.num_queries, generator)


def _field_truth(data: DeviceData, batch: Sampled, cut: Crops, config: Any) -> Tensor:
    """The solid at 32^3: a cell is inside where at least half of it is, as `downsample_occupancy` has it."""
    solid = data.solids(batch.objects[:1])[0]
    step = solid.shape[0] // 32
    return solid.float().reshape(32, step, 32, step, 32, step).mean(dim=(1, 3, 5)) >= 0.5


def _view_targets(
    data: DeviceData, batch: Sampled, cut: Crops, config: Any, generator: torch.Generator
) -> dict[str, Tensor]:
    return view_targets(data, batch.objects, batch.views, cut, config, generator)


def _view_truth(data: DeviceData, batch: Sampled, cut: Crops, config: Any) -> Tensor:
    frusta = Frusta.of(data, batch.views, cut.frames)
    occupancy, _ = frustum_occupancy(data, batch.objects, frusta, cut.cover, config.model.depths)
    return pack_bits(occupancy.permute(0, 2, 3, 1))


SUPERVISIONS = {
    "field": Supervision(_field_targets, _field_truth, resolution=64),
    "view": Supervision(_view_targets, _view_truth, resolution=128, needs_cameras=True),
}
