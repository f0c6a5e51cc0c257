"""F-score of predicted surface points, for batches on any device; `evaluation.metrics` scores single shapes."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from shapeshot.errors import UserError
from shapeshot.lab.ops.knn import knn_points
from shapeshot.lab.ops.point_clouds import check_pair, checked_lengths, valid_mask, wide


class FScore(NamedTuple):
    """Scores in [0, 1], each [batch]."""

    f_score: Tensor
    precision: Tensor
    recall: Tensor


@torch.no_grad()
def f_score(
    points: Tensor,
    truth: Tensor,
    threshold: float,
    points_lengths: Tensor | None = None,
    truth_lengths: Tensor | None = None,
) -> FScore:
    """F-score, precision and recall of each item at a distance; not differentiable.

    Precision is the share of points within `threshold` of the truth, recall the share of true points within it of the
    prediction, and the F-score their harmonic mean, 0 where both are 0 (Knapitsch et al., "Tanks and Temples",
    SIGGRAPH 2017). An item without predicted points scores 0 in all three.

    points: [batch, points, dims]; truth: [batch, true points, dims]; threshold: in their units, not squared, within
    or at which a point counts. points_lengths, truth_lengths: int [batch], all points by default.
    Raises UserError for an item without true points, a threshold that is not above 0, and what `knn_points` refuses.
    """
    check_pair(points, truth, "points", "truth")
    points_lengths = checked_lengths(points_lengths, points, "points_lengths")
    truth_lengths = checked_lengths(truth_lengths, truth, "truth_lengths")
    if not threshold > 0:
        raise UserError(f"threshold must be a distance above 0; got {threshold!r}")
    if not bool((truth_lengths > 0).all()):
        empty = int((truth_lengths == 0).nonzero()[0])
        raise UserError(f"item {empty} of the truth has no points, so nothing can be scored; leave it out")
    precision = _share_within(wide(points), wide(truth), points_lengths, truth_lengths, threshold)
    recall = _share_within(wide(truth), wide(points), truth_lengths, points_lengths, threshold)
    total = precision + recall
    score = 2 * precision * recall / torch.where(total > 0, total, torch.ones_like(total))
    return FScore(score, precision, recall)


def _share_within(
    source: Tensor, target: Tensor, source_lengths: Tensor, target_lengths: Tensor, threshold: float
) -> Tensor:
    """Share of the points of `source` within `threshold` of `target`, [batch]; 0 where either has none."""
    distances = knn_points(source, target, source_lengths, target_lengths).dists[..., 0].sqrt()
    paired = valid_mask(source_lengths, source.shape[1]) & (target_lengths > 0)[:, None]
    return ((distances <= threshold) & paired).sum(dim=1) / source_lengths.clamp(min=1).to(distances.dtype)
