"""Nearest neighbours between batches of point clouds, with the names and conventions of PyTorch3D."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from shapeshot.errors import UserError
from shapeshot.lab.ops.backends import nearest_kernel
from shapeshot.lab.ops.point_clouds import check_pair, checked_lengths, valid_mask, wide, without_padding

# The reference looks at so many pairs at a time, which bounds its memory at about 0.5 GB.
_REFERENCE_PAIRS = 1 << 26


class KNN(NamedTuple):
    """What `knn_points` returns.

    dists: [batch, points1, K], squared (norm 2) or summed absolute (norm 1), ascending along K.
    idx: int64 [batch, points1, K], into the points of p2.
    knn: [batch, points1, K, dims], the neighbours themselves, or None where not asked for.
    All are 0 where p1 is padding and for neighbours beyond the length of p2.
    """

    dists: Tensor
    idx: Tensor
    knn: Tensor | None


def knn_points(
    p1: Tensor,
    p2: Tensor,
    lengths1: Tensor | None = None,
    lengths2: Tensor | None = None,
    *,
    K: int = 1,
    return_nn: bool = False,
    norm: int = 2,
) -> KNN:
    """The K nearest points of p2 for every point of p1, exactly; `dists` and `knn` are differentiable.

    p1: [batch, points1, dims]; p2: [batch, points2, dims]; same floating dtype and device, any units. Padding may
    hold anything. lengths1, lengths2: int [batch], how many points of each cloud count; all by default.
    norm: 2 for squared Euclidean distances, 1 for sums of absolute differences.
    Where several points are equally near, any of them is returned. float16 and bfloat16 are computed in float32.
    Raises UserError for other shapes, K < 1, lengths out of range, and points that are NaN or infinite.
    """
    check_pair(p1, p2, "p1", "p2")
    _check_options(K, norm)
    lengths1 = checked_lengths(lengths1, p1, "lengths1")
    lengths2 = checked_lengths(lengths2, p2, "lengths2")
    source = wide(without_padding(p1, lengths1, "p1"))
    target = wide(without_padding(p2, lengths2, "p2"))
    if not target.shape[1]:
        target = F.pad(target, (0, 0, 0, 1))  # something to point at, so that empty clouds take the same road
    with torch.no_grad():
        search = nearest_kernel(source, target, K, norm) or nearest_reference
        idx = search(source.detach(), target.detach(), lengths1, lengths2, K, norm)
    mask = (valid_mask(lengths2, K)[:, None] & valid_mask(lengths1, p1.shape[1])[:, :, None]).contiguous()
    dists, idx = _sorted_distances(source, target, idx, mask, norm)
    neighbors = knn_gather(target, idx, lengths2).to(p2.dtype) if return_nn else None
    if neighbors is not None:
        neighbors = torch.where(mask[..., None], neighbors, torch.zeros_like(neighbors))
    return KNN(dists.to(p1.dtype), idx, neighbors)


def knn_gather(x: Tensor, idx: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Rows of x by the indices of `knn_points`: out[n, i, k] = x[n, idx[n, i, k]], differentiable in x.

    x: [batch, points2, channels], any features of p2; idx: int64 [batch, points1, K]; returns
    [batch, points1, K, channels]. lengths: int [batch], the lengths of p2; neighbours k >= lengths[n] are 0.
    Raises UserError where the shapes or lengths do not fit, or an index lies outside x.
    """
    if x.dim() != 3 or idx.dim() != 3 or x.shape[0] != idx.shape[0]:
        raise UserError(
            "knn_gather takes x [batch, points2, channels] and idx [batch, points1, K]; "
            f"got {list(x.shape)} and {list(idx.shape)}"
        )
    rows = x.shape[1]
    if idx.numel() and not 0 <= int(idx.min()) <= int(idx.max()) < rows:
        raise UserError(f"idx must lie in 0..{rows - 1}, the rows of x; got {int(idx.min())}..{int(idx.max())}")
    gathered = _gather_rows(x, idx)
    if lengths is None:
        return gathered
    mask = valid_mask(checked_lengths(lengths, x, "lengths"), idx.shape[2])[:, None, :, None]
    return torch.where(mask, gathered, torch.zeros_like(gathered))


def nearest_reference(
    p1: Tensor, p2: Tensor, lengths1: Tensor, lengths2: Tensor, num_neighbors: int, norm: int
) -> Tensor:
    """Indices of the nearest points in plain PyTorch, by all distances: int64 [batch, points1, num_neighbors].

    p1 [batch, points1, dims], p2 [batch, points2 >= 1, dims], lengths int64 [batch]. Works on every device; the oracle
    of the kernels, which share this signature. Neighbours beyond a length are arbitrary indices within p2.
    """
    batch, num_points, _ = p2.shape
    padding = ~valid_mask(lengths2, num_points)[:, None]
    kept = min(num_neighbors, num_points)
    found = []
    for rows in p1.split(max(1, _REFERENCE_PAIRS // max(1, batch * num_points)), dim=1):
        distances = torch.cdist(rows, p2, p=float(norm), compute_mode="donot_use_mm_for_euclid_dist")
        distances = distances.masked_fill(padding, torch.inf)
        found.append(distances.topk(kept, dim=2, largest=False, sorted=True).indices)
    return F.pad(torch.cat(found, dim=1), (0, num_neighbors - kept))


def _check_options(num_neighbors: int, norm: int) -> None:
    if not isinstance(num_neighbors, int) or num_neighbors < 1:
        raise UserError(f"K must be a whole number of neighbours, at least 1; got {num_neighbors!r}")
    if norm not in (1, 2):
        raise UserError(f"norm must be 1 or 2; got {norm!r}")


def _gather_rows(x: Tensor, idx: Tensor) -> Tensor:
    """x[n, idx[n, i, k]]; one flat index_select, whose backward is far faster than that of an expanded gather."""
    batch, rows, channels = x.shape
    flat = idx + rows * torch.arange(batch, device=x.device)[:, None, None]
    return x.reshape(-1, channels).index_select(0, flat.flatten()).reshape(*idx.shape, channels)


def _sorted_distances(source: Tensor, target: Tensor, idx: Tensor, mask: Tensor, norm: int) -> tuple[Tensor, Tensor]:
    """Distances evaluated by coordinate differences, and indices in their order; 0 where mask is False.

    Kernels order neighbours in their own precision; this one rounding decides for all of them.
    """
    idx = torch.where(mask, idx, torch.zeros_like(idx))
    difference = source[:, :, None] - _gather_rows(target, idx)
    dists = (difference * difference if norm == 2 else difference.abs()).sum(dim=3)
    if idx.shape[2] > 1:
        dists, order = dists.masked_fill(~mask, torch.inf).sort(dim=2, stable=True)
        idx = idx.gather(2, order)
    return torch.where(mask, dists, torch.zeros_like(dists)), idx
