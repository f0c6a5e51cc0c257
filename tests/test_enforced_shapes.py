"""The tests enforce the array shapes that signatures promise, in the rooms that pyproject.toml lists."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import jaxtyping
import numpy as np
import pytest
import torch
from shape_checks import KINDS

import shapeshot
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


def test_every_shape_is_a_string() -> None:
    """One that is an expression cannot be evaluated, and would go unchecked without a word."""
    found = []
    for path in Path(shapeshot.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in KINDS:
                shape = node.slice.elts[1] if isinstance(node.slice, ast.Tuple) else node.slice
                if not (isinstance(shape, ast.Constant) and isinstance(shape.value, str)):
                    found.append(f"{path.name}:{node.lineno}: {ast.unparse(node)}")
    assert found == []
