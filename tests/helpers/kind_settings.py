"""Settings for tests that go through every kind: given all at once, and each kind takes its own."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from shapeshot.lab.kinds import KINDS
from shapeshot.lab.model import ModelConfig
from shapeshot.lab.train_config import TrainConfig


def model_of_kind(kind: str, **settings: Any) -> ModelConfig:
    """The settings of a network of a kind, without those that it does not have."""
    cls = KINDS[kind].model_config
    return cls(**{item.name: settings[item.name] for item in fields(cls) if item.init and item.name in settings})


def run_of_kind(model: ModelConfig, **settings: Any) -> TrainConfig:
    """The settings of a run that trains such a network, without those that its kind does not have."""
    cls = KINDS[model.type].config
    own = {item.name: settings[item.name] for item in fields(cls) if item.name in settings}
    return cls(model=model, **own)
