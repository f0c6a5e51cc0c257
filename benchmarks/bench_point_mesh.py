"""How long distances to a mesh take, forward and backward, against the plain reference; JSON lines.

    python benchmarks/bench_point_mesh.py [--quick] [--threads 2] [--no-memory]

As many points as triangles: points near the surface of a bumpy sphere, float32.
"""

from __future__ import annotations

import os

import torch
from op_timing import Benchmark, Call, Case, main
from torch import Tensor
from torch.nn import functional as F

from shapeshot.lab.ops import point_to_mesh_distance


def bumpy_sphere(batch: int, num_triangles: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Points [batch, num_triangles, 3] near the triangles [batch, num_triangles, 3, 3] that cover a sphere."""
    directions = F.normalize(torch.randn(2, batch, num_triangles, 3, generator=generator), dim=3)
    centers = directions[0] * (1 + 0.1 * torch.sin(8 * directions[0]).prod(dim=2, keepdim=True))
    side = (4 * torch.pi / num_triangles) ** 0.5
    corners = centers[:, :, None] + side * torch.randn(batch, num_triangles, 3, 3, generator=generator)
    return directions[1] * 1.01, corners


def prepare(implementation: str, case: Case, device: str) -> Call:
    """One forward and backward pass; the mode of `SHAPESHOT_OPS` is that of the implementation."""
    generator = torch.Generator().manual_seed(0)
    points, triangles = bumpy_sphere(case.batch, case.points, generator)
    points, triangles = points.to(device).requires_grad_(), triangles.to(device).requires_grad_()

    def call() -> None:
        points.grad = triangles.grad = None
        os.environ["SHAPESHOT_OPS"] = "auto" if implementation == "shapeshot" else "reference"
        point_to_mesh_distance(points, triangles).dists.mean().backward()

    return call


BENCHMARK = Benchmark(
    name="point_mesh",
    prepare=prepare,
    implementations=("shapeshot", "reference"),
    baseline="reference",
    brute_force=("reference",),
    max_pairs=3e7,
    cases=(
        Case(8, 256),
        Case(8, 1000, repeats=3),
        Case(1, 5000, repeats=3),
        Case(1, 20_000, repeats=3),
        Case(1, 100_000, repeats=3),
    ),
)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
