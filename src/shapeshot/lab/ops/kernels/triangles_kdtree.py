"""The nearest triangle on the CPU, exactly, by k-d trees over centroids.

A triangle within its radius r of its centroid is nearer than its centroid by at most r. So once the next centroid of
a tree lies further than the best distance found plus r, no other triangle of that tree can be nearer. Triangles are
sorted into trees by size, each within a factor of two, so that one large triangle does not spoil the bound of many
small ones; for every tree the number of centroids looked at doubles until the bound holds for the point.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from shapeshot.lab.ops.point_mesh import squared_distance_to_triangle

_FIRST_CANDIDATES = 8
_SLACK = 1 + 1e-9  # the bound must survive the rounding of float64
# Pairs of a point and a triangle evaluated at a time: about 300 MB.
_MAX_PAIRS = 1 << 19


def nearest_triangles(points: Tensor, triangles: Tensor, points_lengths: Tensor, triangles_lengths: Tensor) -> Tensor:
    """As `point_mesh.nearest_triangles_reference`; distances are compared in float64."""
    found = torch.zeros(points.shape[:2], dtype=torch.long)
    for item, (count, num_triangles) in enumerate(
        zip(points_lengths.tolist(), triangles_lengths.tolist(), strict=True)
    ):
        if count and num_triangles:
            search = _Search(points[item, :count].double(), triangles[item, :num_triangles].double())
            found[item, :count] = search.nearest()
    return found


class _Search:
    """The nearest triangle so far of every point, improved tree by tree."""

    def __init__(self, points: Tensor, triangles: Tensor) -> None:
        self.points, self.triangles = points, triangles
        self.squared = torch.full((len(points),), torch.inf, dtype=torch.float64)
        self.indices = torch.zeros(len(points), dtype=torch.long)

    def nearest(self) -> Tensor:
        """Indices into the triangles, int64 [points]."""
        centroids = self.triangles.mean(dim=1)
        radii = (self.triangles - centroids[:, None]).norm(dim=2).amax(dim=1) * _SLACK
        for members in _by_size(radii):
            self._search_tree(members, centroids[members].numpy(), float(radii[members].max()))
        return self.indices

    def _search_tree(self, members: Tensor, centroids: np.ndarray, radius: float) -> None:
        tree = cKDTree(centroids, balanced_tree=False)
        pending, seen = torch.arange(len(self.points)), 0
        wanted = min(_FIRST_CANDIDATES, len(members))
        while len(pending):
            still_open = []
            for part in pending.split(max(1, _MAX_PAIRS // wanted)):
                distances, near = tree.query(self.points[part].numpy(), k=list(range(seen + 1, wanted + 1)))
                self._improve(part, members[torch.from_numpy(near)])
                bound = (self.squared[part].sqrt() + radius) * _SLACK
                still_open.append(part[torch.from_numpy(distances[:, -1]) <= bound])
            if wanted == len(members):
                return
            pending, seen, wanted = torch.cat(still_open), wanted, min(2 * wanted, len(members))

    def _improve(self, rows: Tensor, candidates: Tensor) -> None:
        """Compare `candidates` int64 [rows, candidates] with what is known for those points."""
        squared = squared_distance_to_triangle(self.points[rows, None], self.triangles[candidates])
        least, which = squared.min(dim=1)
        better = least < self.squared[rows]
        self.squared[rows] = torch.where(better, least, self.squared[rows])
        self.indices[rows] = torch.where(better, candidates.gather(1, which[:, None])[:, 0], self.indices[rows])


def _by_size(radii: Tensor) -> Iterator[Tensor]:
    """Indices of triangles whose radii lie within a factor of two, the most frequent sizes first.

    Sizes that differ from the largest by more than 2^10 share one tree, so that there are at most eleven.
    """
    largest = float(radii.max())
    if not largest > 0:
        yield torch.arange(len(radii))
        return
    classes = torch.log2(largest / radii.clamp(min=largest * 2.0**-10)).floor().long()
    labels, counts = classes.unique(return_counts=True)
    for label in labels[counts.argsort(descending=True)].tolist():
        yield (classes == label).nonzero()[:, 0]
