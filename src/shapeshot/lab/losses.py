"""Training losses: pure functions of predictions and targets.

Each is a mean, so that no count of points, voxels or images rescales one against another; lengths are fractions of the
canonical cube's side. All are scalars, differentiable in the predictions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor
from torch.nn import functional as F

from shapeshot.errors import UserError, unknown_name
from shapeshot.lab.ops import (
    MeshBatch,
    chamfer_distance,
    mesh_edge_loss,
    mesh_laplacian_smoothing,
    mesh_normal_consistency,
    sample_points_from_meshes,
)

CLAMP = 1e-6  # float32 tells 1 - 1e-6 from 1, and -log(1e-6) = 13.8 is the most that one voxel can cost
AZIMUTH_CONCENTRATION = 15.0
POSE_WEIGHTS = (10.0, 10.0, 1.0)  # of elevation and roll, which vary by 0.2 and 0.1, and of the distance's logarithm
CHAMFER_REDUCTIONS = ("mean", "sum")

Target = Shaped[Tensor, "*places"]  # bool, or numbers in [0, 1]


def voxel_loss(probabilities: Float[Tensor, "*places"], targets: Target, clamp: float = CLAMP) -> Float[Tensor, ""]:
    """Binary cross-entropy of occupancy probabilities, clamped to [clamp, 1 - clamp], mean over all voxels.

    -(t log p + (1 - t) log(1 - p)) (Girdhar et al., "Learning a Predictable and Generative Vector Representation for
    Objects", ECCV 2016, equation 1). The clamp keeps a certain mistake finite; beyond it the gradient is 0.

    probabilities: in [0, 1], of any shape, usually [batch, x, y, z]; targets: the same shape, bool or in [0, 1].
    """
    p = _wide(probabilities).clamp(clamp, 1 - clamp)  # in half precision 1 - 1e-6 would be 1
    t = targets.to(p.dtype)
    return -(t * p.log() + (1 - t) * torch.log1p(-p)).mean()


def voxel_loss_from_logits(logits: Float[Tensor, "*places"], targets: Target) -> Float[Tensor, ""]:
    """Compute `voxel_loss` of sigmoid(logits) without the clamp: a certain mistake keeps its gradient.

    Equal to the clamped form where no clamp acts (|logit| < 13.8).
    """
    return field_occupancy_loss(logits, targets)


def chamfer_loss(
    points: Float[Tensor, "batch n 3"], targets: Float[Tensor, "batch m 3"], reduction: str = "mean"
) -> Float[Tensor, ""]:
    """Squared distance to the nearest point, both directions, mean over the batch.

    mean: mean_p min_t |p - t|^2 + mean_t min_p |t - p|^2, which does not depend on how many points there are.
    sum: the classic sums over points (Fan et al., "A Point Set Generation Network", CVPR 2017, equation 2); twice the
    points, twice the loss, so weights beside it must be chosen anew.

    Raises UserError for an unknown reduction, for clouds without points and for values that are not finite.
    """
    if reduction not in CHAMFER_REDUCTIONS:
        raise unknown_name("chamfer reduction", reduction, CHAMFER_REDUCTIONS)
    if not points.shape[1] or not targets.shape[1]:
        raise UserError(f"a chamfer loss needs points on both sides; got {points.shape[1]} and {targets.shape[1]}")
    # Under autocast the search would multiply in half precision, and find neighbours that are none.
    with torch.autocast(points.device.type, enabled=False):
        distance, _ = chamfer_distance(_wide(points), _wide(targets), point_reduction=reduction)
    assert isinstance(distance, Tensor)
    return distance


def smoothness_loss(meshes: MeshBatch) -> Float[Tensor, ""]:
    """Uniform Laplacian smoothing: mean over vertices of the distance to the middle of their neighbours.

    |1 / |N(i)| sum_{j in N(i)} v_j - v_i| (Desbrun et al., SIGGRAPH 1999), as in Pixel2Mesh and PyTorch3D.
    """
    return mesh_laplacian_smoothing(meshes, "uniform")


@dataclass(frozen=True)
class MeshLossWeights:
    """The weight of each term of `mesh_loss`; a term with weight 0 is not computed."""

    chamfer: float = 1.0
    """Of the chamfer distance between surface samples."""
    smooth: float = 0.1
    """Of the Laplacian."""
    edge: float = 0.0
    """Of the mean squared edge length, which keeps triangles from growing spikes."""
    normal: float = 0.0
    """Of 1 - cos between neighbouring faces."""


def mesh_loss(
    meshes: MeshBatch,
    targets: Float[Tensor, "batch points 3"],
    weights: MeshLossWeights | None = None,
    *,
    num_samples: int = 2000,
    reduction: str = "mean",
    generator: torch.Generator | None = None,
) -> dict[str, Tensor]:
    """Compute the chamfer distance of points sampled on the meshes to the targets, and the terms of smoothness.

    After Wang et al., "Pixel2Mesh" (ECCV 2018), with points on faces in place of vertices alone. Gradients reach the
    vertices through each sample's barycentric weights.

    targets: points of the true surface. num_samples: points on each mesh. generator: of those samples.
    Returns each unweighted term by name, and "loss", their weighted sum.
    """
    weights = weights or MeshLossWeights()
    samples = sample_points_from_meshes(meshes, num_samples, generator=generator)
    assert isinstance(samples, Tensor)
    terms = {"chamfer": (weights.chamfer, chamfer_loss(samples, targets, reduction))}
    for name, weight, term in (
        ("smooth", weights.smooth, smoothness_loss),
        ("edge", weights.edge, mesh_edge_loss),
        ("normal", weights.normal, mesh_normal_consistency),
    ):
        if weight:
            terms[name] = (weight, term(meshes))
    loss = torch.stack([weight * value for weight, value in terms.values()]).sum()
    return {"loss": loss} | {name: value for name, (_, value) in terms.items()}


def field_occupancy_loss(
    logits: Float[Tensor, "*places"], targets: Target, weights: Float[Tensor, "*places"] | None = None
) -> Float[Tensor, ""]:
    """Binary cross-entropy of occupancy logits, mean over all points.

    For logit z, target t in [0, 1] and weight w: w (max(z, 0) - z t + log(1 + exp(-|z|))), which is
    -w (t log s(z) + (1 - t) log(1 - s(z))) with the logistic s, written so that it never overflows
    (Mescheder et al., "Occupancy Networks", CVPR 2019, equation 3).

    All are of one shape, usually [batch, points]. Weights default to 1; the mean is over points, not over weights, so
    weights that average 1 keep the loss's scale.
    """
    return F.binary_cross_entropy_with_logits(logits, targets.to(logits.dtype), weight=weights)


def field_color_loss(
    colors: Float[Tensor, "batch points 3"],
    targets: Float[Tensor, "batch points 3"],
    weights: Float[Tensor, "batch points"] | Bool[Tensor, "batch points"] | None = None,
) -> Float[Tensor, ""]:
    """Mean absolute sRGB difference over the points where colour is known; 0 where none is.

    sum_p w_p mean_c |colors_pc - targets_pc| / sum_p w_p. Colour means something only near the surface: give
    weights 1 there and 0 elsewhere.

    colors, targets: in [0, 1]; weights: not negative, default 1.
    """
    difference = (colors - targets).abs().mean(dim=-1)
    if weights is None:
        return difference.mean()
    return (difference * weights).sum() / weights.sum().clamp(min=1e-8)


def _wide(values: Float[Tensor, " ..."]) -> Float[Tensor, " ..."]:
    """Return the values in at least single precision."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def view_occupancy_loss(
    logits: Float[Tensor, "batch depths rows columns"],
    targets: Bool[Tensor, "batch depths rows columns"],
    rays: Bool[Tensor, "batch rows columns"],
) -> Float[Tensor, ""]:
    """Binary cross-entropy along the chosen rays: the mean over those of an image, then the mean over images.

    An object that covers few pixels so counts as much as one that fills the crop.
    """
    chosen, truth = logits.permute(0, 2, 3, 1)[rays].float(), targets.permute(0, 2, 3, 1)[rays]
    each = F.softplus(torch.where(truth, -chosen, chosen)).mean(dim=1)
    counts = rays.sum(dim=(1, 2))
    image = torch.arange(len(rays), device=rays.device).repeat_interleave(counts)
    return (each / counts[image]).sum() / len(rays)


def view_surface_loss(
    logits: Float[Tensor, "batch depths rows columns"], targets: Bool[Tensor, "batch depths rows columns"]
) -> Float[Tensor, ""]:
    """How far the first and the last surface along each ray lie from the true ones, in parts of the grid's depth.

    With p_k the probability that depth k is inside, a ray is expected to travel sum_k prod_{j <= k} (1 - p_j) cells
    before it enters the object, as `expected_depth` computes it (the ray termination of Tulsiani et al., "Multi-view
    Supervision for Single-view Reconstruction via Differentiable Ray Consistency", CVPR 2017). The loss is the mean
    absolute error of that on the rays that truly meet the object, from the front and from the back, plus the mean
    absolute difference of the error between neighbouring rays (the gradient matching of Li and Snavely, "MegaDepth",
    CVPR 2018). Cross-entropy alone leaves an uncertain front in doubt; this makes the network choose one, without pits.
    """
    hit = targets.any(dim=1)
    if not hit.any():
        return logits.sum() * 0
    values, truth = logits.permute(0, 2, 3, 1)[hit].float(), targets.permute(0, 2, 3, 1)[hit].float()
    depths = values.shape[-1]
    losses = []
    for order in (1, -1):
        solid = truth if order == 1 else truth.flip(-1)
        travelled = expected_depth(values if order == 1 else values.flip(-1))
        error = (travelled - solid.argmax(dim=-1)) / depths
        losses.append(error.abs().mean() + _roughness(error, hit))
    return (losses[0] + losses[1]) / 2


def expected_depth(logits: Float[Tensor, "rays depths"]) -> Float[Tensor, " rays"]:
    """How many cells a ray is expected to travel before it enters one that is inside; `depths` if it enters none."""
    return (-F.softplus(logits)).cumsum(dim=-1).exp().sum(dim=-1)


def _roughness(error: Float[Tensor, " rays"], hit: Bool[Tensor, "batch rows columns"]) -> Float[Tensor, ""]:
    """The mean absolute difference of the error between rays of `hit` beside and below each other."""
    spread = error.new_zeros(hit.shape).masked_scatter(hit, error)
    total = pairs = error.new_zeros(())
    for axis in (1, 2):
        length = hit.shape[axis] - 1
        both = hit.narrow(axis, 0, length) & hit.narrow(axis, 1, length)
        total = total + spread.diff(dim=axis)[both].abs().sum()
        pairs = pairs + both.sum()
    return total / pairs.clamp(min=1)


def view_overlap_loss(
    logits: Float[Tensor, "batch depths rows columns"],
    targets: Bool[Tensor, "batch depths rows columns"],
    rays: Bool[Tensor, "batch rows columns"],
) -> Float[Tensor, ""]:
    """One minus the soft intersection over union of each image's grid along the chosen rays, the mean over images.

    sum p t / sum (p + t - p t) (Rahman and Wang, "Optimizing Intersection-Over-Union in Deep Neural Networks for Image
    Segmentation", ISVC 2016).
    """
    inside = logits.permute(0, 2, 3, 1)[rays].float().sigmoid()
    truth = targets.permute(0, 2, 3, 1)[rays]
    both = torch.stack([(inside * truth).sum(dim=1), inside.sum(dim=1) + truth.sum(dim=1)])
    image = torch.arange(len(rays), device=rays.device).repeat_interleave(rays.sum(dim=(1, 2)))
    intersection, total = both.new_zeros(2, len(rays)).index_add(1, image, both)
    loss: Tensor = (1 - intersection / (total - intersection).clamp(min=1)).mean()
    return loss


def view_color_loss(
    colors: Float[Tensor, "batch 3 depths rows columns"],
    places: Float[Tensor, "batch points 3"],
    targets: Float[Tensor, "batch points 3"],
) -> Float[Tensor, ""]:
    """L1 of sRGB at points of the surface. places: (column, row, depth) in the grid, each from -1 to 1.

    colors: logits on a frustum grid. Points beyond the grid are left out.
    """
    found = F.grid_sample(colors.float(), places[:, None, None], padding_mode="border", align_corners=False)
    inside = (places.abs() <= 1).all(dim=-1)
    error = (found[:, :, 0, 0].transpose(1, 2).sigmoid() - targets).abs().mean(dim=-1)
    return (error * inside).sum() / inside.sum().clamp(min=1)


def view_camera_loss(
    azimuth: Float[Tensor, "batch bins"], pose: Float[Tensor, "batch 3"], targets: Float[Tensor, "batch 4"]
) -> Float[Tensor, ""]:
    """Cross-entropy of the azimuth's distribution, and squared errors of elevation, roll and log distance.

    targets: azimuth, elevation and roll in radians, log distance. The true azimuth is spread over the bins as a von
    Mises distribution of concentration AZIMUTH_CONCENTRATION, 15 degrees wide; where it is NaN, it is not known, and
    the cross-entropy is the mean over the others.
    """
    bins = azimuth.shape[-1]
    centers = torch.arange(bins, device=azimuth.device) * (2 * torch.pi / bins)
    known = ~targets[:, 0].isnan()
    spread = torch.softmax(AZIMUTH_CONCENTRATION * torch.cos(targets[:, :1].nan_to_num() - centers), dim=-1)
    entropies = -(spread * F.log_softmax(azimuth.float(), dim=-1)).sum(dim=-1)
    entropy = (entropies * known).sum() / known.sum().clamp(min=1)
    error = (pose.float() - targets[:, 1:]) ** 2
    return entropy + (error * error.new_tensor(POSE_WEIGHTS)).sum(dim=-1).mean()
