"""Voxels: the occupancy of 32 x 32 x 32 cells, as logits [batch, 32, 32, 32]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from shapeshot.lab.decoders import Decoder, VoxelDecoder
from shapeshot.lab.decoders.voxels import RESOLUTION
from shapeshot.lab.encoders import Encoder, EncoderOutput
from shapeshot.lab.kinds.graphs import Graph, shape_graph
from shapeshot.lab.kinds.kind import Kind, Tensors
from shapeshot.lab.kinds.occupancy import THRESHOLDS, mean_iou, occupancy_truth
from shapeshot.lab.loading.training_set import Arrays, TrainingObject
from shapeshot.lab.losses import voxel_loss, voxel_loss_from_logits
from shapeshot.lab.model import ModelConfig, SingleViewModel
from shapeshot.lab.settings import Bounds, Names
from shapeshot.lab.train_config import TrainConfig
from shapeshot.model.field import Field
from shapeshot.model.shape import surface_of, surface_points
from shapeshot.scores.prediction import NUM_POINTS, Prediction

FORMS = ("clamped", "logits")


@dataclass(frozen=True)
class VoxelModelConfig(ModelConfig):
    """The settings of a network that predicts voxels."""

    type: str = field(default="vox", init=False)
    latent: Annotated[int, Bounds(low=1, high=65_536)] = 512
    """Channels of the vector that the decoder starts from."""
    voxel_channels: Annotated[int, Bounds(low=8, high=65_536, multiple_of=8)] = 256
    """Channels of the decoder's 4^3 grid, a multiple of 8; each doubling of the grid halves them."""

    def build_decoder(self, encoder: Encoder) -> Decoder:
        return VoxelDecoder(encoder.pooled_channels, self.latent, self.voxel_channels)


@dataclass(frozen=True)
class VoxelConfig(TrainConfig):
    """The settings of a run that trains voxels."""

    model: VoxelModelConfig = field(default_factory=VoxelModelConfig)
    """The network."""
    voxel_form: Annotated[str, Names("voxel_form", FORMS)] = "clamped"
    """Whether the loss reads "clamped" probabilities or "logits"."""


class Voxels(Kind[VoxelModelConfig, VoxelConfig]):
    """Supervised by the occupancy of every cell, validated by intersection over union."""

    model_config = VoxelModelConfig
    config = VoxelConfig
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"model": {"voxel_channels": 64}}}
    gives = frozenset(("volume", "surface", "normals", "mesh", "probabilities"))
    form = "voxels"
    score_name = "IoU"
    thresholds = THRESHOLDS

    @staticmethod
    def target(item: TrainingObject, rng: np.random.Generator, config: VoxelConfig) -> Arrays:
        return {"occupancy": item.occupancy}

    @staticmethod
    def mirror(arrays: Arrays) -> Arrays:
        return {"occupancy": arrays["occupancy"][::-1]}

    @staticmethod
    def loss(
        model: SingleViewModel,
        output: Float[Tensor, "batch 32 32 32"],
        targets: Tensors,
        config: VoxelConfig,
        generator: torch.Generator,
    ) -> Tensors:
        """Binary cross-entropy, on clamped probabilities or without a clamp."""
        if config.voxel_form == "logits":
            return {"loss": voxel_loss_from_logits(output.float(), targets["occupancy"])}
        return {"loss": voxel_loss(output.float().sigmoid(), targets["occupancy"])}

    truth = staticmethod(occupancy_truth)

    @staticmethod
    def score(
        model: SingleViewModel, output: Float[Tensor, "views 32 32 32"], truth: Bool[Tensor, "32 32 32"]
    ) -> Float[Tensor, " thresholds"]:
        return mean_iou(output.float(), truth)

    @staticmethod
    def shapes(model: SingleViewModel, output: Float[Tensor, "batch 32 32 32"], level: float) -> list[Prediction]:
        return [_shape(logits, level) for logits in output.float().cpu().numpy()]

    @staticmethod
    def probabilities(
        model: SingleViewModel, output: Float[Tensor, "batch 32 32 32"], level: float = 0.0
    ) -> Float[Tensor, "batch 32 32 32"]:
        return output.float().sigmoid()

    @staticmethod
    def graphs(model: SingleViewModel) -> list[Graph]:
        return shape_graph(model, "logits")

    @staticmethod
    def free(config: VoxelModelConfig) -> Decoder:
        return FreeVoxels()


class FreeVoxels(Decoder):
    """Occupancy logits [1, 32, 32, 32] that are a parameter; at first every cell is occupied with probability 1/2."""

    kind = "vox"
    reads_tokens = False

    def __init__(self) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros((1, *(RESOLUTION,) * 3)))

    def forward(self, encoded: EncoderOutput | None = None) -> Float[Tensor, "1 32 32 32"]:
        return self.logits


def _shape(logits: Float[np.ndarray, "32 32 32"], level: float) -> Prediction:
    """The cells above `level`, and the surface on which it is crossed."""
    field = Field(logits, level)
    mesh = surface_of(field, speck_fraction=0).mesh
    return Prediction(field.occupancy, surface_points(mesh, NUM_POINTS), mesh)
