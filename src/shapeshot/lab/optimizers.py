"""Optimizers and learning-rate schedules by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import torch

from shapeshot.errors import unknown_name
from shapeshot.lab.model import SingleViewModel

BETAS = (0.9, 0.98)  # a shorter memory of squared gradients than 0.999: runs here are thousands of steps, not millions

Groups = list[dict[str, Any]]


@runtime_checkable
class OptimizerSettings(Protocol):
    """The part of a TrainConfig that is read here; a TrainConfig checks its names against this file's registries."""

    @property
    def optimizer(self) -> str: ...
    @property
    def schedule(self) -> str: ...
    @property
    def lr(self) -> float: ...
    @property
    def encoder_lr(self) -> float: ...
    @property
    def freeze_encoder(self) -> bool: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def warmup(self) -> int: ...
    @property
    def max_iter(self) -> int: ...


def _adamw(groups: Groups, lr: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(groups, lr=lr, betas=BETAS)


def _radam(groups: Groups, lr: float) -> torch.optim.Optimizer:
    # Decoupled, as in AdamW: otherwise the comparison would be of weight decays.
    return torch.optim.RAdam(groups, lr=lr, betas=BETAS, decoupled_weight_decay=True)


# Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (ICLR 2019); Liu et al., "On the Variance of the
# Adaptive Learning Rate and Beyond" (ICLR 2020).
OPTIMIZERS: dict[str, Callable[[Groups, float], torch.optim.Optimizer]] = {"adamw": _adamw, "radam": _radam}


def _constant(progress: float) -> float:
    return 1.0


def _cosine(progress: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * progress))


# Share of the peak at `progress` in [0, 1] after the warm-up. Cosine: SGDR (Loshchilov and Hutter, ICLR 2017) without
# restarts.
SCHEDULES: dict[str, Callable[[float], float]] = {"constant": _constant, "cosine": _cosine}


def build_optimizer(model: SingleViewModel, config: OptimizerSettings) -> torch.optim.Optimizer:
    """Make the optimizer of a run: the encoder has a rate of its own, and biases, norms and embeddings do not decay.

    Those are the parameters of fewer than two dimensions. An encoder rate of 0, or `freeze_encoder`, freezes the
    encoder. Raises UserError for an unknown name.
    """
    if config.optimizer not in OPTIMIZERS:
        raise unknown_name("optimizer", config.optimizer, OPTIMIZERS)
    encoder_lr = 0.0 if config.freeze_encoder else config.encoder_lr
    groups: Groups = []
    for module, peak in ((model.decoder, config.lr), (model.encoder, encoder_lr)):
        if peak == 0:
            module.requires_grad_(False)
            continue
        parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        for decayed in (True, False):
            chosen = [parameter for parameter in parameters if (parameter.ndim >= 2) == decayed]
            if chosen:
                decay = config.weight_decay if decayed else 0.0
                groups.append({"params": chosen, "peak_lr": peak, "weight_decay": decay})
    return OPTIMIZERS[config.optimizer](groups, config.lr)


def lr_factor(step: int, config: OptimizerSettings) -> float:
    """Return the share of the peak rate at a step of a run. Raises UserError for an unknown schedule."""
    return warmed_up(step, config.warmup, config.max_iter, config.schedule)


def warmed_up(step: int, warmup: int, max_iter: int, schedule: str) -> float:
    """Return the share of the peak rate at a step: a linear warm-up to 1, then the schedule. Raises UserError."""
    if schedule not in SCHEDULES:
        raise unknown_name("schedule", schedule, SCHEDULES)
    if step < warmup:
        return (step + 1) / warmup
    return SCHEDULES[schedule](min(1.0, (step - warmup) / max(1, max_iter - warmup)))
