"""The tests enforce the array shapes that signatures promise, in the rooms that pyproject.toml lists."""

from __future__ import annotations

from importlib.util import find_spec

import jaxtyping
import numpy as np
import pytest
import torch

from shapeshot.lab.losses import chamfer_loss, voxel_loss
from shapeshot.photo import object_box


def test_a_wrong_shape_raises() -> None:
    points = torch.zeros(1, 4, 3)
    assert chamfer_loss(points, points).shape == ()
    with pytest.raises(jaxtyping.TypeCheckError, match="targets"):
        chamfer_loss(points, torch.zeros(2, 4, 3))  # another batch: broadcasting would let it pass


def test_a_wrong_dtype_raises() -> None:
    with pytest.raises(jaxtyping.TypeCheckError, match="probabilities"):
        voxel_loss(torch.zeros(2, 3, dtype=torch.int64), torch.zeros(2, 3))


def test_a_room_that_starts_without_jaxtyping_is_checked_as_well() -> None:
    with pytest.raises(jaxtyping.TypeCheckError, match="mask"):
        object_box(np.ones((4, 4, 1), np.float32))


def test_every_name_in_the_list_is_a_module(pytestconfig: pytest.Config) -> None:
    *modules, checker = pytestconfig.getoption("jaxtyping_packages").split(",")
    assert checker == "shape_checks.checked"
    assert [name for name in modules if find_spec(name) is None] == []
