"""Training losses: pure functions of predictions and targets.

Each is a mean, so that no count of points or images rescales one against another.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def field_occupancy_loss(logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """Binary cross-entropy of occupancy logits, mean over all points; a scalar.

    For logit z, target t in [0, 1] and weight w: w (max(z, 0) - z t + log(1 + exp(-|z|))), which is
    -w (t log s(z) + (1 - t) log(1 - s(z))) with the logistic s, written so that it never overflows
    (Mescheder et al., "Occupancy Networks", CVPR 2019, equation 3).

    logits, targets, weights: the same shape, usually [batch, points]. Weights default to 1; the mean is over points,
    not over weights, so weights that average 1 keep the loss's scale.
    """
    return F.binary_cross_entropy_with_logits(logits, targets.to(logits.dtype), weight=weights)


def field_color_loss(colors: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean absolute sRGB difference over the points where colour is known; a scalar, 0 where none is.

    sum_p w_p mean_c |colors_pc - targets_pc| / sum_p w_p. Colour means something only near the surface: give
    weights 1 there and 0 elsewhere.

    colors, targets: [batch, points, 3] in [0, 1]; weights: [batch, points], not negative, default 1.
    """
    difference = (colors - targets).abs().mean(dim=-1)
    if weights is None:
        return difference.mean()
    return (difference * weights).sum() / weights.sum().clamp(min=1e-8)
