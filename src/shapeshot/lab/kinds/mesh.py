"""Meshes: where the vertices of an icosphere go, [batch, vertices, 3]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int32
from torch import Tensor, nn

from shapeshot.data.solids.solid import downsample_occupancy, solid_occupancy
from shapeshot.geometry import Mesh
from shapeshot.lab.decoders import Decoder, MeshDecoder
from shapeshot.lab.decoders.mesh import DeformedSphere
from shapeshot.lab.encoders import Encoder, EncoderOutput
from shapeshot.lab.kinds.graphs import Graph, shape_graph
from shapeshot.lab.kinds.kind import Kind, Tensors
from shapeshot.lab.kinds.surface import (
    NUM_VALIDATION_POINTS,
    mean_f_score,
    mirror_points,
    surface_target,
    surface_truth,
)
from shapeshot.lab.loading.training_set import Arrays, TrainingObject
from shapeshot.lab.losses import CHAMFER_REDUCTIONS, MeshLossWeights, mesh_loss
from shapeshot.lab.model import ModelConfig, SingleViewModel
from shapeshot.lab.ops import sample_points_from_meshes
from shapeshot.lab.settings import Bounds, Names
from shapeshot.lab.train_config import TrainConfig
from shapeshot.model.shape import surface_points
from shapeshot.scores.prediction import NUM_POINTS, RESOLUTION, Prediction

SOLID_RESOLUTION = 128  # at which a mesh is filled, as the true solids are


@dataclass(frozen=True)
class MeshModelConfig(ModelConfig):
    """The settings of a network that predicts meshes."""

    type: str = field(default="mesh", init=False)
    latent: Annotated[int, Bounds(low=1, high=65_536)] = 512
    """Channels of the vector that the decoder starts from."""
    ico_level: Annotated[int, Bounds(low=0, high=9)] = 4
    """Subdivisions of the icosphere; 4 gives 2562 vertices."""

    def build_decoder(self, encoder: Encoder) -> Decoder:
        return MeshDecoder(encoder.pooled_channels, self.latent, self.ico_level)


@dataclass(frozen=True)
class MeshConfig(TrainConfig):
    """The settings of a run that trains meshes."""

    model: MeshModelConfig = field(default_factory=MeshModelConfig)
    """The network."""
    chamfer: Annotated[str, Names("chamfer", CHAMFER_REDUCTIONS)] = "mean"
    """Whether the chamfer distance is the "mean" or the "sum" over points."""
    w_chamfer: Annotated[float, Bounds(low=0)] = 1.0
    """Weight of the chamfer distance in the loss."""
    w_smooth: Annotated[float, Bounds(low=0)] = 0.1
    """Weight of the Laplacian, which keeps the surface smooth."""
    w_edge: Annotated[float, Bounds(low=0)] = 0.0
    """Weight of the mean squared edge length, which keeps triangles from growing spikes."""
    w_normal: Annotated[float, Bounds(low=0)] = 0.0
    """Weight of 1 - cos of the angle between neighbouring faces."""
    num_samples: Annotated[int, Bounds(low=1, high=1_000_000)] = 2000
    """Points sampled on each predicted surface, and on the true one."""


class Meshes(Kind[MeshModelConfig, MeshConfig]):
    """Supervised by points sampled on the surface and by its smoothness, validated by the F-score."""

    model_config = MeshModelConfig
    config = MeshConfig
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"num_samples": 1000, "model": {"ico_level": 3}}}
    fit_points = "num_samples"
    gives = frozenset(("volume", "surface", "normals", "mesh"))
    form = "mesh"
    score_name = "F-score at 5 %"

    @staticmethod
    def target(item: TrainingObject, rng: np.random.Generator, config: MeshConfig) -> Arrays:
        return surface_target(item, rng, config.num_samples)

    mirror = staticmethod(mirror_points)

    @staticmethod
    def loss(
        model: SingleViewModel,
        output: Float[Tensor, "batch vertices 3"],
        targets: Tensors,
        config: MeshConfig,
        generator: torch.Generator,
    ) -> Tensors:
        """Chamfer distance of samples of the surface, and the terms that keep it smooth."""
        return mesh_loss(
            _sphere(model).meshes(output),
            targets["points"],
            MeshLossWeights(config.w_chamfer, config.w_smooth, config.w_edge, config.w_normal),
            num_samples=config.num_samples,
            reduction=config.chamfer,
            generator=generator,
        )

    truth = staticmethod(surface_truth)

    @staticmethod
    def score(
        model: SingleViewModel, output: Float[Tensor, "views vertices 3"], truth: Float[Tensor, "2048 3"]
    ) -> Float[Tensor, " 1"]:
        """F-score of points that are sampled on each mesh with a fixed seed."""
        generator = torch.Generator(output.device).manual_seed(0)
        points = sample_points_from_meshes(_sphere(model).meshes(output), NUM_VALIDATION_POINTS, generator=generator)
        assert isinstance(points, Tensor)
        return mean_f_score(points, truth)

    @staticmethod
    @torch.no_grad()
    def shapes(model: SingleViewModel, output: Float[Tensor, "batch vertices 3"], level: float) -> list[Prediction]:
        faces = _sphere(model).faces.cpu().numpy().astype(np.int32)
        return [_shape(vertices, faces) for vertices in output.float().cpu().numpy()]

    @staticmethod
    def graphs(model: SingleViewModel) -> list[Graph]:
        return shape_graph(model, "vertices")

    @staticmethod
    def card(model: SingleViewModel) -> dict[str, Any]:
        """The faces: the graph gives the vertices alone."""
        return {"faces": _sphere(model).faces.tolist()}

    @staticmethod
    def free(config: MeshModelConfig) -> Decoder:
        return FreeMesh(config.ico_level)


class FreeMesh(DeformedSphere):
    """Vertices [1, vertices, 3] of an icosphere, each moved by a parameter of its own; at first the sphere itself."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.displacement = nn.Parameter(torch.zeros(1, *self.sphere.shape))

    def forward(self, encoded: EncoderOutput | None = None) -> Float[Tensor, "1 vertices 3"]:
        return self.sphere + self.displacement


def _sphere(model: SingleViewModel) -> DeformedSphere:
    assert isinstance(model.decoder, DeformedSphere)
    return model.decoder


def _shape(vertices: Float[np.ndarray, "vertices 3"], faces: Int32[np.ndarray, "faces 3"]) -> Prediction:
    """The mesh and what it encloses, by the method that made the true solids."""
    mesh = Mesh(vertices.astype(np.float32), faces)
    # Nothing true lies outside the cube, and the surface itself is scored as it is.
    filled = np.clip(mesh.vertices, -0.5, 0.5)
    solid = solid_occupancy(filled, mesh.faces, SOLID_RESOLUTION)
    return Prediction(downsample_occupancy(solid, RESOLUTION), surface_points(mesh, NUM_POINTS), mesh)
