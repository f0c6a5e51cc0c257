"""The tests enforce the array shapes that signatures promise, in the rooms that pyproject.toml lists."""

from __future__ import annotations

import jaxtyping
import pytest
import torch

from shapeshot.lab.losses import chamfer_loss, voxel_loss


def test_a_wrong_shape_raises() -> None:
    points = torch.zeros(1, 4, 3)
    assert chamfer_loss(points, points).shape == ()
    with pytest.raises(jaxtyping.TypeCheckError, match="targets"):
        chamfer_loss(points, torch.zeros(2, 4, 3))  # another batch: broadcasting would let it pass


def test_a_wrong_dtype_raises() -> None:
    with pytest.raises(jaxtyping.TypeCheckError, match="probabilities"):
        voxel_loss(torch.zeros(2, 3, dtype=torch.int64), torch.zeros(2, 3))
