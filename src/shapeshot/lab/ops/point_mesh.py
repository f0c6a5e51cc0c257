"""Squared distance from points to the nearest triangle of a mesh."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from shapeshot.errors import UserError
from shapeshot.lab.ops.backends import triangles_kernel
from shapeshot.lab.ops.point_clouds import check_points, checked_lengths, valid_mask, wide, without_padding

# The reference looks at so many pairs of a point and a triangle at a time: about 300 MB.
_REFERENCE_PAIRS = 1 << 20


class PointMeshDistance(NamedTuple):
    """What `point_to_mesh_distance` returns; both are 0 in the padding.

    dists: [batch, points], squared. idx: int64 [batch, points], the nearest triangle.
    """

    dists: Tensor
    idx: Tensor


def point_to_mesh_distance(
    points: Tensor,
    triangles: Tensor,
    points_lengths: Tensor | None = None,
    triangles_lengths: Tensor | None = None,
) -> PointMeshDistance:
    """Squared distance from every point to the surface, exact, differentiable in points and corners.

    points: [batch, points, 3]; triangles: corner positions [batch, triangles, 3, 3] (`vertices[faces]`), same floating
    dtype, device and units. points_lengths, triangles_lengths: int [batch], all by default; padding may hold anything.
    Triangles without area count as the segments or points they are. Where several are equally near, as at a shared
    edge, any of them is returned.
    First derivatives are exact: the closest point moves only along its triangle, which changes the distance to second
    order (the envelope theorem). Second derivatives leave that movement out.
    float16 and bfloat16 are computed in float32.
    Raises UserError for other shapes, an item with points but no triangles, and NaN or infinite values.
    """
    _check_pair(points, triangles)
    points_lengths = checked_lengths(points_lengths, points, "points_lengths")
    triangles_lengths = checked_lengths(triangles_lengths, triangles, "triangles_lengths")
    if bool(((triangles_lengths == 0) & (points_lengths > 0)).any()):
        raise UserError("an item of the batch has points but no triangles to measure to; leave it out")
    dtype = points.dtype
    points = wide(without_padding(points, points_lengths, "points"))
    triangles = wide(without_padding(triangles.flatten(2), triangles_lengths, "triangles")).unflatten(2, (3, 3))
    if not points.shape[0] * points.shape[1] * triangles.shape[1]:
        empty = points.sum(dim=2) + triangles.sum()
        return PointMeshDistance(empty.to(dtype), torch.zeros_like(empty, dtype=torch.long))
    mask = valid_mask(points_lengths, points.shape[1])
    with torch.no_grad():
        search = triangles_kernel(points, triangles) or nearest_triangles_reference
        idx = search(points.detach(), triangles.detach(), points_lengths, triangles_lengths) * mask
    offsets = triangles.shape[1] * torch.arange(len(triangles), device=triangles.device)[:, None]
    nearest = triangles.flatten(0, 1).index_select(0, (idx + offsets).flatten()).reshape(*idx.shape, 3, 3)
    dists = squared_distance_to_triangle(points, nearest)
    return PointMeshDistance(torch.where(mask, dists, torch.zeros_like(dists)).to(dtype), idx)


def squared_distance_to_triangle(points: Tensor, triangles: Tensor) -> Tensor:
    """Squared distance [...] from points [..., 3] to triangles [..., 3, 3], which broadcast against each other."""
    weights = closest_point_weights(points.detach(), triangles.detach())
    closest = (weights[..., None] * triangles).sum(dim=-2)
    return (points - closest).square().sum(dim=-1)


@torch.no_grad()
def closest_point_weights(points: Tensor, triangles: Tensor) -> Tensor:
    """Barycentric coordinates [..., 3] of the point of each triangle [..., 3, 3] that is closest to points [..., 3].

    The closest point is the projection onto the plane where that falls inside, else the nearest of the closest points
    of the three edges (Ericson, "Real-Time Collision Detection", 2005, section 5.1.5). Triangles without area have
    only their edges.
    """
    a, b, c = triangles.unbind(dim=-2)
    weights, least = _inside_weights(points, a, b, c)
    corners = torch.eye(3, dtype=points.dtype, device=points.device)
    for first, start, end in ((0, a, b), (1, b, c), (2, c, a)):
        edge, offset = end - start, points - start
        length = edge.square().sum(dim=-1)
        along = ((offset * edge).sum(dim=-1) / torch.where(length > 0, length, torch.ones_like(length))).clamp(0, 1)
        squared = (offset - along[..., None] * edge).square().sum(dim=-1)
        on_edge = corners[first] + along[..., None] * (corners[(first + 1) % 3] - corners[first])
        weights = torch.where((squared < least)[..., None], on_edge, weights)
        least = torch.minimum(squared, least)
    return weights


def nearest_triangles_reference(
    points: Tensor, triangles: Tensor, points_lengths: Tensor, triangles_lengths: Tensor
) -> Tensor:
    """Indices of the nearest triangles by all distances, int64 [batch, points]; the oracle of the kernels."""
    padding = ~valid_mask(triangles_lengths, triangles.shape[1])[:, None]
    found = []
    for rows in points.split(max(1, _REFERENCE_PAIRS // triangles.shape[:2].numel()), dim=1):
        squared = squared_distance_to_triangle(rows[:, :, None], triangles[:, None])
        found.append(squared.masked_fill(padding, torch.inf).argmin(dim=2))
    return torch.cat(found, dim=1)


def _inside_weights(points: Tensor, a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Barycentric coordinates of the projection onto the plane and its squared distance, infinite where outside."""
    ab, ac, offset = b - a, c - a, points - a
    normal = torch.linalg.cross(ab, ac)
    squared_area = normal.square().sum(dim=-1)
    safe = torch.where(squared_area > 0, squared_area, torch.ones_like(squared_area))
    v = (torch.linalg.cross(offset, ac) * normal).sum(dim=-1) / safe
    w = (torch.linalg.cross(ab, offset) * normal).sum(dim=-1) / safe
    weights = torch.stack([1 - v - w, v, w], dim=-1)
    inside = (weights >= 0).all(dim=-1) & (squared_area > 0)
    squared = (offset - v[..., None] * ab - w[..., None] * ac).square().sum(dim=-1)
    return weights, torch.where(inside, squared, torch.full_like(squared, torch.inf))


def _check_pair(points: Tensor, triangles: Tensor) -> None:
    check_points(points, "points")
    if not isinstance(triangles, Tensor) or triangles.dim() != 4 or triangles.shape[2:] != (3, 3):
        came = list(triangles.shape) if isinstance(triangles, Tensor) else type(triangles).__name__
        raise UserError(f"triangles must be corner positions [batch, triangles, 3, 3], vertices[faces]; got {came}")
    if points.shape[2] != 3 or points.shape[0] != triangles.shape[0]:
        raise UserError(
            "points must be [batch, points, 3] with the batch size of triangles; "
            f"got {list(points.shape)} and {list(triangles.shape)}"
        )
    if points.dtype != triangles.dtype or points.device != triangles.device:
        raise UserError(
            "points and triangles must share dtype and device; got "
            f"{points.dtype} on {points.device} and {triangles.dtype} on {triangles.device}"
        )
