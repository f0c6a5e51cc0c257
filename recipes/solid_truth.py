"""Whether a dataset's solids are right: objects against an inside test that shares no code with ours.

    pip install libigl
    python recipes/solid_truth.py --data datasets/infinigen --objects 100 --out out/solid_truth.csv

Ours (`data/solids/solid.py`) traces the surface and floods the outside; it never looks at how faces are turned. The
other test goes by generalized winding numbers (Jacobson et al., "Robust inside-outside segmentation using generalized
winding numbers", SIGGRAPH 2013; libigl's fast ones). A line for each object, of ours without its rule for thin parts:

- `raw`: IoU at 64^3 with the cells that the mesh as a whole winds about, and what these enclose but for gaps of up to
  3 % of the side. It blames ours for what winding does not see: faces turned against each other, boards thinner than a
  cell of 64, hollows behind them.
- `iou`: IoU at 128^3 with what the same rules give by other means (`solid_oracle.py`), over the cells that the surface
  does not pass through: whose centres are inside is asked of those that are clearly in or out. `whole`: over all cells.
- `left_out`: how much of our solid are cells that the surface passes through. `filled`: how much is no matter by
  winding but enclosed by it or by open parts.

And of the data set's own solids, in which parts under five cells of 128 are made that thick: `missing`, how many cells
of the other solid (away from the surface) they lack; `beyond`, how many of theirs lie more than REACH cells away.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import igl  # type: ignore[import-not-found]
import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import binary_closing, binary_fill_holes, distance_transform_cdt
from solid_oracle import solid_of
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample
from shapeshot.data.solids.solid import downsample_occupancy, solid_occupancy

CELLS, GAP = 64, 1  # of `raw`: cells a side, and half the widest gap through which nothing gets in
FINE = 128  # of the others: as fine as a data set's solids
REACH = 4  # cells: five around a sheet, moved inwards by two where the cube ends


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
    rows = [compared(key, dataset.sample(key)) for key in tqdm([ids[index] for index in sorted(chosen)])]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with args.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print_by_factory(rows)


def compared(key: str, sample: Sample) -> dict[str, Any]:
    """The line of one object."""
    vertices, faces = sample.vertices, sample.faces
    coarse = solid_occupancy(vertices, faces, CELLS, min_thickness=1 / CELLS)
    wound = wound_inside(vertices, faces)
    ours = solid_occupancy(vertices, faces, FINE, min_thickness=1 / FINE)
    other = solid_of(vertices, faces, FINE)
    away = ~other.walls
    far = distance_transform_cdt(~(other.solid | other.walls), "chessboard") > REACH
    return {
        "id": key,
        "factory": key.rsplit("-", 1)[0],
        "raw": iou(coarse, wound),
        "raw_stored": iou(downsample_occupancy(sample.solid, CELLS), wound),
        "iou": iou(ours & away, other.solid & away),
        "whole": iou(ours, other.solid),
        "left_out": share(ours & ~away, ours),
        "filled": share(ours & away & ~other.matter, ours),
        "missing": share(other.solid & away & ~sample.solid, other.solid & away),
        "beyond": share(sample.solid & far, sample.solid),
        "open_share": other.open_share,
    }


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
    """Cells in both over cells in either; nan where there are none."""
    either = (first | second).sum()
    return float((first & second).sum() / either) if either else float("nan")


def share(some: Bool[np.ndarray, "n n n"], every: Bool[np.ndarray, "n n n"]) -> float:
    """How many of the cells, of 1; nan where there are none."""
    return float(some.sum() / every.sum()) if every.any() else float("nan")


def print_by_factory(rows: list[dict[str, Any]]) -> None:
    """Print medians and least IoU, worst factories first, and how many reach the bar."""
    by_factory = defaultdict(list)
    for row in rows:
        by_factory[row["factory"]].append(row)
    print(f"{'':20s}   n  raw: median, least   iou: median, least   whole  left out  filled  missing  beyond (most)")
    for factory, some in sorted(by_factory.items(), key=lambda item: np.nanmedian([row["iou"] for row in item[1]])):
        _print_line(factory, some)
    _print_line("all", rows)
    for name in ("raw", "iou"):
        found = np.array([row[name] for row in rows])
        good, every = (found >= 0.97).sum(), np.isfinite(found).sum()
        print(f"{name}: {good} of {every} at 0.97 or more, mean {np.nanmean(found):.4f}")
    print(f"{sum(not np.isfinite(row['iou']) for row in rows)} objects thinner than a cell everywhere have no iou")


def _print_line(name: str, rows: list[dict[str, Any]]) -> None:
    column = {key: np.array([row[key] for row in rows]) for key in rows[0] if key not in ("id", "factory")}
    middle = {key: np.nanmedian(values) for key, values in column.items()}
    print(
        f"{name:20s} {len(rows):3d}  {middle['raw']:.3f} {np.nanmin(column['raw']):.3f}   "
        f"{middle['iou']:.4f} {np.nanmin(column['iou']):.4f}   {middle['whole']:.3f}  {middle['left_out']:.2f}  "
        f"{middle['filled']:.2f}  {np.nanmax(column['missing']):.4f}  {np.nanmax(column['beyond']):.4f}"
    )


if __name__ == "__main__":
    main()
