"""How long the chamfer distance takes, forward and backward, against brute force by torch.cdist; JSON lines.

    python benchmarks/bench_chamfer.py [--quick] [--threads 2] [--device cuda] [--no-memory]

Points lie uniformly in the unit cube, float32. On CUDA the brute force is compiled by torch.compile.
"""

from __future__ import annotations

import torch
from op_timing import Benchmark, Call, Case, main
from torch import Tensor

from shapeshot.lab.ops import chamfer_distance


def brute_force(x: Tensor, y: Tensor) -> Tensor:
    """The chamfer distance as it is written without an operator: all distances, once, by autograd."""
    distances = torch.cdist(x, y)
    # min with indices rather than amin: its backward pass is a scatter, so this is the faster way to write it.
    return distances.min(dim=2).values.square().mean() + distances.min(dim=1).values.square().mean()


def prepare(implementation: str, case: Case, device: str) -> Call:
    """One forward and backward pass on seeded clouds."""
    generator = torch.Generator().manual_seed(0)
    clouds = [torch.rand(case.batch, case.points, 3, generator=generator).to(device) for _ in range(2)]
    x, y = (cloud.requires_grad_() for cloud in clouds)
    if implementation == "shapeshot":
        distance = lambda: chamfer_distance(x, y)[0]  # noqa: E731
    else:
        twin = torch.compile(brute_force) if device == "cuda" else brute_force
        distance = lambda: twin(x, y)  # noqa: E731

    def call() -> None:
        x.grad = y.grad = None
        distance().backward()

    return call


BENCHMARK = Benchmark(
    name="chamfer",
    prepare=prepare,
    implementations=("shapeshot", "torch.cdist"),
    baseline="torch.cdist",
    brute_force=("torch.cdist",),
    cases=(
        Case(32, 256, bar=1, repeats=15),
        Case(32, 1000, bar=6),
        Case(32, 2000, bar=15, repeats=5),
        Case(8, 5000, bar=60, repeats=5),
        Case(4, 10_000, bar=100, repeats=3),
        Case(1, 50_000, repeats=5),
        Case(1, 100_000, repeats=5),
    ),
)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
