"""One typed configuration for flags, file and checkpoint. Data only: reading one never executes code."""

from __future__ import annotations

import argparse
import dataclasses
import json
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shapeshot.data.augment import AugmentOptions
from shapeshot.errors import UserError, unknown_name
from shapeshot.lab.losses import CHAMFER_REDUCTIONS
from shapeshot.lab.model import ModelConfig

VOXEL_FORMS = ("clamped", "logits")
# The names that people know for nested settings: `--arch clip` is `--model.encoder clip`.
ALIASES = {
    "type": "model.type",
    "arch": "model.encoder",
    "n_points": "model.num_points",
    "encoder_weights": "model.encoder_weights",
}
# Settings for a first look, in minutes on two cores; flags override them.
PRESETS: dict[str, dict[str, Any]] = {
    "quick": {
        "batch_size": 8,
        "max_iter": 160,
        "warmup": 20,
        "val_every": 80,
        "val_views": 1,
        "save_every": 50,
        "num_samples": 1000,
        "ema": 0.98,
        "model": {"voxel_channels": 64, "ico_level": 3},
    },
}


@dataclass(frozen=True)
class TrainConfig:
    """Everything that determines a training run; `--name VALUE` on the command line.

    data: dataset folders; their train splits are joined, their val splits validate.
    model: the network, see ModelConfig.
    batch_size, max_iter: images per step and number of steps.
    optimizer: a name in OPTIMIZERS (adamw, radam). schedule: a name in SCHEDULES (cosine, constant).
    lr: peak learning rate of what is trained from nothing; encoder_lr: that of the encoder (0 freezes it).
    warmup: steps of linear warm-up. weight_decay: decoupled. clip: largest gradient norm.
    freeze_encoder: the encoder is left as it is, and what it sees is computed once and kept on disk; views are then
        not augmented, except by the mirror.
    voxel_form: vox: "clamped" probabilities or "logits". chamfer: point, mesh: "mean" or "sum" over points.
    w_chamfer, w_smooth, w_edge, w_normal: point, mesh: weights of the loss's terms.
    num_samples: mesh: points sampled on each predicted surface, and on the true one.
    num_queries: field: queries per image. color_weight: field: of the colour loss beside the occupancy loss.
    ema: decay of the weights' exponential moving average, which is what is validated and exported.
    amp: bfloat16 autocast. augment: see AugmentOptions.
    val_every, save_every: steps between validations and between checkpoints. val_views: views per object.
    init: a checkpoint whose weights the run starts from, of the same model; "" for none.
    tracker: "tensorboard", "none", or another that accelerate knows (wandb, mlflow ...).
    seed: of the weights, the order, the augmentation and the samples. workers: processes that load images.
    """

    data: tuple[str, ...] = ()
    model: ModelConfig = field(default_factory=ModelConfig)
    batch_size: int = 32
    max_iter: int = 10_000
    optimizer: str = "adamw"
    schedule: str = "cosine"
    lr: float = 5e-4
    encoder_lr: float = 1e-4
    warmup: int = 200
    weight_decay: float = 0.05
    clip: float = 1.0
    freeze_encoder: bool = False
    voxel_form: str = "clamped"
    chamfer: str = "mean"
    w_chamfer: float = 1.0
    w_smooth: float = 0.1
    w_edge: float = 0.0
    w_normal: float = 0.0
    num_samples: int = 2000
    num_queries: int = 1024
    color_weight: float = 0.3
    ema: float = 0.999
    amp: bool = True
    augment: AugmentOptions = field(default_factory=AugmentOptions)
    val_every: int = 1000
    val_views: int = 2
    save_every: int = 500
    init: str = ""
    tracker: str = "tensorboard"
    seed: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        for name in ("batch_size", "max_iter", "num_samples", "num_queries", "val_every", "val_views", "save_every"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1; got {getattr(self, name)}")
        for name, choices in (("voxel_form", VOXEL_FORMS), ("chamfer", CHAMFER_REDUCTIONS)):
            if getattr(self, name) not in choices:
                raise unknown_name(name, getattr(self, name), choices)
        if not 0 <= self.ema < 1:
            raise UserError(f"ema must lie in [0, 1); got {self.ema}")
        if self.lr <= 0 or self.encoder_lr < 0:
            raise UserError(f"lr must be positive and encoder_lr not negative; got {self.lr} and {self.encoder_lr}")


def to_json(config: Any) -> dict[str, Any]:
    """A configuration as plain JSON values."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def from_json(cls: type, values: Mapping[str, Any]) -> Any:
    """A configuration of dataclass `cls` from JSON values. An unknown key or a wrong type is a UserError."""
    if not isinstance(values, Mapping):
        raise UserError(f"{cls.__name__} must be a table of settings; got {type(values).__name__}")
    hints = typing.get_type_hints(cls)
    known = {item.name: hints[item.name] for item in dataclasses.fields(cls)}
    for key in values:
        if key not in known:
            raise unknown_name("setting", key, known)
    return cls(**{key: _coerce(key, value, known[key]) for key, value in values.items()})


def load_config(path: str | Path) -> TrainConfig:
    """Read a TrainConfig from a JSON file. Raises UserError for anything unreadable, unknown or of a wrong type."""
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read the configuration {path} ({error}); it must be a JSON file") from error
    return from_json(TrainConfig, values)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A flag per setting; nested settings as `--model.encoder` and `--augment.blur`."""
    parser.add_argument("--config", metavar="FILE", help="JSON file of settings; flags override it")
    parser.add_argument("--preset", metavar="NAME", help=f"settings by name: {', '.join(PRESETS)}; flags override them")
    for alias, name in ALIASES.items():
        parser.add_argument(_flag(alias), dest=name, default=None, help=f"the same as --{name}")
    for name, kind in _flags(TrainConfig):
        options: dict[str, Any] = {"nargs": "+"} if kind == tuple[str, ...] else {}
        if kind is bool:
            options["action"] = argparse.BooleanOptionalAction
        parser.add_argument(_flag(name), dest=name, default=None, **options)


def config_from_arguments(arguments: argparse.Namespace) -> TrainConfig:
    """The TrainConfig of parsed flags over the `--preset` over the `--config` file over the defaults."""
    values = to_json(load_config(arguments.config) if arguments.config else TrainConfig())
    if arguments.preset is not None:
        if arguments.preset not in PRESETS:
            raise unknown_name("preset", arguments.preset, PRESETS)
        preset = PRESETS[arguments.preset]
        values |= preset | {"model": values["model"] | preset.get("model", {})}
    for name, _ in _flags(TrainConfig):
        given = getattr(arguments, name)
        if given is not None:
            table = values
            *outer, last = name.split(".")
            for key in outer:
                table = table[key]
            table[last] = given
    return from_json(TrainConfig, values)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _flags(cls: type, prefix: str = "") -> Sequence[tuple[str, Any]]:
    hints = typing.get_type_hints(cls)
    flags: list[tuple[str, Any]] = []
    for item in dataclasses.fields(cls):
        kind = hints[item.name]
        if dataclasses.is_dataclass(kind):
            flags += _flags(typing.cast(type, kind), f"{prefix}{item.name}.")
        else:
            flags.append((prefix + item.name, kind))
    return flags


def _coerce(name: str, value: Any, kind: Any) -> Any:
    if dataclasses.is_dataclass(kind):
        return from_json(typing.cast(type, kind), value)
    try:
        if typing.get_origin(kind) is tuple:
            return _strings(value)
        if kind is bool and not isinstance(value, bool):
            raise ValueError("not true or false")
        if kind is int and float(value) != int(float(value)):
            raise ValueError("not a whole number")
        return kind(float(value)) if kind is int else kind(value) if kind in (float, str, bool) else value
    except (TypeError, ValueError) as error:
        raise UserError(f"setting {name} must be a {kind.__name__}; got {value!r}") from error


def _strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not all(isinstance(item, str) for item in value):
        raise ValueError("not a list of names")
    return tuple(value)
