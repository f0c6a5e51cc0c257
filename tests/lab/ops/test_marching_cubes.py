"""Marching cubes: the triangles of geometry.isosurface, and vertices that follow the values."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from shapeshot.errors import MeshError
from shapeshot.geometry.isosurface import isosurface
from shapeshot.lab.ops import face_areas_normals, marching_cubes


def random_fields(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


def ball(n: int, radius: torch.Tensor) -> torch.Tensor:
    """radius - distance from the origin at the cell centres of [-0.5, 0.5]^3, [1, n, n, n]."""
    axis = (torch.arange(n, dtype=torch.float64) + 0.5) / n - 0.5
    x, y, z = torch.meshgrid(axis, axis, axis, indexing="ij")
    return (radius - (x * x + y * y + z * z).sqrt())[None]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equals_isosurface(dtype: torch.dtype) -> None:
    fields = random_fields(3, 5, 6, 7, dtype=dtype)
    fields[1] = -1  # nothing inside
    fields[2, 2:4] = 0.25  # samples on the level
    meshes = marching_cubes(fields, 0.25, (1, 2, 3), (0.1, 0.2, 0.3))
    assert meshes.num_faces[1] == 0
    for i, field in enumerate(fields):
        vertices, faces = isosurface(field.numpy(), 0.25, (1, 2, 3), (0.1, 0.2, 0.3))
        assert torch.equal(meshes.faces_list()[i], torch.from_numpy(faces).long())
        np.testing.assert_allclose(meshes.vertices_list()[i], vertices, atol=1e-6)
    assert meshes.vertices_packed().dtype == dtype


def test_a_ball() -> None:
    n, radius = 24, torch.tensor(0.35, dtype=torch.float64, requires_grad=True)
    meshes = marching_cubes(ball(n, radius), 0.0, 0.5 / n - 0.5, 1 / n)
    vertices = meshes.vertices_packed()
    assert (vertices.norm(dim=1) - 0.35).abs().max() < 1e-3
    area = face_areas_normals(meshes)[0].sum()
    assert area.item() == pytest.approx(4 * math.pi * 0.35**2, rel=0.01)
    (growth,) = torch.autograd.grad(area, radius)
    assert growth.item() == pytest.approx(8 * math.pi * 0.35, rel=0.05)  # d(4 pi r^2) / dr


def test_gradients() -> None:
    # Values far enough from the level and each other that no small step changes a case or meets the margin.
    values = random_fields(1, 3, 3, 4, dtype=torch.float64)
    values = (values.sign() * (0.2 + values.abs())).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: marching_cubes(v, 0.0).vertices_packed(), (values,), atol=1e-4, eps=1e-5)


def test_the_wall_that_closes_the_border_stands_still() -> None:
    values = torch.ones(1, 2, 2, 2, dtype=torch.float64, requires_grad=True)
    vertices = marching_cubes(values, 0.0).vertices_packed()
    assert vertices.amin().item() == -0.5
    assert vertices.amax().item() == 1.5
    (gradient,) = torch.autograd.grad(vertices.square().sum(), values)
    assert not gradient.any()


def test_half_precision_and_no_fields() -> None:
    meshes = marching_cubes(random_fields(2, 4, 4, 4).half(), 0.0)
    assert meshes.vertices_packed().dtype == torch.float16
    assert len(marching_cubes(torch.zeros(0, 3, 3, 3), 0.0)) == 0


@pytest.mark.parametrize(
    ("values", "spacing", "message"),
    [
        (torch.zeros(3, 3, 3), 1.0, r"\[batch, x, y, z\]; got \[3, 3, 3\]"),
        (torch.full((1, 2, 2, 2), torch.nan), 1.0, "NaN or infinity"),
        (torch.zeros(1, 2, 2, 2), 0.0, "positive spacing"),
        (torch.zeros(1, 2, 2, 2), (1.0, 2.0), "one number or one per axis"),
    ],
)
def test_bad_fields_are_refused(values: torch.Tensor, spacing: object, message: str) -> None:
    with pytest.raises(MeshError, match=message):
        marching_cubes(values, 0.5, 0.0, spacing)  # type: ignore[arg-type]
