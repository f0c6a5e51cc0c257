"""The chamfer distance between batches of point clouds, with the names and conventions of PyTorch3D."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F

from shapeshot.errors import UserError
from shapeshot.lab.ops.knn import knn_gather, knn_points
from shapeshot.lab.ops.point_clouds import check_pair, checked_lengths, valid_mask, wide, without_padding

BATCH_REDUCTIONS = ("mean", "sum")
POINT_REDUCTIONS = ("mean", "sum", "max")

# A scalar, [batch], or without point_reduction a pair ([batch, points_x], [batch, points_y]); single_directional drops
# the second of a pair.
Reduced: TypeAlias = "Tensor | tuple[Tensor, Tensor]"


def chamfer_distance(
    x: Tensor,
    y: Tensor,
    x_lengths: Tensor | None = None,
    y_lengths: Tensor | None = None,
    x_normals: Tensor | None = None,
    y_normals: Tensor | None = None,
    weights: Tensor | None = None,
    batch_reduction: str | None = "mean",
    point_reduction: str | None = "mean",
    norm: int = 2,
    single_directional: bool = False,
    abs_cosine: bool = True,
) -> tuple[Reduced, Reduced | None]:
    """(distance, disagreement of normals or None): mean_x min_y |x - y|^2 + mean_y min_x |x - y|^2 by default.

    Fan et al., "A Point Set Generation Network" (CVPR 2017), equation 2, with means in place of sums, so that the
    number of points does not scale it. The second value is the same sum over 1 - |cos| of the angle between the
    normals of those nearest pairs (1 - cos with abs_cosine=False).

    x: [batch, points_x, dims]; y: [batch, points_y, dims]; any units, the result is in their square (norm 2) or in
    them (norm 1, sums of absolute differences). x_lengths, y_lengths: int [batch]. x_normals, y_normals: as x and y,
    both or neither, of any length. weights: [batch], not negative, multiply each item's distance.
    point_reduction: "mean", "sum", "max" (the Hausdorff distance; no normals) or None for the distance of every point.
    batch_reduction: "mean" (by the sum of the weights, where given), "sum" or None for one value an item.
    single_directional: only from x to y.
    An item in which x or y has no points contributes 0, as in PyTorch3D: a loss that must punish an empty prediction
    has to look at the lengths itself. Differentiable in points and normals. float16 and bfloat16 are reduced in
    float32. Raises UserError for shapes, lengths, weights or reductions that do not fit, and NaN or infinite values.
    """
    check_pair(x, y, "x", "y")
    _check_reductions(batch_reduction, point_reduction)
    _check_normals(x, y, x_normals, y_normals, point_reduction)
    weights = _checked_weights(weights, x)
    x_lengths, y_lengths = checked_lengths(x_lengths, x, "x_lengths"), checked_lengths(y_lengths, y, "y_lengths")
    points_x, points_y = wide(x), wide(y)
    if x_normals is not None and y_normals is not None:
        x_normals = wide(without_padding(x_normals, x_lengths, "x_normals"))
        y_normals = wide(without_padding(y_normals, y_lengths, "y_normals"))
    options = (weights, point_reduction, norm, abs_cosine)
    terms = [_one_direction(points_x, points_y, x_lengths, y_lengths, x_normals, y_normals, *options)]
    if not single_directional:
        terms.append(_one_direction(points_y, points_x, y_lengths, x_lengths, y_normals, x_normals, *options))
    distance = _reduce([term[0] for term in terms], weights, batch_reduction, point_reduction, x.dtype)
    if x_normals is None:
        return distance, None
    disagreement = [term[1] for term in terms if term[1] is not None]
    return distance, _reduce(disagreement, weights, batch_reduction, point_reduction, x.dtype)


def _one_direction(
    source: Tensor,
    target: Tensor,
    source_lengths: Tensor,
    target_lengths: Tensor,
    source_normals: Tensor | None,
    target_normals: Tensor | None,
    weights: Tensor | None,
    point_reduction: str | None,
    norm: int,
    abs_cosine: bool,
) -> tuple[Tensor, Tensor | None]:
    """Distances and disagreements from each point of `source`, weighted: [batch], or [batch, points] unreduced."""
    found = knn_points(source, target, source_lengths, target_lengths, K=1, norm=norm)
    dists = _over_points(found.dists[..., 0], source_lengths, weights, point_reduction)
    if source_normals is None or target_normals is None:
        return dists, None
    if not target.shape[1]:
        return dists, torch.zeros_like(dists)
    nearest = knn_gather(target_normals, found.idx)[:, :, 0]
    cosine = F.cosine_similarity(source_normals, nearest, dim=2, eps=1e-6)
    angles = 1 - (cosine.abs() if abs_cosine else cosine)
    paired = valid_mask(source_lengths, source.shape[1]) & (target_lengths > 0)[:, None]
    angles = torch.where(paired, angles, torch.zeros_like(angles))
    return dists, _over_points(angles, source_lengths, weights, point_reduction)


def _over_points(values: Tensor, lengths: Tensor, weights: Tensor | None, reduction: str | None) -> Tensor:
    """Reduce [batch, points], which is 0 in the padding, to [batch], or not at all."""
    if weights is not None:
        values = values * weights[:, None]
    if reduction is None:
        return values
    if reduction == "max":
        return values.amax(dim=1) if values.shape[1] else values.sum(dim=1)
    sums = values.sum(dim=1)
    return sums / lengths.clamp(min=1) if reduction == "mean" else sums


def _reduce(
    directions: list[Tensor],
    weights: Tensor | None,
    batch_reduction: str | None,
    point_reduction: str | None,
    dtype: torch.dtype,
) -> Reduced:
    """Join one or two directions and reduce over the batch."""
    if point_reduction is None:
        parts = [direction.to(dtype) for direction in directions]
        return parts[0] if len(parts) == 1 else (parts[0], parts[1])
    total = directions[0]
    for other in directions[1:]:
        total = torch.maximum(total, other) if point_reduction == "max" else total + other
    if batch_reduction is None:
        return total.to(dtype)
    if batch_reduction == "sum":
        return total.sum().to(dtype)
    count = total.new_tensor(float(max(len(total), 1))) if weights is None else weights.sum()
    # All weights 0: the sum is 0 too, and so is its mean.
    return (total.sum() / torch.where(count > 0, count, torch.ones_like(count))).to(dtype)


def _check_reductions(batch_reduction: str | None, point_reduction: str | None) -> None:
    for name, value, known in (
        ("batch_reduction", batch_reduction, BATCH_REDUCTIONS),
        ("point_reduction", point_reduction, POINT_REDUCTIONS),
    ):
        if value is not None and value not in known:
            raise UserError(f"{name} must be one of {', '.join(known)} or None; got {value!r}")
    if point_reduction is None and batch_reduction is not None:
        raise UserError("point_reduction=None keeps every point, so it needs batch_reduction=None too")


def _check_normals(
    x: Tensor, y: Tensor, x_normals: Tensor | None, y_normals: Tensor | None, point_reduction: str | None
) -> None:
    if (x_normals is None) != (y_normals is None):
        raise UserError("x_normals and y_normals are compared with each other; give both or neither")
    if x_normals is None or y_normals is None:
        return
    if point_reduction == "max":
        raise UserError('point_reduction="max" has no meaning for normals; leave x_normals and y_normals out')
    check_pair(x_normals, y_normals, "x_normals", "y_normals")
    for name, normals, points in (("x_normals", x_normals, x), ("y_normals", y_normals, y)):
        if normals.shape[:2] != points.shape[:2] or normals.device != points.device:
            raise UserError(
                f"{name} must have one row per point, {list(points.shape[:2])} on {points.device}; "
                f"got {list(normals.shape)} on {normals.device}"
            )


def _checked_weights(weights: Tensor | None, x: Tensor) -> Tensor | None:
    """Weights in the dtype the reductions use; UserError unless [batch], finite and not negative."""
    if weights is None:
        return None
    if not isinstance(weights, Tensor) or weights.shape != (len(x),):
        came = list(weights.shape) if isinstance(weights, Tensor) else type(weights).__name__
        raise UserError(f"weights must be a tensor of shape [{len(x)}], one per item of the batch; got {came}")
    if not bool(((weights >= 0) & weights.isfinite()).all()):
        raise UserError(f"weights must be finite and not negative; got {weights.tolist()}")
    return weights.to(device=x.device, dtype=wide(x).dtype)
