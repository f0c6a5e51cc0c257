"""The settings of a training run that do not depend on what kind of output is trained.

Each kind adds its own in `lab/kinds/`; `lab/configure.py` makes the right class from flags, files and checkpoints.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from shapeshot.data.augment import AugmentOptions
from shapeshot.lab.model import ModelConfig
from shapeshot.lab.optimizers import OPTIMIZERS, SCHEDULES
from shapeshot.lab.settings import Bounds, Names, check
from shapeshot.lab.trackers import TRACKERS

MAX_STEPS = 10**9
MAX_SEED = 2**31 - 1  # with it, `Run` still makes a 64-bit seed for each step and process
MAX_WORKERS = 256


@dataclass(frozen=True)
class TrainConfig:
    """Everything that determines a training run; `--name VALUE` on the command line."""

    data: tuple[str, ...] = ()
    """Folders of datasets; their train splits are joined, their val splits validate."""
    model: ModelConfig = field(default_factory=ModelConfig)
    """The network."""
    batch_size: Annotated[int, Bounds(low=1, high=65_536)] = 32
    """Images per step."""
    max_iter: Annotated[int, Bounds(low=1, high=MAX_STEPS)] = 10_000
    """Steps of the whole run."""
    optimizer: Annotated[str, Names("optimizer", OPTIMIZERS)] = "adamw"
    """The optimizer."""
    schedule: Annotated[str, Names("schedule", SCHEDULES)] = "cosine"
    """How the learning rate falls after the warm-up."""
    lr: Annotated[float, Bounds(above=0)] = 5e-4
    """Peak learning rate of the decoder, which is trained from nothing."""
    encoder_lr: Annotated[float, Bounds(low=0)] = 1e-4
    """Peak learning rate of the encoder; 0 freezes it."""
    warmup: Annotated[int, Bounds(low=0, high=MAX_STEPS)] = 200
    """Steps in which the learning rate rises to its peak."""
    weight_decay: Annotated[float, Bounds(low=0)] = 0.05
    """Decoupled weight decay, of matrices and kernels alone."""
    clip: Annotated[float, Bounds(above=0)] = 1.0
    """Largest norm of the gradient; a longer one is scaled down to it."""
    freeze_encoder: bool = False
    """Leave the encoder as it is, compute what it sees once and keep that on disk; views are then not augmented, except
    by the mirror."""
    ema: Annotated[float, Bounds(low=0, below=1)] = 0.999
    """Decay of the exponential moving average of the weights, which is what is validated and exported."""
    amp: bool = True
    """Compute in bfloat16 where that is safe (autocast)."""
    augment: AugmentOptions = field(default_factory=AugmentOptions)
    """How views are disturbed."""
    val_every: Annotated[int, Bounds(low=1, high=MAX_STEPS)] = 1000
    """Steps between two validations."""
    val_views: Annotated[int, Bounds(low=1, high=10_000)] = 2
    """Views of each object that validation looks at."""
    save_every: Annotated[int, Bounds(low=1, high=MAX_STEPS)] = 500
    """Steps between two checkpoints."""
    init: str = ""
    """A checkpoint of the same model whose weights the run starts from; empty for none."""
    tracker: Annotated[str, Names("tracker", TRACKERS)] = "tensorboard"
    """Where curves go besides log.jsonl; "none" for nowhere."""
    seed: Annotated[int, Bounds(low=0, high=MAX_SEED)] = 0
    """Seed of the weights, the order, the augmentation and the samples."""
    workers: Annotated[int, Bounds(low=0, high=MAX_WORKERS)] = 1
    """Processes that prepare batches; 0 for none beside the training itself."""

    def __post_init__(self) -> None:
        check(self)
