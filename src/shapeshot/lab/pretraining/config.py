"""The settings of a pretraining."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from shapeshot.errors import UserError
from shapeshot.lab.pretraining.objectives import OBJECTIVES
from shapeshot.lab.pretraining.text import TEXT_ENCODERS
from shapeshot.lab.settings import Bounds, Names, check, from_json, to_json
from shapeshot.lab.train_config import MAX_SEED, MAX_STEPS

SMALLEST_SIDE = 32  # pixels, of a crop; a backbone's last feature map is a 32nd of it


@dataclass(frozen=True)
class PretrainConfig:
    """Everything that determines a pretraining; `--name VALUE` on the command line."""

    objective: Annotated[str, Names("objective", OBJECTIVES)] = "label"
    """What the backbone learns: the kind of object ("label"), which caption belongs to which picture ("clip"), to agree
    with itself on two crops of a picture ("dino"), or nothing ("none": only batch-norm statistics are estimated)."""
    data: tuple[str, ...] = ()
    """Folders of datasets; their train splits are joined."""
    max_iter: Annotated[int, Bounds(low=1, high=MAX_STEPS)] = 2000
    """Steps of the whole run, unless --seconds are given."""
    batch_size: Annotated[int, Bounds(low=2, high=65_536)] = 64
    """Pictures per step, each of another object while there are as many."""
    image_size: Annotated[int, Bounds(low=SMALLEST_SIDE, high=1024, multiple_of=32)] = 64
    """Side of the crops that the backbone sees, pixels."""
    lr: Annotated[float, Bounds(above=0)] = 1e-3
    """Peak learning rate of AdamW, after a twentieth of the steps; a cosine leads from there to 0."""
    weight_decay: Annotated[float, Bounds(low=0)] = 0.05
    """Decoupled weight decay, of matrices and kernels alone."""
    text: Annotated[str, Names("text encoder", TEXT_ENCODERS)] = "sentences"
    """What reads the captions of "clip": a pretrained sentence encoder, or word vectors learned along."""
    amp: bool = True
    """Compute in bfloat16 where that is safe (autocast)."""
    save_every: Annotated[int, Bounds(low=1, high=MAX_STEPS)] = 200
    """Steps between two checkpoints."""
    seed: Annotated[int, Bounds(low=0, high=MAX_SEED)] = 0
    """Seed of the weights, the order and the crops."""

    def __post_init__(self) -> None:
        check(self)
        if not self.data:
            raise UserError("no data to pretrain on; pass --data DIR (made by `shapeshot data build`)")

    @classmethod
    def from_json(cls, values: Any) -> PretrainConfig:
        """Make a configuration of JSON values. Raises UserError for unknown settings, wrong types and bounds."""
        return from_json(cls, values)

    def to_json(self) -> dict[str, Any]:
        """Turn the settings into JSON values."""
        return to_json(self)
