"""How long the terms that shape a mesh take, forward and backward, with a fixed topology; JSON lines.

    python benchmarks/bench_mesh_terms.py [--quick] [--threads 2] [--device cuda] [--no-memory]

A batch of icospheres with moved vertices, float32; `points` counts the vertices of one. `cached` is what is used:
edges and neighbours were found before the clock runs, as in training. `rebuilt` is the plain reference, which finds
them at every call. The first two figures are uniform Laplacian, edge, normal consistency and 5000 sampled
points together; the others are each of them alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from op_timing import Benchmark, Call, Case, main
from torch import Tensor

from shapeshot.lab.ops import (
    MeshBatch,
    ico_sphere,
    mesh_edge_loss,
    mesh_laplacian_smoothing,
    mesh_normal_consistency,
    mesh_reference,
    sample_points_from_meshes,
)

NUM_SAMPLES = 5000

TERMS: dict[str, dict[str, Callable[[MeshBatch], Tensor]]] = {
    "cached": {
        "laplacian": mesh_laplacian_smoothing,
        "edge": mesh_edge_loss,
        "normal_consistency": mesh_normal_consistency,
        "sampling": lambda meshes: sample_points_from_meshes(meshes, NUM_SAMPLES).square().mean(),
        "laplacian_cot": lambda meshes: mesh_laplacian_smoothing(meshes, "cot"),
    },
    "rebuilt": {
        "laplacian": mesh_reference.mesh_laplacian_smoothing,
        "edge": mesh_reference.mesh_edge_loss,
        "normal_consistency": mesh_reference.mesh_normal_consistency,
        "sampling": lambda meshes: mesh_reference.sample_points_from_meshes(meshes, NUM_SAMPLES)[0].square().mean(),
        "laplacian_cot": lambda meshes: mesh_reference.mesh_laplacian_smoothing(meshes, "cot"),
    },
}
TOGETHER = ("laplacian", "edge", "normal_consistency", "sampling")


def prepare(implementation: str, case: Case, device: str) -> Call:
    """Forward and backward of one term, or of the four together, on the icosphere of about so many vertices."""
    kind, _, term = implementation.partition(" ")
    terms = [TERMS[kind][name] for name in ([term] if term else TOGETHER)]
    sphere = ico_sphere(max(0, round(math.log(case.points / 10, 4))), device=device)
    template = sphere.vertices_packed()
    noise = torch.randn(case.batch, *template.shape, generator=torch.Generator().manual_seed(0)).to(device)
    vertices = (template + 0.02 * noise).requires_grad_()

    def call() -> None:
        vertices.grad = None
        meshes = sphere.with_vertices(vertices)
        torch.stack([function(meshes) for function in terms]).sum().backward()

    return call


BENCHMARK = Benchmark(
    name="mesh_terms",
    prepare=prepare,
    implementations=("cached", "rebuilt", *(f"{kind} {name}" for name in TERMS["cached"] for kind in TERMS)),
    baseline="rebuilt",
    cases=(
        Case(1, 162),
        Case(32, 162),
        Case(32, 642),
        Case(1, 2562),
        Case(32, 2562, bar=5),
        Case(8, 10_242),
        Case(1, 163_842, repeats=3),
    ),
)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
