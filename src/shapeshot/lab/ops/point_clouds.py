"""What every operator on padded batches of points checks and needs: lengths, masks, finite values."""

from __future__ import annotations

import torch
from torch import Tensor

from shapeshot.errors import NotFiniteError, UserError


def check_points(points: Tensor, name: str) -> None:
    """Raises UserError unless `points` is floating-point of shape [batch, points, dims] with dims >= 1."""
    if not isinstance(points, Tensor):
        raise UserError(f"{name} must be a tensor [batch, points, dims]; got {type(points).__name__}")
    if points.dim() != 3 or points.shape[2] < 1:
        raise UserError(f"{name} must have shape [batch, points, dims]; got {list(points.shape)}")
    if not points.is_floating_point():
        raise UserError(f"{name} must hold floating-point numbers; got {points.dtype}; convert with .float()")


def check_pair(p1: Tensor, p2: Tensor, name1: str, name2: str) -> None:
    """Raises UserError unless both are points and agree in batch size, dimensions, dtype and device."""
    check_points(p1, name1)
    check_points(p2, name2)
    if p1.shape[0] != p2.shape[0] or p1.shape[2] != p2.shape[2]:
        raise UserError(
            f"{name1} and {name2} must agree in batch size and dimensions; got {list(p1.shape)} and {list(p2.shape)}"
        )
    if p1.dtype != p2.dtype or p1.device != p2.device:
        raise UserError(
            f"{name1} and {name2} must share dtype and device; "
            f"got {p1.dtype} on {p1.device} and {p2.dtype} on {p2.device}; convert one with .to()"
        )


def checked_lengths(lengths: Tensor | None, points: Tensor, name: str) -> Tensor:
    """Lengths as int64 [batch] on the device of `points` [batch, points, ...]; all points where None.

    Raises UserError unless they are integers, one per cloud, within 0..points.
    """
    batch, most = points.shape[:2]
    if lengths is None:
        return torch.full((batch,), most, dtype=torch.long, device=points.device)
    if not isinstance(lengths, Tensor) or lengths.shape != (batch,) or _is_fractional(lengths):
        came = f"{lengths.dtype} {list(lengths.shape)}" if isinstance(lengths, Tensor) else type(lengths).__name__
        raise UserError(f"{name} must be an integer tensor of shape [{batch}], one length per cloud; got {came}")
    if batch and not 0 <= int(lengths.min()) <= int(lengths.max()) <= most:
        raise UserError(
            f"{name} must lie in 0..{most}, the padded size; got {int(lengths.min())}..{int(lengths.max())}"
        )
    return lengths.to(device=points.device, dtype=torch.long)


def valid_mask(lengths: Tensor, most: int) -> Tensor:
    """True for points, False for padding: bool [batch, most] from lengths [batch]."""
    return torch.arange(most, device=lengths.device) < lengths[:, None]


def without_padding(points: Tensor, lengths: Tensor, name: str) -> Tensor:
    """`points` with zeros as padding, so that whatever stood there reaches neither values nor gradients.

    points: [batch, points, ...]; lengths: int64 [batch]. Raises UserError for NaN or infinity among the points.
    """
    most = points.shape[1]
    if bool((lengths < most).any()):
        mask = valid_mask(lengths, most).reshape(*points.shape[:2], *[1] * (points.dim() - 2))
        points = torch.where(mask, points, torch.zeros_like(points))
    # One pass without a temporary. A sum of finite numbers may overflow, so only the second look is conclusive.
    if not bool(points.detach().sum().isfinite()) and not bool(points.detach().isfinite().all()):
        bad = int((~points.detach().isfinite()).flatten(2).any(dim=2).sum())
        raise NotFiniteError(
            f"{name} hold NaN or infinite values in {bad} of {int(lengths.sum())} points; "
            "look for a division by zero or a diverged step before this call"
        )
    return points


def wide(points: Tensor) -> Tensor:
    """float16 and bfloat16 as float32, in which they are computed; float32 and float64 as they are."""
    return points.float() if points.dtype in (torch.float16, torch.bfloat16) else points


def _is_fractional(lengths: Tensor) -> bool:
    return lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool
