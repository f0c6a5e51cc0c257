"""The Triton kernel against the reference: on CUDA where there is one, else in Triton's interpreter.

    TRITON_INTERPRET=1 pytest tests/gpu

runs the kernel's code on the CPU wherever `pip install triton` works; that checks what it computes, not how fast.
"""

from __future__ import annotations

import os

import pytest
import torch
from torch import Tensor

from shapeshot.lab.ops import available_backends, chamfer_distance, knn_points
from shapeshot.lab.ops.backends import nearest_backend
from shapeshot.lab.ops.knn import nearest_reference

HAS_CUDA = torch.cuda.is_available()
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
DEVICE = "cuda" if HAS_CUDA else "cpu"

if not (HAS_CUDA or INTERPRETED):
    pytest.skip("no CUDA device, and TRITON_INTERPRET=1 is not set", allow_module_level=True)
pytest.importorskip("triton", reason="needs the package triton")

needs_cuda = pytest.mark.skipif(not HAS_CUDA, reason="no CUDA device")


def rand(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype).to(DEVICE)


def squared_or_summed(p1: Tensor, p2: Tensor, norm: int) -> Tensor:
    return (p1[:, :, None] - p2[:, None]).abs().pow(norm).sum(dim=3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("norm", [1, 2])
@pytest.mark.parametrize(("num_dims", "num_neighbors"), [(3, 1), (3, 5), (3, 16), (1, 2), (7, 1)])
@pytest.mark.parametrize(("count1", "count2"), [(150, 70), (5, 33), (65, 1), (64, 32)])
def test_equals_the_reference(
    dtype: torch.dtype, norm: int, num_dims: int, num_neighbors: int, count1: int, count2: int
) -> None:
    from shapeshot.lab.ops.kernels.nearest_triton import nearest_indices

    p1, p2 = rand(2, count1, num_dims, dtype=dtype), rand(2, count2, num_dims, seed=1, dtype=dtype)
    lengths1 = torch.tensor([count1, count1 // 2], device=DEVICE)
    lengths2 = torch.tensor([count2, (count2 + 1) // 2], device=DEVICE)
    ours = nearest_indices(p1, p2, lengths1, lengths2, num_neighbors, norm)
    theirs = nearest_reference(p1, p2, lengths1, lengths2, num_neighbors, norm)
    distances = squared_or_summed(p1, p2, norm)
    for item in range(2):
        rows, kept = int(lengths1[item]), min(num_neighbors, int(lengths2[item]))
        found, expected = (
            distances[item, :rows].gather(1, idx[item, :rows, :kept]).sort(dim=1).values for idx in (ours, theirs)
        )
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-12)
        assert all(len(set(row)) == kept for row in ours[item, :rows, :kept].tolist())


def test_of_equally_near_points_the_first() -> None:
    from shapeshot.lab.ops.kernels.nearest_triton import nearest_indices

    p2 = rand(1, 40, 3)
    doubled = torch.cat([p2, p2, p2], dim=1)
    lengths1, lengths2 = torch.tensor([40], device=DEVICE), torch.tensor([120], device=DEVICE)
    found = nearest_indices(p2, doubled, lengths1, lengths2, 1, 2)
    assert found.flatten().tolist() == list(range(40))


def test_clouds_without_points() -> None:
    from shapeshot.lab.ops.kernels.nearest_triton import nearest_indices

    nothing = torch.tensor([0], device=DEVICE)
    assert nearest_indices(rand(1, 0, 3), rand(1, 4, 3), nothing, nothing, 1, 2).shape == (1, 0, 1)
    three = torch.tensor([3], device=DEVICE)
    for num_neighbors in (1, 2):
        assert not nearest_indices(rand(1, 3, 3), rand(1, 4, 3), three, nothing, num_neighbors, 2).any()


@needs_cuda
def test_cuda_uses_it_and_agrees_with_the_cpu() -> None:
    assert "nearest_triton" in available_backends()
    assert nearest_backend("cuda", 3000, 3, 1, 2) == "nearest_triton"
    x, y = (rand(4, 3000, 3, seed=seed).requires_grad_() for seed in (0, 1))
    host = [cloud.detach().cpu().requires_grad_() for cloud in (x, y)]
    losses = chamfer_distance(x, y)[0], chamfer_distance(*host)[0]
    for loss in losses:
        loss.backward()
    torch.testing.assert_close(losses[0].cpu(), losses[1])
    for device_cloud, host_cloud in zip((x, y), host, strict=True):
        assert device_cloud.grad is not None
        torch.testing.assert_close(device_cloud.grad.cpu(), host_cloud.grad, rtol=1e-4, atol=1e-8)


@needs_cuda
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_cuda_takes_other_dtypes(dtype: torch.dtype) -> None:
    p1, p2 = rand(2, 200, 3).to(dtype), rand(2, 300, 3, seed=1).to(dtype)
    found, expected = knn_points(p1, p2, K=4), knn_points(p1.cpu(), p2.cpu(), K=4)
    torch.testing.assert_close(found.dists.cpu(), expected.dists, rtol=1e-2, atol=1e-6)


@needs_cuda
def test_cuda_memory_is_linear_in_the_points() -> None:
    def peak(num_points: int) -> int:
        p1, p2 = rand(1, num_points, 3), rand(1, num_points, 3, seed=1)
        knn_points(p1, p2)
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        knn_points(p1, p2)
        return torch.cuda.max_memory_allocated() - before

    assert peak(80_000) < 6 * peak(20_000)
