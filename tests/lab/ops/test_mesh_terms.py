"""Laws that Laplacian, edge and normal consistency losses share: PyTorch3D's values, their definitions, invariance."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from shapeshot.lab.ops import (
    MeshBatch,
    ico_sphere,
    mesh_edge_loss,
    mesh_laplacian_smoothing,
    mesh_normal_consistency,
    mesh_reference,
)

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "pytorch3d.npz")

Loss = Callable[[MeshBatch], torch.Tensor]
TERMS: dict[str, tuple[Loss, Loss]] = {
    "edge": (mesh_edge_loss, mesh_reference.mesh_edge_loss),
    "edge_target": (
        partial(mesh_edge_loss, target_length=0.3),
        partial(mesh_reference.mesh_edge_loss, target_length=0.3),
    ),
    "normal_consistency": (mesh_normal_consistency, mesh_reference.mesh_normal_consistency),
} | {
    f"laplacian_{method}": (
        partial(mesh_laplacian_smoothing, method=method),
        partial(mesh_reference.mesh_laplacian_smoothing, method=method),
    )
    for method in ("uniform", "cot", "cotcurv")
}
each_term = pytest.mark.parametrize("name", sorted(TERMS))


def golden(name: str) -> torch.Tensor:
    return torch.from_numpy(GOLDEN[name])


def noise(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def bumpy(level: int, count: int, seed: int = 0) -> torch.Tensor:
    """Deformed icospheres, float64 [count, vertices, 3]."""
    sphere = ico_sphere(level, torch.float64).vertices_packed()
    return sphere + 0.1 / (level + 1) * noise(count, *sphere.shape, seed=seed)


def odd_batch(scale: float = 1.0) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """A sphere, three faces round one edge with a vertex to spare, no mesh at all, and a bigger sphere."""
    fan = torch.tensor([[0, 1, 2], [1, 0, 3], [0, 1, 4]])
    faces = [
        ico_sphere(0).faces_packed(),
        fan,
        torch.empty(0, 3, dtype=torch.long),
        ico_sphere(1).faces_packed(),
    ]
    vertices = [bumpy(0, 1)[0], noise(6, 3, seed=3), torch.empty(0, 3, dtype=torch.float64), bumpy(1, 1)[0]]
    return [scale * rows for rows in vertices], faces


def loss_and_gradients(term: Loss, vertices: list[torch.Tensor], faces: list[torch.Tensor]) -> list[torch.Tensor]:
    leaves = [rows.clone().requires_grad_() for rows in vertices]
    loss = term(MeshBatch(leaves, faces))
    return [loss.detach(), *torch.autograd.grad(loss, leaves)]


@each_term
@pytest.mark.parametrize("which", [0, 1], ids=["fast", "reference"])
def test_equals_pytorch3d(name: str, which: int) -> None:
    vertices, faces = ([golden(f"mesh/{part}{i}") for i in (1, 2)] for part in ("verts", "faces"))
    loss, *gradients = loss_and_gradients(TERMS[name][which], vertices, faces)
    torch.testing.assert_close(loss, golden(f"{name}/loss"), rtol=1e-5, atol=0)
    for i, gradient in enumerate(gradients):
        expected = golden(f"{name}/grad{i + 1}")
        torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


@each_term
def test_equals_the_reference_on_odd_meshes(name: str) -> None:
    fast, reference = (loss_and_gradients(term, *odd_batch()) for term in TERMS[name])
    torch.testing.assert_close(fast, reference, rtol=1e-9, atol=1e-11)


@each_term
def test_shared_topology_equals_one_by_one(name: str) -> None:
    term, sphere, vertices = TERMS[name][0], ico_sphere(2), bumpy(2, 3)
    together = term(sphere.with_vertices(vertices))
    torch.testing.assert_close(together, torch.stack([term(sphere.with_vertices(one)) for one in vertices]).mean())


@each_term
def test_ragged_equals_one_by_one(name: str) -> None:
    vertices, faces = odd_batch()
    term = TERMS[name][0]
    alone = [term(MeshBatch([v], [f])) for v, f in zip(vertices, faces, strict=True)]
    torch.testing.assert_close(term(MeshBatch(vertices, faces)), torch.stack(alone).mean())


@each_term
def test_moving_and_turning_change_nothing(name: str) -> None:
    term, vertices = TERMS[name][0], bumpy(1, 2)
    turn = torch.from_numpy(Rotation.random(None, np.random.default_rng(1)).as_matrix())
    expected = term(ico_sphere(1).with_vertices(vertices))
    torch.testing.assert_close(term(ico_sphere(1).with_vertices(vertices @ turn.T + 5)), expected)
    with_spare = MeshBatch(*odd_batch())
    moved = with_spare.with_vertices(with_spare.vertices_packed() + 7)
    torch.testing.assert_close(term(moved), term(with_spare))


@each_term
def test_numbering_changes_nothing(name: str) -> None:
    term, faces, vertices = TERMS[name][0], ico_sphere(1).faces_packed(), bumpy(1, 1)[0]
    order = torch.randperm(42, generator=torch.Generator().manual_seed(0))
    renumbered = MeshBatch([vertices[order]], [order.argsort()[faces].flip(0).roll(1, dims=1)])
    torch.testing.assert_close(term(renumbered), term(MeshBatch([vertices], [faces])))


# Finite differences would see the cotangents move, which are constants to autograd: no gradcheck for those.
@pytest.mark.parametrize("name", sorted(name for name in TERMS if not name.startswith("laplacian_cot")))
def test_gradients(name: str) -> None:
    term = TERMS[name][0]
    vertices = bumpy(0, 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: term(ico_sphere(0).with_vertices(v)), (vertices,))
    assert torch.autograd.gradgradcheck(lambda v: term(ico_sphere(0).with_vertices(v)), (vertices,))


@each_term
def test_scale(name: str) -> None:
    """Lengths grow as lengths, squares as squares, curvature as its inverse, angles not at all."""
    power = {
        "edge": 2,
        "normal_consistency": 0,
        "laplacian_cotcurv": -1,
        "laplacian_uniform": 1,
        "laplacian_cot": 1,
    }
    if name == "edge_target":
        pair = [mesh_edge_loss(ico_sphere(1).with_vertices(s * bumpy(1, 1)), 0.3 * s) for s in (1, 3)]
        torch.testing.assert_close(pair[1], 9 * pair[0])
        return
    one, three = (TERMS[name][0](ico_sphere(1).with_vertices(s * bumpy(1, 1))) for s in (1.0, 3.0))
    torch.testing.assert_close(three, one * 3.0 ** power[name])


@each_term
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_narrow_numbers_are_computed_in_float32(name: str, dtype: torch.dtype) -> None:
    term, vertices = TERMS[name][0], bumpy(1, 2).to(dtype)
    loss = term(ico_sphere(1).with_vertices(vertices))
    assert loss.dtype == dtype
    torch.testing.assert_close(loss, term(ico_sphere(1).with_vertices(vertices.float())).to(dtype))


@each_term
def test_collapsed_meshes_have_finite_gradients(name: str) -> None:
    vertices = torch.zeros(1, 12, 3, requires_grad=True)
    TERMS[name][0](ico_sphere(0).with_vertices(vertices)).backward()
    assert vertices.grad is not None
    assert vertices.grad.isfinite().all()


@each_term
def test_no_meshes_give_zero(name: str) -> None:
    assert TERMS[name][0](MeshBatch([], [])).item() == 0


@each_term
def test_the_mode_chooses_the_reference(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    stem = "mesh_laplacian_smoothing" if name.startswith("laplacian") else TERMS[name.split("_target")[0]][1].__name__
    original = getattr(mesh_reference, stem)
    monkeypatch.setattr(mesh_reference, stem, lambda *args: called.append(stem) or original(*args))
    meshes = ico_sphere(1).with_vertices(bumpy(1, 2))
    expected = TERMS[name][0](meshes)
    assert not called
    monkeypatch.setenv("SHAPESHOT_OPS", "reference")
    torch.testing.assert_close(TERMS[name][0](meshes), expected)
    assert called == [stem]
