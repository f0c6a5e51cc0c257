"""Which of the training's catalogue models each model of the set is most like: the same model must not be in both.

    python recipes/photolike/nearest_catalogue.py datasets/photolike

Compares canonical shapes by mean distance between surface points, both ways, in four turns about the vertical; a
catalogue model whose sorted extents differ by more than MAX_EXTENT_GAP is another. Prints the nearest first.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from shapeshot.data.shards import decode_arrays
from shapeshot.data.sources import make_source
from shapeshot.errors import UserError
from shapeshot.geometry import Mesh
from shapeshot.geometry.sample import sample_surface

MAX_EXTENT_GAP = 0.06
NUM_POINTS = 1500
QUARTER_TURN = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])


@dataclass(frozen=True, eq=False)
class Shape:
    """A canonical shape as `NUM_POINTS` of its surface, its sorted extents and its number of faces."""

    points: np.ndarray
    extents: np.ndarray
    faces: int

    @classmethod
    def of(cls, vertices: np.ndarray, faces: np.ndarray) -> Shape:
        points = sample_surface(Mesh(vertices, faces), NUM_POINTS, np.random.default_rng(0)).points
        return cls(points, np.sort(np.ptp(vertices, axis=0)), len(faces))


def distance(first: Shape, second: Shape) -> float:
    """Mean distance between their surfaces in the best of four turns; infinite where their extents differ."""
    if np.abs(first.extents - second.extents).max() > MAX_EXTENT_GAP:
        return float("inf")
    tree, points, best = cKDTree(first.points), second.points, float("inf")
    for _ in range(4):
        points = points @ QUARTER_TURN.T
        both = tree.query(points)[0].mean() + cKDTree(points).query(first.points)[0].mean()
        best = min(best, float(both) / 2)
    return best


def main(folder: Path) -> None:
    """Print a line for each model of the set in `folder`."""
    files = sorted((folder / "models").glob("*.mesh.npz"))
    meshes = {path.name.removesuffix(".mesh.npz"): decode_arrays(path.read_bytes()) for path in files}
    mine = {name: Shape.of(mesh["vertices"], mesh["faces"]) for name, mesh in meshes.items()}
    nearest = {name: (float("inf"), "none of its extents", 0) for name in mine}
    for entry in make_source("sweethome3d").entries():
        try:
            model, _ = entry.load().canonical()
        except UserError as error:
            print(f"left out {entry.info.id}: {error}", file=sys.stderr)
            continue
        other = Shape.of(*model.merged())
        for name, shape in mine.items():
            found = distance(shape, other)
            if found < nearest[name][0]:
                nearest[name] = (found, entry.info.id, other.faces)
    for name, (found, other_id, faces) in sorted(nearest.items(), key=lambda item: item[1][0]):
        print(f"{found:.4f} {name} ({mine[name].faces} faces) {other_id} ({faces} faces)")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
