"""How long differentiable isosurfaces take, and what the gradient adds; JSON lines.

    python benchmarks/bench_marching_cubes.py [--quick] [--threads 2] [--device cuda] [--no-memory]

`points` counts the samples of one field, the distance to a sphere with smooth bumps. `auto` is `marching_cubes`
forward and backward; `isosurface` finds the same triangles without gradients, the floor below which `auto` cannot go.
"""

from __future__ import annotations

import torch
from op_timing import Benchmark, Call, Case, main

from shapeshot.geometry.isosurface import isosurface
from shapeshot.lab.ops import marching_cubes


def prepare(implementation: str, case: Case, device: str) -> Call:
    """Surfaces of bumpy spheres, each of another size."""
    side = max(4, round(case.points ** (1 / 3)))
    axis = torch.linspace(-1, 1, side)
    x, y, z = torch.meshgrid(axis, axis, axis, indexing="ij")
    sizes = torch.linspace(0.5, 0.8, case.batch)[:, None, None, None]
    bumps = 0.1 * torch.sin(7 * x) * torch.sin(8 * y) * torch.sin(9 * z)
    fields = (sizes + bumps - (x * x + y * y + z * z).sqrt()).to(device).requires_grad_()
    if implementation == "isosurface":
        arrays = fields.detach().cpu().numpy()
        return lambda: [isosurface(array, 0.0, -1.0, 2 / (side - 1)) for array in arrays]

    def call() -> None:
        fields.grad = None
        marching_cubes(fields, 0.0, -1.0, 2 / (side - 1)).vertices_packed().square().sum().backward()

    return call


BENCHMARK = Benchmark(
    name="marching_cubes",
    prepare=prepare,
    implementations=("auto", "isosurface"),
    baseline="isosurface",
    cases=(Case(32, 512), Case(32, 4096), Case(8, 32_768, repeats=5), Case(1, 110_592, repeats=5)),
)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
