"""How long nearest neighbours take: every kernel against the plain reference, to place the crossover; JSON lines.

    python benchmarks/bench_knn.py [--quick] [--threads 2] [--device cuda] [--no-memory]

`knn_points` without gradients, on points uniformly in the unit cube, float32. `auto` is what is used.
"""

from __future__ import annotations

import torch
from op_timing import Benchmark, Call, Case, main

from shapeshot.lab.ops import knn_points
from shapeshot.lab.ops.kernels import nearest_kdtree, nearest_matmul, nearest_pykdtree
from shapeshot.lab.ops.knn import nearest_reference

SEARCHES = {
    "reference": nearest_reference,
    "matmul": nearest_matmul.nearest_indices,
    "kdtree": nearest_kdtree.nearest_indices,
    "pykdtree": nearest_pykdtree.nearest_indices,
}


def prepare(implementation: str, case: Case, device: str) -> Call:
    """One search on seeded clouds: through `knn_points`, or by one kernel alone."""
    generator = torch.Generator().manual_seed(0)
    p1, p2 = (torch.rand(case.batch, case.points, 3, generator=generator).to(device) for _ in range(2))
    if implementation == "auto":
        return lambda: knn_points(p1, p2)
    lengths = torch.full((case.batch,), case.points, device=device)
    return lambda: SEARCHES[implementation](p1, p2, lengths, lengths, 1, 2)


CASES = tuple(
    Case(batch, points, repeats=repeats)
    for batch, points, repeats in (
        (32, 128, 15),
        (32, 256, 15),
        (32, 512, 9),
        (32, 1000, 7),
        (32, 2000, 5),
        (1, 256, 15),
        (1, 1000, 15),
        (8, 5000, 3),
        (4, 10_000, 3),
        (1, 100_000, 3),
    )
)

BENCHMARK = Benchmark(
    name="knn",
    prepare=prepare,
    implementations=("auto", "reference", "matmul", "kdtree", "pykdtree"),
    baseline="reference",
    brute_force=("reference", "matmul"),
    cpu_only=("matmul", "kdtree", "pykdtree"),
    cases=CASES,
)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
