"""The exponential moving average of a network's weights, which is what trainings validate and ship."""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Update average <- decay * average + (1 - decay) * network after `step` steps.

    The decay warms up, so that early averages are not stale. What is counted and not averaged is copied.
    """
    decay = min(decay, (1 + step) / (10 + step))
    own, averaged = network.state_dict(), average.state_dict()
    floats = [name for name, value in averaged.items() if value.is_floating_point()]
    torch._foreach_lerp_([averaged[name] for name in floats], [own[name] for name in floats], 1 - decay)
    for name in averaged.keys() - set(floats):
        averaged[name].copy_(own[name])
