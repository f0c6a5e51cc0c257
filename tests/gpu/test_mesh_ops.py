"""The mesh operators on a GPU give what they give on the CPU."""

from __future__ import annotations

import pytest
import torch

from shapeshot.lab.ops import (
    cubify,
    ico_sphere,
    marching_cubes,
    mesh_edge_loss,
    mesh_laplacian_smoothing,
    mesh_normal_consistency,
    sample_points_from_meshes,
)

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

TERMS = {
    "edge": mesh_edge_loss,
    "normal_consistency": mesh_normal_consistency,
    "uniform": mesh_laplacian_smoothing,
    "cot": lambda meshes: mesh_laplacian_smoothing(meshes, "cot"),
    "cotcurv": lambda meshes: mesh_laplacian_smoothing(meshes, "cotcurv"),
}


@pytest.mark.parametrize("name", TERMS)
def test_terms_and_gradients(name: str) -> None:
    sphere = ico_sphere(2)
    noise = torch.randn(3, 162, 3, generator=torch.Generator().manual_seed(0))
    results = []
    for device in ("cpu", "cuda"):
        vertices = (sphere.vertices_packed() + 0.05 * noise).to(device).requires_grad_()
        loss = TERMS[name](sphere.to(device).with_vertices(vertices))
        (gradient,) = torch.autograd.grad(loss, vertices)
        results.append((loss.detach().cpu(), gradient.cpu()))
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-6)


def test_sampled_points_lie_on_the_sphere() -> None:
    sphere = ico_sphere(4, device="cuda")
    points, normals = sample_points_from_meshes(
        sphere, 1000, return_normals=True, generator=torch.Generator("cuda").manual_seed(0)
    )
    assert points.device.type == "cuda"
    assert (points.norm(dim=2) - 1).abs().max() < 0.01
    assert (points * normals).sum(dim=2).min() > 0.99


def test_voxels_and_fields() -> None:
    values = torch.rand(2, 6, 7, 8, generator=torch.Generator().manual_seed(0))
    for build in (lambda v: cubify(v, 0.5), lambda v: marching_cubes(v, 0.5)):
        on_cpu, on_gpu = build(values), build(values.cuda())
        torch.testing.assert_close(on_gpu.vertices_packed().cpu(), on_cpu.vertices_packed())
        assert torch.equal(on_gpu.faces_packed().cpu(), on_cpu.faces_packed())
