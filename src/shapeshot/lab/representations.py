"""One row per kind of output: its targets, loss, score, shapes and graphs. The only place that branches on the kind."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from shapeshot.data.queries import sample_queries
from shapeshot.geometry import cell_centers
from shapeshot.lab.loading.batches import TrainingObject
from shapeshot.lab.train_config import TrainConfig
from shapeshot.lab.decoders.decoder import Decoder
from shapeshot.lab.decoders.free import FreeField, FreeMesh, FreePoints, FreeVoxels
from shapeshot.lab.decoders.mesh import DeformedSphere
from shapeshot.lab.kinds.graphs import Graph, field_graphs, shape_graph
from shapeshot.lab.losses import (
    MeshLossWeights,
    chamfer_loss,
    field_color_loss,
    field_occupancy_loss,
    mesh_loss,
    voxel_loss,
    voxel_loss_from_logits,
)
from shapeshot.lab.model import SingleViewModel
from shapeshot.lab.ops import f_score, sample_points_from_meshes
from shapeshot.lab.shapes import field_shapes, mesh_shapes, point_shape, voxel_shape
from shapeshot.model.folder import FORMAT as FIELD_FORMAT
from shapeshot.scores.prediction import RESOLUTION, Prediction

THRESHOLDS = tuple(round(0.1 + 0.05 * step, 2) for step in range(13))  # of occupancy, tried in validation
F_SCORE_DISTANCE = 0.05  # of the cube's side: what validates points and meshes
NUM_VALIDATION_POINTS = 2048

Arrays = dict[str, np.ndarray]
Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Representation:
    """How one kind of output is trained, chosen, scored and exported. `output` is what the model's forward returned.

    target: (object, generator, config) -> named arrays of one example. mirror: those arrays, with x turned round.
    loss: (model, output, targets, config, generator) -> named scalars; "loss" is what is minimised.
    truth: what validation compares with, made once per object. thresholds: of occupancy to choose from, or none.
    score: (model, output of one object's views, truth) -> a score per threshold [thresholds] (one where there are
        none), the mean over views; higher is better. score_name: what it is.
    shapes: (model, output, level) -> a shape an image; level is the threshold as a logit. Raises EmptyShapeError.
    gives: what its shapes have, of volume, surface, normals, mesh and (where `probabilities` is there) probabilities;
        the metrics that need something else are missing for it.
    probabilities: (model, output) -> occupancy probability [batch, 32, 32, 32], or None where the kind has none.
    graphs: what is exported. format: the card's format of such a model folder.
    free: the decoder whose output is a parameter, which `lab/fit.py` optimises. form: which reading of a
        Prediction is predicted as such, "voxels", "points" or "mesh"; the others follow from it.
    """

    target: Callable[[TrainingObject, np.random.Generator, TrainConfig], Arrays]
    mirror: Callable[[Arrays], Arrays]
    loss: Callable[[SingleViewModel, Tensor, Tensors, TrainConfig, torch.Generator], Tensors]
    truth: Callable[[TrainingObject], Tensor]
    score: Callable[[SingleViewModel, Tensor, Tensor], Tensor]
    score_name: str
    shapes: Callable[[SingleViewModel, Tensor, float], list[Prediction]]
    graphs: Callable[[SingleViewModel], list[Graph]]
    gives: frozenset[str]
    free: type[Decoder]
    form: str
    probabilities: Callable[[SingleViewModel, Tensor], Tensor] | None = field(default=None)
    thresholds: tuple[float, ...] = field(default=())
    format: str = "shapeshot-shape-model"


def occupancy_truth(item: TrainingObject) -> Tensor:
    """The object's occupancy, bool [32, 32, 32]."""
    return torch.from_numpy(item.occupancy)


def surface_truth(item: TrainingObject) -> Tensor:
    """2048 points of the object's surface, float32 [points, 3], always the same."""
    return torch.from_numpy(surface_target(item, np.random.default_rng(0), NUM_VALIDATION_POINTS)["points"])


def voxel_target(item: TrainingObject, rng: np.random.Generator, config: TrainConfig) -> Arrays:
    """occupancy bool [32, 32, 32]."""
    return {"occupancy": item.occupancy}


def voxel_terms(
    model: SingleViewModel, logits: Tensor, targets: Tensors, config: TrainConfig, generator: torch.Generator
) -> Tensors:
    """Binary cross-entropy, on clamped probabilities or (voxel_form "logits") without a clamp."""
    if config.voxel_form == "logits":
        return {"loss": voxel_loss_from_logits(logits.float(), targets["occupancy"])}
    return {"loss": voxel_loss(logits.float().sigmoid(), targets["occupancy"])}


def voxel_score(model: SingleViewModel, logits: Tensor, truth: Tensor) -> Tensor:
    """Mean IoU over views at every threshold."""
    return mean_iou(logits.float(), truth)


def mean_iou(logits: Tensor, truth: Tensor) -> Tensor:
    """Of logits [views, x, y, z] with a truth bool [x, y, z]: mean over views at each of THRESHOLDS, [thresholds]."""
    thresholds = torch.tensor(THRESHOLDS, device=logits.device)
    predicted = logits.sigmoid().flatten(1)[None] > thresholds[:, None, None]
    flat = truth.to(logits.device).flatten()
    intersection, union = (predicted & flat).sum(-1), (predicted | flat).sum(-1)
    return (intersection / union.clamp(min=1)).mean(dim=1)


def surface_target(item: TrainingObject, rng: np.random.Generator, num_points: int) -> Arrays:
    """points float32 [num_points, 3] of the surface, drawn without replacement as far as there are enough."""
    chosen = np.resize(rng.permutation(len(item.points)), num_points)
    return {"points": item.points[chosen].astype(np.float32)}


def point_terms(
    model: SingleViewModel, points: Tensor, targets: Tensors, config: TrainConfig, generator: torch.Generator
) -> Tensors:
    """Chamfer distance to as many points of the true surface as are predicted."""
    chamfer = chamfer_loss(points, targets["points"], config.chamfer)
    return {"loss": config.w_chamfer * chamfer, "chamfer": chamfer}


def point_score(model: SingleViewModel, points: Tensor, truth: Tensor) -> Tensor:
    """Mean F-score at 5 % over views, [1]."""
    everywhere = truth.to(points.device).expand(len(points), -1, -1)
    return f_score(points.float(), everywhere, F_SCORE_DISTANCE).f_score.mean()[None]


def mesh_terms(
    model: SingleViewModel, vertices: Tensor, targets: Tensors, config: TrainConfig, generator: torch.Generator
) -> Tensors:
    """Chamfer distance of samples of the surface, and the terms that keep it smooth."""
    weights = MeshLossWeights(config.w_chamfer, config.w_smooth, config.w_edge, config.w_normal)
    meshes = _mesh_decoder(model).meshes(vertices)
    return mesh_loss(
        meshes,
        targets["points"],
        weights,
        num_samples=config.num_samples,
        reduction=config.chamfer,
        generator=generator,
    )


def mesh_score(model: SingleViewModel, vertices: Tensor, truth: Tensor) -> Tensor:
    """Mean F-score at 5 % over views, of points sampled on each mesh with a fixed seed, [1]."""
    generator = torch.Generator(vertices.device).manual_seed(0)
    meshes = _mesh_decoder(model).meshes(vertices)
    points = sample_points_from_meshes(meshes, NUM_VALIDATION_POINTS, generator=generator)
    assert isinstance(points, Tensor)
    return point_score(model, points, truth)


def field_target(item: TrainingObject, rng: np.random.Generator, config: TrainConfig) -> Arrays:
    """Queries with the field's value there; see `data.queries.Queries`."""
    queries = sample_queries(item.solid, item.points.astype(np.float32), item.colors, config.num_queries, rng)
    occupancy = queries.occupancy.astype(np.float32)
    return {"points": queries.points, "occupancy": occupancy, "colors": queries.colors, "near": queries.near}


def field_terms(
    model: SingleViewModel, planes: Tensor, targets: Tensors, config: TrainConfig, generator: torch.Generator
) -> Tensors:
    """Binary cross-entropy of the occupancy plus `color_weight` times the L1 of colours near the surface."""
    logits, colors = model.field.at(planes, targets["points"])
    occupancy = field_occupancy_loss(logits, targets["occupancy"])
    color = field_color_loss(colors, targets["colors"], targets["near"])
    return {"loss": occupancy + config.color_weight * color, "occupancy": occupancy, "color": color}


def field_score(model: SingleViewModel, planes: Tensor, truth: Tensor) -> Tensor:
    """Mean IoU over views at every threshold."""
    return mean_iou(field_logits(model, planes), truth)


def field_logits(model: SingleViewModel, planes: Tensor) -> Tensor:
    """Occupancy logits at the centres of 32^3 cells, float32 [batch, 32, 32, 32]."""
    axis = torch.from_numpy(cell_centers(RESOLUTION)).to(planes.device)
    return model.field.grid(planes, axis, axis, axis).float()


def mirror_points(arrays: Arrays) -> Arrays:
    """Points with x turned round; everything else as it is."""
    return arrays | {"points": arrays["points"] * np.array([-1, 1, 1], np.float32)}


def mirror_voxels(arrays: Arrays) -> Arrays:
    """Occupancy with x turned round."""
    return {"occupancy": arrays["occupancy"][::-1]}


@dataclass(frozen=True)
class Targets:
    """Object -> the arrays that a kind of model is trained on; a class, so that worker processes can be sent one."""

    kind: str
    config: TrainConfig

    def __call__(self, item: TrainingObject, mirrored: bool, rng: np.random.Generator) -> Arrays:
        row = REPRESENTATIONS[self.kind]
        arrays = row.target(item, rng, self.config)
        return row.mirror(arrays) if mirrored else arrays


def level_of(threshold: float | None) -> float:
    """A probability threshold as a logit; 0 for kinds without one."""
    return 0.0 if threshold is None else math.log(threshold / (1 - threshold))


def _mesh_decoder(model: SingleViewModel) -> DeformedSphere:
    assert isinstance(model.decoder, DeformedSphere)
    return model.decoder


REPRESENTATIONS: dict[str, Representation] = {
    "vox": Representation(
        target=voxel_target,
        mirror=mirror_voxels,
        loss=voxel_terms,
        truth=occupancy_truth,
        score=voxel_score,
        score_name="IoU",
        shapes=lambda model, logits, level: [voxel_shape(item, level) for item in logits.float().cpu().numpy()],
        graphs=lambda model: shape_graph(model, "logits"),
        gives=frozenset(("volume", "surface", "normals", "mesh", "probabilities")),
        probabilities=lambda model, logits: logits.float().sigmoid(),
        free=FreeVoxels,
        form="voxels",
        thresholds=THRESHOLDS,
    ),
    "point": Representation(
        target=lambda item, rng, config: surface_target(item, rng, config.model.num_points),
        mirror=mirror_points,
        loss=point_terms,
        truth=surface_truth,
        score=point_score,
        score_name="F-score at 5 %",
        shapes=lambda model, points, level: [point_shape(item) for item in points.float().cpu().numpy()],
        graphs=lambda model: shape_graph(model, "points"),
        gives=frozenset(("surface",)),  # a cloud encloses nothing and has no normals
        free=FreePoints,
        form="points",
    ),
    "mesh": Representation(
        target=lambda item, rng, config: surface_target(item, rng, config.num_samples),
        mirror=mirror_points,
        loss=mesh_terms,
        truth=surface_truth,
        score=mesh_score,
        score_name="F-score at 5 %",
        shapes=lambda model, vertices, level: mesh_shapes(model, vertices),
        graphs=lambda model: shape_graph(model, "vertices"),
        gives=frozenset(("volume", "surface", "normals", "mesh")),
        free=FreeMesh,
        form="mesh",
    ),
    "field": Representation(
        target=field_target,
        mirror=mirror_points,
        loss=field_terms,
        truth=occupancy_truth,
        score=field_score,
        score_name="IoU",
        shapes=field_shapes,
        graphs=field_graphs,
        gives=frozenset(("volume", "surface", "normals", "mesh", "probabilities")),
        probabilities=lambda model, planes: field_logits(model, planes).sigmoid(),
        free=FreeField,
        form="mesh",
        thresholds=THRESHOLDS,
        format=FIELD_FORMAT,
    ),
}
