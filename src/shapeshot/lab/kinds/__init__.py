"""The kinds of output: one file and one row each. The row is a class; `kind.py` says what it promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from shapeshot.lab.kinds.field import Field
from shapeshot.lab.kinds.kind import Kind, level_of
from shapeshot.lab.kinds.mesh import Meshes
from shapeshot.lab.kinds.point import Points
from shapeshot.lab.kinds.view import View
from shapeshot.lab.kinds.vox import Voxels
from shapeshot.lab.loading.batches import Shot
from shapeshot.lab.loading.training_set import Arrays, TrainingObject
from shapeshot.lab.train_config import TrainConfig

KINDS: dict[str, type[Kind[Any, Any]]] = {"vox": Voxels, "point": Points, "mesh": Meshes, "field": Field, "view": View}

__all__ = ["KINDS", "Kind", "Targets", "level_of"]


@dataclass(frozen=True)
class Targets:
    """A function from an object to the arrays that a kind of model is trained on.

    A class, so that worker processes can be sent one.
    """

    kind: str
    config: TrainConfig

    def __call__(self, item: TrainingObject, shot: Shot, rng: np.random.Generator) -> Arrays:
        row = KINDS[self.kind]
        arrays = row.target(item, rng, self.config)
        return (row.mirror(arrays) if shot.mirrored else arrays) | row.target_of_view(item, shot, rng, self.config)
