"""Distances to triangles against trimesh, dense sampling, analytic cases and the reference."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import trimesh
from torch import Tensor

from shapeshot.errors import UserError
from shapeshot.lab.ops import point_to_mesh_distance
from shapeshot.lab.ops.kernels.triangles_kdtree import nearest_triangles
from shapeshot.lab.ops.point_mesh import (
    closest_point_weights,
    nearest_triangles_reference,
    squared_distance_to_triangle,
)

RIGHT_TRIANGLE = torch.tensor([[[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]]])


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ((0.2, 0.2, 3.0), 9.0),  # over the inside
        ((0.2, -2.0, 0.0), 4.0),  # off an edge
        ((1.0, 1.0, 0.0), 0.5),  # off the long edge
        ((3.0, -1.0, 2.0), 9.0),  # off a corner
        ((0.0, 1.0, 0.0), 0.0),  # at a corner
    ],
)
def test_inside_edges_and_corners(point: tuple[float, float, float], expected: float) -> None:
    found = point_to_mesh_distance(torch.tensor([[point]]), RIGHT_TRIANGLE)
    assert found.dists.item() == pytest.approx(expected, rel=1e-6)


def test_no_other_point_of_the_triangle_is_closer() -> None:
    points, triangles = rand(200, 3) * 4 - 2, rand(200, 3, 3, seed=1)
    weights = closest_point_weights(points, triangles)
    assert (weights >= -1e-12).all()
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(200, dtype=torch.float64))
    steps = [(i / 40, j / 40, 1 - (i + j) / 40) for i in range(41) for j in range(41 - i)]
    samples = torch.einsum("sc,tcx->tsx", torch.tensor(steps, dtype=torch.float64), triangles)
    sampled = (points[:, None] - samples).square().sum(dim=2).amin(dim=1)
    exact = squared_distance_to_triangle(points, triangles)
    assert (exact <= sampled + 1e-12).all()
    assert (sampled.sqrt() - exact.sqrt() < 2**0.5 / 40).all()


def test_equals_trimesh_on_a_box() -> None:
    box = trimesh.creation.box((1, 2, 3))
    points, triangles = rand(1, 300, 3) * 4 - 2, torch.tensor(np.array(box.triangles))[None]
    found = point_to_mesh_distance(points, triangles)
    _, distances, _ = trimesh.proximity.closest_point_naive(box, points[0].numpy())
    np.testing.assert_allclose(found.dists[0].sqrt(), distances, atol=1e-9)


def sizes(kind: str) -> Tensor:
    small = rand(600, 1, 3) + 0.05 * rand(600, 3, 3, seed=1)
    return {
        "small": small,
        "large": rand(300, 3, 3),
        "mixed": torch.cat([small, 5 * rand(5, 3, 3, seed=2) - 2]),
        "degenerate": torch.cat([small, rand(50, 1, 3, seed=3).expand(-1, 3, -1), small[:50, [0, 1, 1]]]),
        "one point": torch.zeros(40, 3, 3, dtype=torch.float64),
        "needles": rand(200, 1, 3) + rand(200, 3, 3, seed=1) * torch.tensor([1e-6, 2.0, 1e-3]),
    }[kind]


@pytest.mark.parametrize("kind", ["small", "large", "mixed", "degenerate", "one point", "needles"])
def test_the_kernel_equals_the_reference(kind: str) -> None:
    triangles = sizes(kind)[None]
    points = torch.cat([rand(1, 150, 3, seed=4) * 3 - 1, triangles[:, :20].mean(dim=2)], dim=1)
    lengths = torch.tensor([points.shape[1]]), torch.tensor([triangles.shape[1]])
    ours, theirs = (search(points, triangles, *lengths) for search in (nearest_triangles, nearest_triangles_reference))
    squared = [squared_distance_to_triangle(points[0], triangles[0, idx[0]]) for idx in (ours, theirs)]
    torch.testing.assert_close(squared[0], squared[1], rtol=1e-9, atol=1e-15)


def test_the_middle_of_a_sphere_is_equally_far_from_everything() -> None:
    sphere = torch.tensor(np.array(trimesh.creation.icosphere(3).triangles))[None]
    dists = point_to_mesh_distance(torch.zeros(1, 200, 3, dtype=torch.float64), sphere).dists
    assert (dists == dists[0, 0]).all()
    assert 0.98 < dists[0, 0] <= 1


@pytest.mark.parametrize("mode", ["auto", "reference"])
def test_ragged_batches_are_their_items(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHAPESHOT_OPS", mode)
    monkeypatch.setattr("shapeshot.lab.ops.backends.TRIANGLES_MIN_PAIRS", 0)
    points, triangles = rand(3, 20, 3), rand(3, 30, 3, 3, seed=1)
    points_lengths, triangles_lengths = torch.tensor([20, 7, 0]), torch.tensor([4, 30, 0])
    for item in range(3):
        points[item, points_lengths[item] :] = torch.nan
        triangles[item, triangles_lengths[item] :] = torch.nan
    points.requires_grad_()
    found = point_to_mesh_distance(points, triangles, points_lengths, triangles_lengths)
    for item, (count, num_triangles) in enumerate([(20, 4), (7, 30)]):
        alone = point_to_mesh_distance(points[item : item + 1, :count], triangles[item : item + 1, :num_triangles])
        torch.testing.assert_close(found.dists[item, :count], alone.dists[0])
        assert torch.equal(found.idx[item, :count], alone.idx[0])
        assert not found.dists[item, count:].any()
    found.dists.sum().backward()
    assert points.grad is not None
    assert points.grad.isfinite().all()


@pytest.mark.parametrize("mode", ["auto", "reference"])
def test_gradients(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHAPESHOT_OPS", mode)
    monkeypatch.setattr("shapeshot.lab.ops.backends.TRIANGLES_MIN_PAIRS", 0)
    points, triangles = (rand(1, 12, 3) * 3 - 1).requires_grad_(), rand(1, 4, 3, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda p, t: point_to_mesh_distance(p, t).dists, (points, triangles))


def test_rigid_motion_changes_nothing() -> None:
    points, triangles = rand(1, 50, 3), rand(1, 20, 3, 3, seed=1)
    rotation, _ = torch.linalg.qr(rand(3, 3, seed=2) - 0.5)
    moved = point_to_mesh_distance(points @ rotation + 2, triangles @ rotation + 2).dists
    torch.testing.assert_close(moved, point_to_mesh_distance(points, triangles).dists)


def test_no_points_and_half_precision() -> None:
    assert point_to_mesh_distance(torch.zeros(2, 0, 3), torch.zeros(2, 4, 3, 3)).dists.shape == (2, 0)
    assert point_to_mesh_distance(torch.zeros(1, 0, 3), torch.zeros(1, 0, 3, 3)).idx.shape == (1, 0)
    points, triangles = rand(1, 9, 3).half(), rand(1, 4, 3, 3, seed=1).half()
    found = point_to_mesh_distance(points, triangles)
    wide = point_to_mesh_distance(points.double(), triangles.double())
    assert found.dists.dtype == torch.float16
    torch.testing.assert_close(found.dists.double(), wide.dists, rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p, t: point_to_mesh_distance(p, t[:, :0]), "no triangles"),
        (lambda p, t: point_to_mesh_distance(p, t[0]), "corner positions"),
        (lambda p, t: point_to_mesh_distance(p[..., :2], t), r"\[batch, points, 3\]"),
        (lambda p, t: point_to_mesh_distance(p, t.float()), "dtype"),
        (lambda p, t: point_to_mesh_distance(p * torch.nan, t), "points hold NaN"),
        (lambda p, t: point_to_mesh_distance(p, t * torch.inf), "triangles hold NaN"),
        (lambda p, t: point_to_mesh_distance(p, t, triangles_lengths=torch.tensor([9])), "0..4"),
    ],
)
def test_bad_input_is_one_clear_line(call: Callable[[Tensor, Tensor], object], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        call(rand(1, 5, 3) + 1, rand(1, 4, 3, 3) + 1)
    assert "\n" not in str(caught.value)
