"""Points: a cloud on the surface, [batch, points, 3]."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from shapeshot.geometry import PointCloud
from shapeshot.lab.decoders import Decoder, PointDecoder
from shapeshot.lab.decoders.mesh import RADIUS
from shapeshot.lab.encoders import Encoder, EncoderOutput
from shapeshot.lab.kinds.graphs import Graph, shape_graph
from shapeshot.lab.kinds.kind import Kind, Tensors
from shapeshot.lab.kinds.surface import mean_f_score, mirror_points, surface_target, surface_truth
from shapeshot.lab.loading.training_set import Arrays, TrainingObject
from shapeshot.lab.losses import CHAMFER_REDUCTIONS, chamfer_loss
from shapeshot.lab.model import ModelConfig, SingleViewModel
from shapeshot.lab.settings import Bounds, Names
from shapeshot.lab.train_config import TrainConfig
from shapeshot.scores.prediction import Prediction


@dataclass(frozen=True)
class PointModelConfig(ModelConfig):
    """The settings of a network that predicts points."""

    type: str = field(default="point", init=False)
    latent: Annotated[int, Bounds(low=1, high=65_536)] = 512
    """Channels of the vector that the decoder starts from."""
    num_points: Annotated[int, Bounds(low=1, high=1_000_000)] = 1000
    """Points of the predicted cloud."""
    tanh: bool = True
    """Whether a tanh keeps the points in the cube."""

    def build_decoder(self, encoder: Encoder) -> Decoder:
        return PointDecoder(encoder.pooled_channels, self.latent, self.num_points, self.tanh)


@dataclass(frozen=True)
class PointConfig(TrainConfig):
    """The settings of a run that trains points."""

    model: PointModelConfig = field(default_factory=PointModelConfig)
    """The network."""
    chamfer: Annotated[str, Names("chamfer", CHAMFER_REDUCTIONS)] = "mean"
    """Whether the chamfer distance is the "mean" or the "sum" over points."""
    w_chamfer: Annotated[float, Bounds(low=0)] = 1.0
    """Weight of the chamfer distance in the loss."""


class Points(Kind[PointModelConfig, PointConfig]):
    """Supervised by the chamfer distance to the true surface, validated by the F-score."""

    model_config = PointModelConfig
    config = PointConfig
    fit_points = "model.num_points"
    gives = frozenset(("surface",))  # a cloud encloses nothing and has no normals
    form = "points"
    score_name = "F-score at 5 %"

    @staticmethod
    def target(item: TrainingObject, rng: np.random.Generator, config: PointConfig) -> Arrays:
        return surface_target(item, rng, config.model.num_points)

    mirror = staticmethod(mirror_points)

    @staticmethod
    def loss(
        model: SingleViewModel,
        output: Float[Tensor, "batch points 3"],
        targets: Tensors,
        config: PointConfig,
        generator: torch.Generator,
    ) -> Tensors:
        """Chamfer distance to as many points of the true surface as are predicted."""
        chamfer = chamfer_loss(output, targets["points"], config.chamfer)
        return {"loss": config.w_chamfer * chamfer, "chamfer": chamfer}

    truth = staticmethod(surface_truth)

    @staticmethod
    def score(
        model: SingleViewModel, output: Float[Tensor, "views points 3"], truth: Float[Tensor, "2048 3"]
    ) -> Float[Tensor, " 1"]:
        return mean_f_score(output, truth)

    @staticmethod
    def shapes(model: SingleViewModel, output: Float[Tensor, "batch points 3"], level: float) -> list[Prediction]:
        """The points themselves; no solid, normals or mesh, since none were predicted."""
        clouds = output.float().cpu().numpy()
        return [Prediction(None, PointCloud(points.astype(np.float32)), None) for points in clouds]

    @staticmethod
    def graphs(model: SingleViewModel) -> list[Graph]:
        return shape_graph(model, "points")

    @staticmethod
    def free(config: PointModelConfig) -> Decoder:
        return FreePoints(config.num_points)


class FreePoints(Decoder):
    """Points [1, num_points, 3] that are a parameter; at first uniform in a ball, by the global random state."""

    kind = "point"
    reads_tokens = False

    def __init__(self, num_points: int) -> None:
        super().__init__()
        directions = nn.functional.normalize(torch.randn(1, num_points, 3), dim=-1)
        self.points = nn.Parameter(RADIUS * torch.rand(1, num_points, 1) ** (1 / 3) * directions)

    def forward(self, encoded: EncoderOutput | None = None) -> Float[Tensor, "1 points 3"]:
        return self.points
