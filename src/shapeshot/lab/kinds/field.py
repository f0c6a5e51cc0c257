"""Fields: feature planes [batch, 3, C, R, R] that tell the occupancy and the colour of any point.

Voxels, points and meshes of such a model are readings of the one field. Its folder is what the runtime loads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor, nn

from shapeshot.data.queries import sample_queries
from shapeshot.geometry import cell_centers
from shapeshot.lab.decoders import Decoder, TriplaneDecoder
from shapeshot.lab.decoders.triplane import PLANE_AXES, TriplaneField, gather_planes
from shapeshot.lab.encoders import Encoder, EncoderOutput
from shapeshot.lab.kinds.graphs import Graph, pixels_graph
from shapeshot.lab.kinds.kind import Kind, Tensors
from shapeshot.lab.kinds.occupancy import THRESHOLDS, mean_iou, occupancy_truth
from shapeshot.lab.kinds.surface import mirror_points
from shapeshot.lab.loading.training_set import Arrays, TrainingObject
from shapeshot.lab.losses import field_color_loss, field_occupancy_loss
from shapeshot.lab.model import ModelConfig, SingleViewModel
from shapeshot.lab.settings import Bounds
from shapeshot.lab.train_config import TrainConfig
from shapeshot.model.field import Field as ModelField
from shapeshot.model.folder import ENCODER, FORMAT, GRID, POINTS
from shapeshot.model.network import FEATURES, PLANES
from shapeshot.model.shape import mesh_resolution, surface_of, surface_points
from shapeshot.scores.prediction import NUM_POINTS, RESOLUTION, Prediction


@dataclass(frozen=True)
class FieldModelConfig(ModelConfig):
    """The settings of a network that predicts a field."""

    type: str = field(default="field", init=False)
    width: Annotated[int, Bounds(low=1, high=65_536)] = 256
    """Channels of the decoder's transformer."""
    depth: Annotated[int, Bounds(low=0, high=1000)] = 4
    """Blocks of the decoder's transformer."""
    num_heads: Annotated[int, Bounds(low=1, high=1024)] = 4
    """Attention heads; must divide the width."""
    channels: Annotated[int, Bounds(low=1, high=65_536)] = 64
    """Channels of each feature plane."""
    resolution: Annotated[int, Bounds(low=4, high=4096, multiple_of=4)] = 32
    """Cells along each side of a plane; a multiple of 4."""
    hidden: Annotated[int, Bounds(low=1, high=65_536)] = 64
    """Hidden width of the networks that turn plane features into occupancy and colour."""
    dropout: Annotated[float, Bounds(low=0, below=1)] = 0.0
    """Share of each residual branch that is dropped in training."""
    mirror: bool = False
    """Outside training also read the photo in the mirror and average the planes, at twice the time."""

    def build_decoder(self, encoder: Encoder) -> Decoder:
        return TriplaneDecoder(
            encoder.token_channels,
            encoder.pooled_channels,
            encoder.num_tokens(encoder.image_size),
            width=self.width,
            depth=self.depth,
            num_heads=self.num_heads,
            channels=self.channels,
            resolution=self.resolution,
            hidden=self.hidden,
            dropout=self.dropout,
        )


@dataclass(frozen=True)
class FieldConfig(TrainConfig):
    """The settings of a run that trains a field."""

    model: FieldModelConfig = field(default_factory=FieldModelConfig)
    """The network."""
    num_queries: Annotated[int, Bounds(low=1, high=1_000_000)] = 1024
    """Places of each object, in one step, at which the field is compared with the truth."""
    color_weight: Annotated[float, Bounds(low=0)] = 0.3
    """Weight of the colour loss beside the occupancy loss."""


class Field(Kind[FieldModelConfig, FieldConfig]):
    """Supervised at random places by occupancy and colour, validated by intersection over union at 32^3."""

    model_config = FieldModelConfig
    config = FieldConfig
    gives = frozenset(("volume", "surface", "normals", "mesh", "probabilities"))
    form = "mesh"
    score_name = "IoU"
    thresholds = THRESHOLDS
    format = FORMAT

    @staticmethod
    def target(item: TrainingObject, rng: np.random.Generator, config: FieldConfig) -> Arrays:
        """Draw queries and the field's value there; see `data.queries.Queries`."""
        queries = sample_queries(item.solid, item.points.astype(np.float32), item.colors, config.num_queries, rng)
        occupancy = queries.occupancy.astype(np.float32)
        return {"points": queries.points, "occupancy": occupancy, "colors": queries.colors, "near": queries.near}

    mirror = staticmethod(mirror_points)

    @staticmethod
    def loss(
        model: SingleViewModel,
        output: Float[Tensor, "batch 3 C R R"],
        targets: Tensors,
        config: FieldConfig,
        generator: torch.Generator,
    ) -> Tensors:
        """Binary cross-entropy of the occupancy plus `color_weight` times the L1 of colours near the surface."""
        logits, colors = model.field.at(output, targets["points"])
        occupancy = field_occupancy_loss(logits, targets["occupancy"])
        color = field_color_loss(colors, targets["colors"], targets["near"])
        return {"loss": occupancy + config.color_weight * color, "occupancy": occupancy, "color": color}

    truth = staticmethod(occupancy_truth)

    @staticmethod
    def score(
        model: SingleViewModel, output: Float[Tensor, "views 3 C R R"], truth: Bool[Tensor, "32 32 32"]
    ) -> Float[Tensor, " thresholds"]:
        return mean_iou(_grid_logits(model, output, RESOLUTION), truth)

    @staticmethod
    @torch.no_grad()
    def shapes(model: SingleViewModel, output: Float[Tensor, "batch 3 C R R"], level: float) -> list[Prediction]:
        """Voxels from the field at 32^3 cells, the mesh from that at twice as many, as at run time."""
        sides = (RESOLUTION, mesh_resolution(RESOLUTION))
        coarse, fine = (_grid_logits(model, output, side).cpu().numpy() for side in sides)
        shapes = []
        for cells, finer in zip(coarse, fine, strict=True):
            mesh = surface_of(ModelField(finer, level)).mesh
            shapes.append(Prediction(cells > level, surface_points(mesh, NUM_POINTS), mesh))
        return shapes

    @staticmethod
    def probabilities(
        model: SingleViewModel, output: Float[Tensor, "batch 3 C R R"], level: float = 0.0
    ) -> Float[Tensor, "batch 32 32 32"]:
        return _grid_logits(model, output, RESOLUTION).sigmoid()

    @staticmethod
    def graphs(model: SingleViewModel) -> list[Graph]:
        """Make the three graphs that `shapeshot.model.network` runs."""
        pixels = torch.zeros(1, 3, model.image_size, model.image_size, dtype=torch.uint8)
        with torch.no_grad():
            planes = model(pixels)[0]
        axes = {name: torch.linspace(-0.4, 0.4, count) for name, count in (("xs", 3), ("ys", 4), ("zs", 5))}
        free = {"xs": {0: "x"}, "ys": {0: "y"}, "zs": {0: "z"}}
        points = {"planes": planes, "points": torch.zeros(7, 3)}
        return [
            pixels_graph(ENCODER, _Planes(model), model, (PLANES, FEATURES)),
            Graph(GRID, _Grid(model.field), {"planes": planes, **axes}, ("logits",), free),
            Graph(POINTS, _Points(model.field), points, ("logits", "colors"), {"points": {0: "points"}}),
        ]

    @staticmethod
    def free(config: FieldModelConfig) -> Decoder:
        return FreeField(config.channels, config.resolution, config.hidden)


class FreeField(Decoder):
    """Feature planes [1, 3, C, R, R] that are a parameter, at first of noise, and the networks that read them."""

    kind = "field"
    reads_tokens = False

    def __init__(self, channels: int, resolution: int, hidden: int) -> None:
        super().__init__()
        self.planes = nn.Parameter(torch.randn(1, len(PLANE_AXES), channels, resolution, resolution) * 0.5)
        self.field = TriplaneField(channels, hidden)

    def forward(self, encoded: EncoderOutput | None = None) -> Float[Tensor, "1 3 C R R"]:
        return self.planes


class _Planes(nn.Module):
    """From pixels to planes and pooled features, of one pass over the encoder."""

    def __init__(self, model: SingleViewModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, pixels: UInt8[Tensor, "batch size size 3"]
    ) -> tuple[Float[Tensor, "batch 3 C R R"], Float[Tensor, "batch features"]]:
        return self.model.see(pixels.permute(0, 3, 1, 2))


class _Grid(nn.Module):
    """From the planes of one photo to logits where three lists of coordinates cross."""

    def __init__(self, field: TriplaneField) -> None:
        super().__init__()
        self.field = field

    def forward(
        self,
        planes: Float[Tensor, "3 C R R"],
        xs: Float[Tensor, " x"],
        ys: Float[Tensor, " y"],
        zs: Float[Tensor, " z"],
    ) -> Float[Tensor, "x y z"]:
        return self.field.grid(planes[None], xs, ys, zs)[0]


class _Points(nn.Module):
    """From the planes of one photo to logits and colours at points."""

    def __init__(self, field: TriplaneField) -> None:
        super().__init__()
        self.field = field

    def forward(
        self, planes: Float[Tensor, "3 C R R"], points: Float[Tensor, "points 3"]
    ) -> tuple[Float[Tensor, " points"], Float[Tensor, "points 3"]]:
        return self.field.evaluate(gather_planes(planes, points))


def _grid_logits(
    model: SingleViewModel, planes: Float[Tensor, "batch 3 C R R"], resolution: int
) -> Float[Tensor, "batch n n n"]:
    """Occupancy logits at the centres of the cube's cells, float32."""
    axis = torch.from_numpy(cell_centers(resolution)).to(planes.device)
    return model.field.grid(planes, axis, axis, axis).float()
