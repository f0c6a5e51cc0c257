"""What a kind of output promises: everything that differs between voxels, points, meshes and fields.

A kind is a class that is never made into an object; its methods are functions with a name in common. Its settings are
two dataclasses: `model_config` for its decoder and `config` for a training run. To add a kind, write one file beside
this one and a line in `lab/kinds/__init__.py`; nothing else in the lab asks what kind it has at hand.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from shapeshot.lab.decoders.decoder import Decoder
from shapeshot.lab.kinds.graphs import Graph
from shapeshot.lab.loading.batches import Shot
from shapeshot.lab.loading.training_set import Arrays, TrainingObject
from shapeshot.lab.model import ModelConfig, SingleViewModel
from shapeshot.lab.train_config import TrainConfig
from shapeshot.scores.prediction import Prediction

Tensors = dict[str, Tensor]
M = TypeVar("M", bound=ModelConfig)
C = TypeVar("C", bound=TrainConfig)


class Kind(Generic[M, C]):
    """One kind of output: how it is trained, chosen, scored and exported.

    In the methods, `output` is what the model's forward returned, [batch, ...].
    """

    model_config: type[M]
    """The settings of the network."""
    config: type[C]
    """The settings of a training run."""
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """What a preset by that name changes besides what it changes for every kind; as in a configuration file."""
    fit_points: ClassVar[str] = ""
    """The setting that says by how many points a surface is told, as in a file ("model.num_points"); empty for none."""
    gives: ClassVar[frozenset[str]]
    """The aspects that its shapes have (see `scores/aspects.py`); metrics that need another are missing for it."""
    form: ClassVar[str]
    """The reading that is predicted as such, "voxels", "points" or "mesh"; the others follow from it."""
    score_name: ClassVar[str]
    """What `score` measures."""
    thresholds: ClassVar[tuple[float, ...]] = ()
    """Thresholds of occupancy that validation chooses from; none for kinds that are not cut."""
    fits: ClassVar[bool] = True
    """Whether a shape of this kind can be fitted to a solid, without any photo; see `free`."""
    format: ClassVar[str] = "shapeshot-shape-model"
    """The format that a card of such a model names."""

    @staticmethod
    def target(item: TrainingObject, rng: np.random.Generator, config: C) -> Arrays:
        """Make the named arrays that one example is trained on."""
        raise NotImplementedError

    @staticmethod
    def mirror(arrays: Arrays) -> Arrays:
        """Turn what `target` made into that of the object in the mirror, x -> -x."""
        raise NotImplementedError

    @staticmethod
    def target_of_view(item: TrainingObject, shot: Shot, rng: np.random.Generator, config: C) -> Arrays:
        """Make the arrays that depend on which view is shown and how it is framed, the mirror included."""
        return {}

    @staticmethod
    def loss(
        model: SingleViewModel, output: Tensor, targets: Tensors, config: C, generator: torch.Generator
    ) -> Tensors:
        """Compare a batch with its targets. Returns named scalars, of which "loss" is the one to minimise."""
        raise NotImplementedError

    @staticmethod
    def truth(item: TrainingObject, config: M) -> Tensor:
        """Make what validation compares with; called once for each object. config: of the network."""
        raise NotImplementedError

    @staticmethod
    def score(model: SingleViewModel, output: Tensor, truth: Tensor) -> Float[Tensor, " thresholds"]:
        """Score the views of one object: the mean over them, at each threshold (one where there are none).

        Higher is better.
        """
        raise NotImplementedError

    @staticmethod
    def shapes(model: SingleViewModel, output: Tensor, level: float) -> list[Prediction]:
        """Read one shape from each output. level: the threshold as a logit. Raises EmptyShapeError."""
        raise NotImplementedError

    @staticmethod
    def probabilities(model: SingleViewModel, output: Tensor, level: float = 0.0) -> Float[Tensor, "batch 32 32 32"]:
        """Return the occupancy probabilities; only for kinds that give "probabilities".

        level: of the surface, as a logit, for kinds that find the canonical cube by it.
        """
        raise NotImplementedError

    @staticmethod
    def graphs(model: SingleViewModel) -> list[Graph]:
        """Make the graphs that a model folder holds."""
        raise NotImplementedError

    @staticmethod
    def card(model: SingleViewModel) -> dict[str, Any]:
        """Say on a model's card what its graphs alone do not tell."""
        return {}

    @staticmethod
    def free(config: M) -> Decoder:
        """Make the decoder whose output is a parameter itself, called without an argument: what a fit optimises.

        It starts where the kind's decoder starts. One shape, so the batch axis is 1.
        """
        raise NotImplementedError


def level_of(threshold: float | None) -> float:
    """Return a probability threshold as a logit, or 0 for kinds without one."""
    return 0.0 if threshold is None else math.log(threshold / (1 - threshold))
