"""Views: the shape in the frame of the photo, as the occupancy of all depths along each pixel's ray.

The photo fixes this frame, so the silhouette follows it; where the object's front is, a head tells apart. Its model
folder is one that the runtime loads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, cast

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor, nn

from shapeshot.data.augment import Framing, plain_framing, turned
from shapeshot.data.frustum_truth import frustum_occupancy, frustum_places
from shapeshot.data.shards import decode_view
from shapeshot.errors import DatasetError, ModelError
from shapeshot.geometry.frustum import HALF_DEPTH, Frustum
from shapeshot.lab.decoders import Decoder, FrustumDecoder, ViewOutput
from shapeshot.lab.encoders import Encoder
from shapeshot.lab.kinds.graphs import Graph, pixels_graph
from shapeshot.lab.kinds.kind import Kind, Tensors
from shapeshot.lab.kinds.occupancy import THRESHOLDS, mean_iou
from shapeshot.lab.loading.batches import Shot
from shapeshot.lab.loading.training_set import Arrays, TrainingObject
from shapeshot.lab.losses import (
    view_camera_loss,
    view_color_loss,
    view_occupancy_loss,
    view_overlap_loss,
    view_surface_loss,
)
from shapeshot.lab.model import ModelConfig, SingleViewModel
from shapeshot.lab.settings import Bounds
from shapeshot.lab.train_config import TrainConfig
from shapeshot.model.camera_estimate import estimate_camera
from shapeshot.model.field import guided_grid, whole_grid
from shapeshot.model.folder import VIEW, VIEW_FORMAT
from shapeshot.model.shape import mesh_resolution, surface_of, surface_points
from shapeshot.model.view import ViewReading
from shapeshot.model.view_colors import ViewColors
from shapeshot.model.view_network import OUTPUTS
from shapeshot.photo.crop import crop_silhouette
from shapeshot.scores.prediction import NUM_POINTS, RESOLUTION, Prediction

RAY_MARGIN = 3  # cells around the silhouette in which rays may still meet the solid: thin parts are made thicker there


@dataclass(frozen=True)
class ViewModelConfig(ModelConfig):
    """The settings of a network that predicts a view's frustum grid."""

    type: str = field(default="view", init=False)
    width: Annotated[int, Bounds(low=1, high=65_536)] = 256
    """Channels of the decoder's transformer."""
    depth: Annotated[int, Bounds(low=0, high=1000)] = 3
    """Blocks of the decoder's transformer."""
    num_heads: Annotated[int, Bounds(low=1, high=1024)] = 4
    """Attention heads; must divide the width."""
    coarse_channels: Annotated[int, Bounds(low=1, high=65_536)] = 160
    """Channels of the decoder's stage at a stride of 8 pixels."""
    middle_channels: Annotated[int, Bounds(low=1, high=65_536)] = 112
    """Channels of the decoder's stage at a stride of 4 pixels."""
    fine_channels: Annotated[int, Bounds(low=1, high=65_536)] = 80
    """Channels of the decoder's stage at a stride of 2 pixels."""
    depths: Annotated[int, Bounds(low=2, high=1024)] = 64
    """Cells along each ray."""
    dropout: Annotated[float, Bounds(low=0, below=1)] = 0.0
    """Share of each residual branch of the transformer that is dropped in training."""
    mirror: bool = False
    """Outside training also read the photo in the mirror and average what is seen, at twice the time."""

    def build_decoder(self, encoder: Encoder) -> Decoder:
        if encoder.image_size != _resolution(self) * 2:
            raise ModelError(f"say the crop's side of a view: --model.image-size {encoder.image_size}")
        return FrustumDecoder(
            encoder.token_channels,
            encoder.pooled_channels,
            encoder.num_tokens(encoder.image_size),
            encoder.map_channels,
            encoder.image_size,
            width=self.width,
            depth=self.depth,
            num_heads=self.num_heads,
            channels=(self.coarse_channels, self.middle_channels, self.fine_channels),
            depths=self.depths,
            dropout=self.dropout,
        )


@dataclass(frozen=True)
class ViewConfig(TrainConfig):
    """The settings of a run that trains a view model."""

    model: ViewModelConfig = field(default_factory=ViewModelConfig)
    """The network."""
    num_colors: Annotated[int, Bounds(low=1, high=1_000_000)] = 256
    """Points of each object's surface, in one step, at which colours are compared."""
    color_weight: Annotated[float, Bounds(low=0)] = 0.3
    """Weight of the colour loss beside the occupancy loss."""
    camera_weight: Annotated[float, Bounds(low=0)] = 0.05
    """Weight of the camera's loss beside the occupancy loss."""
    surface_weight: Annotated[float, Bounds(low=0)] = 0.0
    """Weight of the error of the first and last surface along each ray beside the occupancy loss."""
    overlap_weight: Annotated[float, Bounds(low=0)] = 0.0
    """Weight of one minus the soft intersection over union beside the occupancy loss."""
    outside_share: Annotated[float, Bounds(low=0, high=1)] = 0.1
    """Share of the rays beside the object that are compared in a step; of those through it all are."""


class View(Kind[ViewModelConfig, ViewConfig]):
    """Supervised along all rays of the crop, validated by intersection over union in the frustum's own cells."""

    model_config = ViewModelConfig
    config = ViewConfig
    gives = frozenset(("volume", "surface", "normals", "mesh", "probabilities"))
    form = "mesh"
    score_name = "IoU in the view's frustum"
    thresholds = THRESHOLDS
    format = VIEW_FORMAT
    fits = False

    @staticmethod
    def target(item: TrainingObject, rng: np.random.Generator, config: ViewConfig) -> Arrays:
        return {}

    @staticmethod
    def mirror(arrays: Arrays) -> Arrays:
        return arrays

    @staticmethod
    def target_of_view(item: TrainingObject, shot: Shot, rng: np.random.Generator, config: ViewConfig) -> Arrays:
        """Make the packed occupancy [rows, columns, depths / 8], rays, colours and where they lie, and the camera."""
        rgba, frustum = framed(item, shot.view, shot.framing, shot.turned)
        rows = _resolution(config.model)
        silhouette = crop_silhouette(rgba[..., 3], frustum.box, rows)
        occupancy = _occupancy(item, frustum, silhouette, config.model.depths)
        chosen = rng.integers(0, len(item.points), config.num_colors)
        places = frustum_places(frustum, item.points[chosen].astype(np.float32))
        camera = frustum.view
        azimuth_deg = camera.azimuth_deg if item.has_front else np.nan
        angles = np.radians([azimuth_deg, camera.elevation_deg, camera.roll_deg])
        if shot.mirrored:
            occupancy, silhouette = occupancy[..., ::-1], silhouette[:, ::-1]
            places, angles = places * np.array([-1, 1, 1], np.float32), angles * [-1, 1, -1]
        return {
            "occupancy": np.packbits(occupancy.transpose(1, 2, 0), axis=-1),
            "rays": occupancy.any(axis=0) | (silhouette >= 0.5),
            "places": np.ascontiguousarray(places),
            "colors": item.colors[chosen].astype(np.float32) / 255,
            "camera": np.array([*angles, np.log(camera.distance)], np.float32),
        }

    @staticmethod
    def loss(
        model: SingleViewModel,
        output: Float[Tensor, "batch values"],
        targets: Tensors,
        config: ViewConfig,
        generator: torch.Generator,
    ) -> Tensors:
        """Cross-entropy along the rays, plus the weighted losses of colours and camera."""
        seen = _split(model, output)
        truth = unpack_bits(targets["occupancy"]).permute(0, 3, 1, 2)
        beside = torch.rand(targets["rays"].shape, generator=generator, device=truth.device) < config.outside_share
        occupancy = view_occupancy_loss(seen.occupancy, truth, targets["rays"] | beside)
        color = view_color_loss(seen.colors, targets["places"], targets["colors"])
        camera = view_camera_loss(seen.azimuth, seen.pose, targets["camera"])
        losses = {"occupancy": occupancy, "color": color, "camera": camera}
        loss = occupancy + config.color_weight * color + config.camera_weight * camera
        if config.surface_weight:
            losses["surface"] = view_surface_loss(seen.occupancy, truth)
            loss = loss + config.surface_weight * losses["surface"]
        if config.overlap_weight:
            losses["overlap"] = view_overlap_loss(seen.occupancy, truth, targets["rays"])
            loss = loss + config.overlap_weight * losses["overlap"]
        return {"loss": loss, **losses}

    @staticmethod
    def truth(item: TrainingObject, config: ViewModelConfig) -> Tensor:
        """Make the packed occupancy of all views, as `target_of_view` does, without disturbance."""
        packed = []
        for view in range(len(item.views)):
            rgba, frustum = framed(item, view)
            silhouette = crop_silhouette(rgba[..., 3], frustum.box, _resolution(config))
            occupancy = _occupancy(item, frustum, silhouette, config.depths)
            packed.append(np.packbits(occupancy.transpose(1, 2, 0), axis=-1))
        return torch.from_numpy(np.stack(packed))

    @staticmethod
    def score(
        model: SingleViewModel, output: Float[Tensor, "views values"], truth: UInt8[Tensor, "views rows columns bytes"]
    ) -> Float[Tensor, " thresholds"]:
        occupancy = _split(model, output).occupancy
        pairs = zip(occupancy, unpack_bits(truth.to(occupancy.device)).permute(0, 3, 1, 2), strict=True)
        return torch.stack([mean_iou(logits[None], solid) for logits, solid in pairs]).mean(dim=0)

    @staticmethod
    @torch.no_grad()
    def shapes(model: SingleViewModel, output: Float[Tensor, "batch values"], level: float) -> list[Prediction]:
        """Read shapes as at run time, but for the silhouette, which the network's output does not hold."""
        shapes = []
        for reading in _readings(model, output, level):
            field = whole_grid(reading.grid, RESOLUTION, level)
            mesh = surface_of(guided_grid(reading.grid, mesh_resolution(RESOLUTION), field)).mesh
            shapes.append(Prediction(field.occupancy, surface_points(mesh, NUM_POINTS), mesh))
        return shapes

    @staticmethod
    @torch.no_grad()
    def probabilities(
        model: SingleViewModel, output: Float[Tensor, "batch values"], level: float = 0.0
    ) -> Float[Tensor, "batch 32 32 32"]:
        grids = [whole_grid(reading.grid, RESOLUTION, level).logits for reading in _readings(model, output, level)]
        return torch.from_numpy(np.stack(grids)).sigmoid()

    @staticmethod
    def graphs(model: SingleViewModel) -> list[Graph]:
        """Make the graph that `shapeshot.model.view_network` runs."""
        return [pixels_graph(VIEW, _Views(model), model, OUTPUTS)]

    @staticmethod
    def card(model: SingleViewModel) -> dict[str, Any]:
        """Say how deep the grid reaches, which the weights depend on."""
        return {"half_depth": HALF_DEPTH}


class _Views(nn.Module):
    """From pixels to the parts of a ViewOutput, colours as sRGB, and pooled features."""

    def __init__(self, model: SingleViewModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: UInt8[Tensor, "batch size size 3"]) -> tuple[Tensor, ...]:
        output, pooled = self.model.see(pixels.permute(0, 3, 1, 2))
        seen = _split(self.model, output)
        return seen.occupancy, seen.colors.sigmoid(), seen.azimuth, seen.pose, pooled


def _split(model: SingleViewModel, output: Float[Tensor, "batch values"]) -> ViewOutput:
    return cast(FrustumDecoder, model.decoder).split(output)


def _readings(model: SingleViewModel, output: Float[Tensor, "batch values"], level: float) -> list[ViewReading]:
    """What the runtime reads in each output, without a silhouette and without a photo's colours."""
    seen = ViewOutput(*(part.cpu().numpy() for part in _split(model, output)))  # type: ignore[arg-type]
    readings = []
    for occupancy, colors, azimuth, pose in zip(*seen, strict=True):
        blank = np.zeros((1, 1, 3), np.uint8)
        painted = ViewColors(blank, np.zeros((1, 1), np.float32), colors)
        readings.append(ViewReading(occupancy, estimate_camera(azimuth, pose), painted, None, level))
    return readings


def framed(
    item: TrainingObject,
    view: int,
    framing: Framing | None = None,
    rgba: UInt8[np.ndarray, "height width 4"] | None = None,
) -> tuple[UInt8[np.ndarray, "height width 4"], Frustum]:
    """Return a view, turned as it was framed, and the frustum of its crop.

    rgba: the view, where it was decoded and turned already. Raises DatasetError for views without cameras.
    """
    if len(item.cameras) != len(item.views):
        raise DatasetError(f"the cameras of {item.id}'s views are not known; a view model cannot be trained on it")
    if rgba is None:
        plain = decode_view(item.views[view])
        framing = framing or plain_framing(plain)
        rgba = turned(plain, framing.roll_deg)
    framing = framing or plain_framing(rgba)
    return rgba, Frustum(item.cameras[view], framing.box, rgba.shape[0], framing.roll_deg)


def unpack_bits(packed: UInt8[Tensor, "*places bytes"]) -> Bool[Tensor, "*places bits"]:
    """Turn what numpy's packbits packed along the last axis into booleans."""
    shifts = torch.arange(7, -1, -1, device=packed.device, dtype=torch.uint8)
    return ((packed[..., None] >> shifts) & 1).flatten(-2).bool()


def _resolution(config: ViewModelConfig) -> int:
    """Cells along each side of the frustum grid: one for two pixels of the crop."""
    return (config.image_size or 128) // 2


def _occupancy(
    item: TrainingObject, frustum: Frustum, silhouette: Float[np.ndarray, "side side"], depths: int
) -> Bool[np.ndarray, "depths side side"]:
    return frustum_occupancy(item.solid, frustum, len(silhouette), depths, _grown(silhouette > 0.02, RAY_MARGIN))


def _grown(mask: Bool[np.ndarray, "rows columns"], cells: int) -> Bool[np.ndarray, "rows columns"]:
    """A mask grown by so many cells to all sides."""
    grown = np.pad(mask, cells)
    for axis in range(2):
        grown = np.logical_or.reduce([np.roll(grown, shift, axis) for shift in range(-cells, cells + 1)])
    return grown[cells:-cells, cells:-cells]
