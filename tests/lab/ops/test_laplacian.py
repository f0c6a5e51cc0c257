"""The Laplacians of shapes whose answer is known; the laws they share with other terms stand in test_mesh_terms.py."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import sparse

from shapeshot.errors import UserError
from shapeshot.lab.ops import MeshBatch, ico_sphere, mesh_laplacian_smoothing
from shapeshot.lab.ops.laplacian import LAPLACIANS


def grid(count: int) -> MeshBatch:
    """A flat square patch of count x count vertices in the plane z = 1."""
    y, x = torch.meshgrid(torch.arange(count), torch.arange(count), indexing="ij")
    vertices = torch.stack([x, y, torch.ones_like(x)], dim=2).reshape(-1, 3).double()
    first = (count * y + x)[:-1, :-1].reshape(-1, 1)
    faces = torch.cat([first + torch.tensor([0, 1, count + 1]), first + torch.tensor([0, count + 1, count])])
    return MeshBatch([vertices], [faces])


@pytest.mark.parametrize("method", LAPLACIANS)
def test_of_a_constant_is_zero(method: str) -> None:
    sphere = ico_sphere(2)
    everywhere = sphere.with_vertices(torch.full((1, 162, 3), 0.3))
    assert mesh_laplacian_smoothing(everywhere, method).item() == 0


@pytest.mark.parametrize("method", LAPLACIANS)
def test_inside_a_flat_regular_patch_only_the_border_pulls(method: str) -> None:
    def total(meshes: MeshBatch) -> float:
        return mesh_laplacian_smoothing(meshes, method).item() * len(meshes.vertices_packed())

    # Corners aside, a border of n edges adds as much per edge whatever n is: nothing comes from the inside.
    assert total(grid(9)) - total(grid(7)) == pytest.approx(total(grid(7)) - total(grid(5)))


def test_cotangent_curvature_of_a_sphere() -> None:
    # sum_j (cot a + cot b) (v_j - v_i) is -4 A H n with A a third of the area around, the share of the vertex: over
    # 4 times the whole area that is |H| / 3 = 1 / (3 r). Desbrun et al. 1999, equations 14 and 15, with H = 1 / r.
    for radius in (1.0, 2.0):
        sphere = ico_sphere(4, torch.float64)
        loss = mesh_laplacian_smoothing(sphere.with_vertices(radius * sphere.vertices_packed()), "cotcurv")
        assert loss.item() == pytest.approx(1 / (3 * radius), rel=2e-3)


def test_cotangents_of_one_triangle() -> None:
    # Right-angled at vertex 0 with legs 1 and 2: the hypotenuse has cotangent 0, the legs have 2 and 1 / 2.
    triangle = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 2, 0]])
    loss = mesh_laplacian_smoothing(MeshBatch([triangle], [torch.tensor([[0, 1, 2]])]), "cot")
    expected = [np.hypot(2.0 * 1, 0.5 * 2) / 2.5, 1.0, 2.0]
    assert loss.item() == pytest.approx(np.mean(expected), rel=1e-6)


def test_uniform_is_the_graph_laplacian_of_scipy() -> None:
    sphere = ico_sphere(1, torch.float64)
    vertices = sphere.vertices_packed() + torch.randn(42, 3, generator=torch.Generator().manual_seed(0))
    low, high = sphere.topology.edges.vertices.T.numpy()
    adjacency = sparse.coo_matrix((np.ones(len(low)), (low, high)), shape=(42, 42))
    laplacian = sparse.csgraph.laplacian((adjacency + adjacency.T).tocsr())  # of arrays not in scipy 1.11
    offsets = laplacian @ vertices.numpy() / laplacian.diagonal()[:, None]
    loss = mesh_laplacian_smoothing(sphere.with_vertices(vertices))
    assert loss.item() == pytest.approx(np.linalg.norm(offsets, axis=1).mean())


def test_gradient_of_uniform_is_the_transposed_laplacian_of_directions() -> None:
    # A tetrahedron: L v = (centroid of the others) - v, all of one length, so the gradient points from the centre out.
    corners = torch.tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], requires_grad=True)
    faces = torch.tensor([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]])
    loss = mesh_laplacian_smoothing(MeshBatch([corners], [faces]))
    loss.backward()
    assert loss.item() == pytest.approx(4 / 3 * math.sqrt(3))
    # Homogeneous of degree 1: the gradient along v is the loss, an equal quarter at each corner.
    assert corners.grad is not None
    torch.testing.assert_close(corners.grad, corners.detach() * (4 / 3 * math.sqrt(3) / 4 / 3))


def test_an_unknown_method_lists_the_choices() -> None:
    with pytest.raises(UserError, match=r"unknown Laplacian 'cott'; choose from cot, cotcurv, uniform. Did you mean"):
        mesh_laplacian_smoothing(ico_sphere(0), "cott")
