"""Optimising a shape itself towards a target, without photo or network: the way to see what a loss does.

The loss, its targets and its score are the kind's own (`lab/kinds/`), the optimizer and its schedule those of training,
so what is seen here is what a network is told there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor
from tqdm import tqdm

from shapeshot.errors import ModelError, UserError, unknown_name
from shapeshot.lab.configure import config_from_json
from shapeshot.lab.encoders.encoder import Encoder
from shapeshot.lab.kinds import KINDS, level_of
from shapeshot.lab.loading.training_set import TrainingObject
from shapeshot.lab.model import SingleViewModel
from shapeshot.lab.optimizers import build_optimizer, lr_factor
from shapeshot.lab.train_config import TrainConfig
from shapeshot.scores.prediction import Prediction

THRESHOLD = 0.5  # of occupancy: a fit has no validation split to choose another on
WARMUP = 10
NUM_POINTS = 2000


@dataclass(frozen=True, eq=False)
class FitResult:
    """The shape that a fit ended with, and how it got there.

    shape: its three readings. score: the kind's own against the target. score_name: what that is.
    history: the value of each term of the loss at each step that was made, by name. interrupted: whether it was
    stopped before `config.max_iter`; the shape is then that of the last whole step.
    """

    config: TrainConfig
    shape: Prediction
    score: float
    score_name: str
    history: dict[str, Float64[np.ndarray, " steps"]]
    interrupted: bool = False


def fit_config(
    kind: str,
    *,
    steps: int = 300,
    lr: float = 0.02,
    optimizer: str = "adamw",
    num_points: int | None = None,
    seed: int = 0,
    **loss: Any,
) -> TrainConfig:
    """Make the settings of a fit, which are those of a training run of its kind.

    num_points: of the cloud, or of samples on a mesh; 2000 unless given. loss: the kind's own settings of the loss, as
    in its configuration: w_chamfer, w_smooth, w_edge, w_normal, chamfer, voxel_form.
    Raises UserError for values out of range, unknown names and settings of another kind, and ModelError for an unknown
    kind.
    """
    if kind not in KINDS:
        raise unknown_name("type", kind, KINDS, ModelError)
    if not KINDS[kind].fits:
        fitting = ", ".join(name for name, row in KINDS.items() if row.fits)
        raise UserError(f"a {kind} is the shape in the frame of a photo, and a fit has none; choose from {fitting}")
    if steps < 1 or (num_points is not None and num_points < 1):
        raise UserError(f"a fit needs at least one step and one point; got {steps} and {num_points}")
    values: dict[str, Any] = {
        "max_iter": steps,
        "warmup": min(WARMUP, steps),
        "lr": lr,
        "encoder_lr": 0.0,
        "optimizer": optimizer,
        "weight_decay": 0.0,
        "amp": False,
        "seed": seed,
        **loss,
        "model": {"type": kind},
    }
    table, _, name = KINDS[kind].fit_points.rpartition(".")
    if name:
        (values[table] if table else values)[name] = NUM_POINTS if num_points is None else num_points
    elif num_points is not None:
        raise UserError(f"{kind} is not told by points, so there is no number of them to give; leave it out")
    return config_from_json(values)


def fit(item: TrainingObject, config: TrainConfig, progress: bool = True) -> FitResult:
    """Fit a shape of `config.model.type` to an object in `config.max_iter` steps; Ctrl-C ends it early.

    Reproducible on a CPU from `config.seed`. Raises UserError where the loss is not finite and EmptyShapeError where
    nothing is left of the shape.
    """
    model, history, interrupted = _optimise(item, config, progress)
    row = KINDS[config.model.type]
    with torch.no_grad():
        output = model.decoder()
        scores = row.score(model, output, row.truth(item, config.model))
        threshold = THRESHOLD if row.thresholds else None
        shape = row.shapes(model, output, level_of(threshold))[0]
    score = scores[row.thresholds.index(THRESHOLD)] if row.thresholds else scores[0]
    terms = {name: np.array([values[name] for values in history]) for name in history[0]}
    return FitResult(config, shape, float(score), row.score_name, terms, interrupted)


def _optimise(
    item: TrainingObject, config: TrainConfig, progress: bool
) -> tuple[SingleViewModel, list[dict[str, float]], bool]:
    torch.manual_seed(config.seed)
    row = KINDS[config.model.type]
    model = SingleViewModel(Encoder(), row.free(config.model), config.model)
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
    row = KINDS[config.model.type]
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
