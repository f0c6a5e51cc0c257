"""The nearest neighbour on the CPU by matrix products: the fastest way for clouds of some hundred points.

|x - y|^2 = |x|^2 + |y|^2 - 2 x.y needs one product for all pairs, and |x|^2 does not change which y is nearest. The
price is cancellation. Its size is bounded below, so a row whose two smallest values are closer than the bound is
looked at again by coordinate differences in float64: the answer is exact, and in random clouds about one row in a
hundred takes the second look.
"""

from __future__ import annotations

import torch
from torch import Tensor

from shapeshot.lab.ops.point_clouds import valid_mask

# Pairs in one tile: 1 MB of float32, which stays in a core's second-level cache.
_TILE_PAIRS = 1 << 18


def nearest_indices(
    p1: Tensor, p2: Tensor, lengths1: Tensor, lengths2: Tensor, num_neighbors: int, norm: int
) -> Tensor:
    """As `knn.nearest_reference`, for one neighbour (num_neighbors == 1) and Euclidean distances (norm == 2) only."""
    if num_neighbors != 1 or norm != 2:
        raise ValueError(f"this kernel finds one neighbour under norm 2, not {num_neighbors} under norm {norm}")
    left, right, bound = _factors(p1, p2, lengths2)
    batch, num_rows, num_columns = len(p1), p1.shape[1], p2.shape[1]
    nearest = torch.empty(batch, num_rows, dtype=torch.long)
    gap = torch.empty(batch, num_rows, dtype=p1.dtype)
    items = max(1, _TILE_PAIRS // max(1, num_rows * num_columns))
    step = max(1, _TILE_PAIRS // num_columns)
    tile = torch.empty(0, dtype=p1.dtype)  # one memory for all tiles: fresh pages would cost more than the product
    for first in range(0, batch, items):
        group = slice(first, first + items)
        for start in range(0, num_rows, step):
            rows = slice(start, start + step)
            torch.bmm(left[group, rows], right[group], out=tile.resize_(0))
            nearest[group, rows], gap[group, rows] = _smallest(tile)
    # Written so that an overflowed bound or gap, which is NaN or infinite, counts as unsure.
    sure = (gap > 2 * bound) | (lengths2 <= 1)[:, None] | ~valid_mask(lengths1, num_rows)
    _look_again(p1, p2, lengths2, nearest, ~sure)
    return nearest[..., None]


def _factors(p1: Tensor, p2: Tensor, lengths2: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """left [batch, points1, dims + 1] and right [batch, dims + 1, points2] with left @ right = |y|^2 - 2 x.y.

    Also the largest error of an entry, [batch, points1]: with u the unit roundoff, centring moves each coordinate by
    at most u of itself, and the product and |y|^2 add dims + 2 roundings each, all of terms within (|x| + |y|)^2
    (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 3.1).
    """
    mask = valid_mask(lengths2, p2.shape[1])[..., None]
    count = lengths2.clamp(min=1)[:, None, None]
    center = (p2 * mask).sum(dim=1, keepdim=True) / count
    x, y = p1 - center, p2 - center
    squares = y.square().sum(dim=2, keepdim=True).masked_fill(~mask, torch.inf)
    left = torch.cat([-2 * x, torch.ones_like(x[..., :1])], dim=2)
    right = torch.cat([y * mask, squares], dim=2).transpose(1, 2).contiguous()
    reach = x.square().sum(dim=2).sqrt() + squares.masked_fill(~mask, 0.0).amax(dim=1).sqrt()
    return left, right, (2 * p1.shape[2] + 8) * torch.finfo(p1.dtype).eps * reach.square()


def _smallest(values: Tensor) -> tuple[Tensor, Tensor]:
    """Along the last axis of `values` (overwritten): the index of the smallest, and how far the next one is above."""
    # numpy's argmin is vectorised and takes a tenth of the time of torch's; of their minima torch's is the faster.
    where = torch.from_numpy(values.numpy().argmin(axis=-1))[..., None]
    least = values.gather(-1, where)[..., 0]
    values.scatter_(-1, where, torch.inf)
    return where[..., 0], values.amin(dim=-1) - least


def _look_again(p1: Tensor, p2: Tensor, lengths2: Tensor, nearest: Tensor, unsure: Tensor) -> None:
    """Overwrites `nearest` [batch, points1] where `unsure`, by coordinate differences in float64."""
    num_columns = p2.shape[1]
    for item in unsure.any(dim=1).nonzero()[:, 0].tolist():
        targets = p2[item, : int(lengths2[item])].double()
        if not len(targets):
            nearest[item] = 0
            continue
        for rows in unsure[item].nonzero()[:, 0].split(max(1, _TILE_PAIRS // num_columns)):
            points = p1[item, rows].double()
            squared = torch.zeros(len(rows), len(targets), dtype=torch.float64)
            for axis in range(p1.shape[2]):
                squared += (points[:, axis, None] - targets[:, axis]).square()
            nearest[item, rows] = torch.from_numpy(squared.numpy().argmin(axis=1))
