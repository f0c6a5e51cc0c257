"""How long sampling points from meshes takes, forward and backward; JSON lines.

    python benchmarks/bench_sampling.py [--quick] [--threads 2] [--device cuda] [--no-memory]

`points` are sampled with their normals from each icosphere of level 4 (5120 faces), float32. `reference` is the plain
twin: torch.multinomial over areas, and triangles gathered whole.
"""

from __future__ import annotations

import torch
from op_timing import Benchmark, Call, Case, main

from shapeshot.lab.ops import ico_sphere, mesh_reference, sample_points_from_meshes

SAMPLERS = {
    "auto": lambda meshes, count, rng: sample_points_from_meshes(meshes, count, True, generator=rng),
    "reference": mesh_reference.sample_points_from_meshes,
}


def prepare(implementation: str, case: Case, device: str) -> Call:
    """Points and normals with gradients to the vertices."""
    sphere, generator = ico_sphere(4, device=device), torch.Generator(device).manual_seed(0)
    vertices = sphere.vertices_packed().repeat(case.batch, 1, 1).requires_grad_()
    sample = SAMPLERS[implementation]

    def call() -> None:
        vertices.grad = None
        points, normals = sample(sphere.with_vertices(vertices), case.points, generator)
        (points.square().mean() + normals.square().mean()).backward()

    return call


BENCHMARK = Benchmark(
    name="sampling",
    prepare=prepare,
    implementations=("auto", "reference"),
    baseline="reference",
    cases=(Case(32, 256), Case(32, 1000), Case(32, 5000), Case(8, 10_000), Case(4, 100_000, repeats=3)),
)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
