"""Optimising a shape itself towards a target, without photo or network: the way to see what a loss does.

The loss, its targets and its score are the representation's own (`representations.py`), the optimizer and its schedule
those of training, so what is seen here is what a network is told there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from shapeshot.errors import UserError
from shapeshot.lab.loading.batches import TrainingObject
from shapeshot.lab.train_config import TrainConfig
from shapeshot.lab.encoders.encoder import Encoder
from shapeshot.lab.model import ModelConfig, SingleViewModel, decoder_name
from shapeshot.lab.optimizers import build_optimizer, lr_factor
from shapeshot.lab.representations import REPRESENTATIONS, level_of
from shapeshot.scores.prediction import Prediction

THRESHOLD = 0.5  # of occupancy: a fit has no validation split to choose another on
WARMUP = 10


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a fit came to.

    shape: its three readings. score: the representation's own against the target. score_name: what that is.
    history: the value of each term of the loss at each step that was made, float64 [steps] by name. interrupted:
    whether it was stopped before `config.max_iter`; the shape is then that of the last whole step.
    """

    config: TrainConfig
    shape: Prediction
    score: float
    score_name: str
    history: dict[str, np.ndarray]
    interrupted: bool = False


def fit_config(
    kind: str,
    *,
    steps: int = 300,
    lr: float = 0.02,
    optimizer: str = "adamw",
    num_points: int = 2000,
    w_chamfer: float = 1.0,
    w_smooth: float = 0.1,
    w_edge: float = 0.0,
    w_normal: float = 0.0,
    chamfer: str = "mean",
    voxel_form: str = "clamped",
    seed: int = 0,
) -> TrainConfig:
    """The settings of a fit as those of a training run. num_points: of the cloud, and of samples on a mesh.

    The terms of the loss are chosen as in TrainConfig. Raises UserError for values out of range and unknown names, and
    ModelError for an unknown kind.
    """
    if steps < 1 or num_points < 1:
        raise UserError(f"a fit needs at least one step and one point; got {steps} and {num_points}")
    weights = {"w_chamfer": w_chamfer, "w_smooth": w_smooth, "w_edge": w_edge, "w_normal": w_normal}
    for name, weight in weights.items():
        if not 0 <= weight < float("inf"):
            raise UserError(f"{name} must be a number that is not negative; got {weight}")
    model = ModelConfig(type=kind, num_points=num_points)
    decoder_name(model)
    return TrainConfig(
        model=model,
        max_iter=steps,
        warmup=min(WARMUP, steps),
        lr=lr,
        encoder_lr=0.0,
        optimizer=optimizer,
        weight_decay=0.0,
        w_chamfer=w_chamfer,
        w_smooth=w_smooth,
        w_edge=w_edge,
        w_normal=w_normal,
        chamfer=chamfer,
        voxel_form=voxel_form,
        num_samples=num_points,
        amp=False,
        seed=seed,
    )


def fit(item: TrainingObject, config: TrainConfig, progress: bool = True) -> FitResult:
    """Fit a shape of `config.model.type` to an object in `config.max_iter` steps; Ctrl-C ends it early.

    Reproducible on a CPU from `config.seed`. Raises UserError where the loss is not finite and EmptyShapeError where
    nothing is left of the shape.
    """
    model, history, interrupted = _optimise(item, config, progress)
    row = REPRESENTATIONS[config.model.type]
    with torch.no_grad():
        output = model.decoder()
        scores = row.score(model, output, row.truth(item))
        threshold = THRESHOLD if row.thresholds else None
        shape = row.shapes(model, output, level_of(threshold))[0]
    score = scores[row.thresholds.index(THRESHOLD)] if row.thresholds else scores[0]
    terms = {name: np.array([values[name] for values in history]) for name in history[0]}
    return FitResult(config, shape, float(score), row.score_name, terms, interrupted)


def _optimise(
    item: TrainingObject, config: TrainConfig, progress: bool
) -> tuple[SingleViewModel, list[dict[str, float]], bool]:
    torch.manual_seed(config.seed)
    row = REPRESENTATIONS[config.model.type]
    model = SingleViewModel(Encoder(), row.free.build(Encoder(), config.model), config.model)
    optimizer = build_optimizer(model, config)
    history: list[dict[str, float]] = []
    whole = _copy(model)  # after the last whole step, which an interrupt in the middle of one goes back to
    try:
        with tqdm(
            range(config.max_iter), desc=f"fitting {config.model.type}", unit="step", disable=not progress
        ) as bar:
            for step in bar:
                terms = _step(model, optimizer, item, config, step)
                bar.set_postfix({name: f"{value:.4g}" for name, value in terms.items()}, refresh=False)
                whole = _copy(model)
                history.append(terms)
    except KeyboardInterrupt:
        if not history:
            raise  # there is nothing to keep
        model.load_state_dict(whole)
        return model, history, True
    return model, history, False


def _step(
    model: SingleViewModel, optimizer: torch.optim.Optimizer, item: TrainingObject, config: TrainConfig, step: int
) -> dict[str, float]:
    row = REPRESENTATIONS[config.model.type]
    rng, generator = np.random.default_rng([config.seed, step]), torch.Generator().manual_seed(config.seed + step)
    arrays = row.target(item, rng, config)
    targets = {name: torch.from_numpy(np.ascontiguousarray(values))[None] for name, values in arrays.items()}
    terms = row.loss(model, model.decoder(), targets, config, generator)
    if not torch.isfinite(terms["loss"]):
        raise UserError(f"the loss is not finite at step {step}; lower --lr or the weights")
    for group in optimizer.param_groups:
        group["lr"] = group["peak_lr"] * lr_factor(step, config)
    optimizer.zero_grad(set_to_none=True)
    terms["loss"].backward()
    optimizer.step()
    return {name: float(value.detach()) for name, value in terms.items()}


def _copy(model: SingleViewModel) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
