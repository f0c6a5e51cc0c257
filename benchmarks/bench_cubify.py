"""How long turning voxels into meshes of their exposed faces takes; JSON lines.

    python benchmarks/bench_cubify.py [--quick] [--threads 2] [--device cuda] [--no-memory]

`points` counts the cells of one grid, a ball half as wide as the grid with noise at its surface. `every_cube` is the
plain way: six squares for each cube, those that occur twice dropped, vertices merged by their coordinates.
"""

from __future__ import annotations

import torch
from op_timing import Benchmark, Call, Case, main
from torch import Tensor

from shapeshot.lab.ops import MeshBatch, cubify

CORNERS = torch.tensor([[i >> 2 & 1, i >> 1 & 1, i & 1] for i in range(8)])
SQUARES = torch.tensor([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])


def every_cube(voxels: Tensor, threshold: float) -> MeshBatch:
    """As `cubify(voxels, threshold, "corner")`."""
    vertices, faces = [], []
    for occupied in voxels >= threshold:
        corners = occupied.nonzero()[:, None] + CORNERS.to(voxels.device)
        used, number = torch.unique(corners.reshape(-1, 3), dim=0, return_inverse=True)
        squares = number.reshape(-1, 8)[:, SQUARES.to(voxels.device)].reshape(-1, 4)
        _, which, counts = torch.unique(squares.sort(dim=1).values, dim=0, return_inverse=True, return_counts=True)
        kept, square_vertices = torch.unique(squares[counts[which] == 1], return_inverse=True)
        vertices.append(used[kept] * 2 / torch.tensor(occupied.shape, device=voxels.device) - 1)
        faces.append(square_vertices[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3))
    return MeshBatch(vertices, faces)


def prepare(implementation: str, case: Case, device: str) -> Call:
    """Cubes of seeded noisy balls."""
    side = max(4, round(case.points ** (1 / 3)))
    axis = torch.linspace(-1, 1, side)
    radius = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij")).norm(dim=0)
    noise = torch.rand(case.batch, side, side, side, generator=torch.Generator().manual_seed(0))
    voxels = (0.75 + 0.5 * (noise - 0.5) - 0.5 * radius).to(device)
    if implementation == "auto":
        return lambda: cubify(voxels, 0.5, "corner")
    return lambda: every_cube(voxels, 0.5)


BENCHMARK = Benchmark(
    name="cubify",
    prepare=prepare,
    implementations=("auto", "every_cube"),
    baseline="every_cube",
    cases=(Case(32, 512), Case(32, 4096), Case(8, 32_768, repeats=5), Case(1, 110_592, repeats=5)),
)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
