"""Whether a dataset's solids are right: objects against an inside test that shares no code with ours.

    pip install libigl
    python recipes/solid_truth.py --data datasets/infinigen --objects 100 --out out/solid_truth.csv

Ours (`data/solids/solid.py`) traces the surface and floods the outside; it never looks at how faces are turned. Here a
cell is inside where the generalized winding number of its centre (Jacobson et al., "Robust inside-outside segmentation
using generalized winding numbers", SIGGRAPH 2013; libigl's fast one) is above one half in size, and where such cells
enclose it but for gaps of up to 3 % of the side, since both count as solid in ours. `iou` compares our solid without
its rule that parts under five cells of 128 are made that thick, `stored_iou` the data set's own, at half its
resolution.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import igl  # type: ignore[import-not-found]
import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import binary_closing, binary_fill_holes
from tqdm import tqdm

from shapeshot.data.dataset import Dataset
from shapeshot.data.solids.solid import downsample_occupancy, solid_occupancy

CELLS, GAP = 64, 1  # a side, and half the widest gap through which nothing gets in


def main() -> None:
    """Compare, write a line for each object, and print the factories' medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--objects", type=int, default=100, help="how many at most, at random (100)")
    parser.add_argument("--seed", type=int, default=0, help="of the choice (0)")
    parser.add_argument("--out", type=Path, required=True, help="a .csv")
    args = parser.parse_args()
    dataset = Dataset.open(args.data)
    ids = list(dataset.ids())
    if not ids or args.objects < 1:
        parser.error(f"{args.data} has {len(ids)} objects, and {args.objects} were asked for")
    chosen = np.random.default_rng(args.seed).permutation(len(ids))[: args.objects]
    rows = []
    for key in tqdm([ids[index] for index in sorted(chosen)]):
        sample = dataset.sample(key)
        thin = solid_occupancy(sample.vertices, sample.faces, CELLS, min_thickness=1 / CELLS)
        wound = wound_inside(sample.vertices, sample.faces)
        found = {"iou": iou(thin, wound), "stored_iou": iou(downsample_occupancy(sample.solid, CELLS), wound)}
        rows.append({"id": key, "factory": key.rsplit("-", 1)[0], **found})
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with args.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print_by_factory(rows)


def wound_inside(
    vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"]
) -> Bool[np.ndarray, "cells cells cells"]:
    """Which cells' centres the mesh winds about, and what these enclose."""
    axis = (np.arange(CELLS) + 0.5) / CELLS - 0.5
    places = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    winding = igl.fast_winding_number(vertices.astype(np.float64), faces.astype(np.int64), places)
    inside = np.pad((np.abs(winding) > 0.5).reshape((CELLS,) * 3), 2 * GAP)
    closed = binary_closing(inside, iterations=GAP)
    whole: np.ndarray = inside | (binary_fill_holes(closed) & ~closed)
    return whole[2 * GAP : -2 * GAP, 2 * GAP : -2 * GAP, 2 * GAP : -2 * GAP]


def iou(first: Bool[np.ndarray, "n n n"], second: Bool[np.ndarray, "n n n"]) -> float:
    """Cells in both over cells in either."""
    return float((first & second).sum() / max((first | second).sum(), 1))


def print_by_factory(rows: list[dict[str, object]]) -> None:
    """Print the medians, worst factories first."""
    by_factory = defaultdict(list)
    for row in rows:
        by_factory[row["factory"]].append(row["iou"])
    for factory, ious in sorted(by_factory.items(), key=lambda item: float(np.median(item[1]))):
        print(f"{factory:28s} {len(ious):3d} {np.median(ious):.3f} {np.min(ious):.3f}")
    every = np.array([row["iou"] for row in rows], float)
    good = (every >= 0.97).mean()
    print(f"{len(rows)} objects: median {np.median(every):.3f}, mean {every.mean():.3f}, 0.97 or more {good:.2f}")


if __name__ == "__main__":
    main()
