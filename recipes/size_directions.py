"""Which directions of the encoder's features tell a size best: principal components, or discriminants of the kinds.

    python recipes/size_directions.py --data datasets/view-sweethome3d --more datasets/view-infinigen

One JSON line for each: the mean error of log metres on val, with the best bandwidth. Linear discriminants follow Fisher
(1936), with the covariance within kinds shrunk towards a multiple of the identity.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from shapeshot.data.dataset import Dataset
from shapeshot.model.field_model import load_model
from shapeshot.model.heads import SizeHead
from shapeshot.model.heads.look import unit
from shapeshot.tuning.calibrate.fit import BANDWIDTHS, COVERAGE, fit_look
from shapeshot.tuning.calibrate.photos import SeenViews, joined, see_split

Directions = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    """See the objects, try the directions, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--more", type=Path, help="another dataset, whose objects are known in a last line")
    parser.add_argument("--model", default="default")
    args = parser.parse_args()
    model, dataset = load_model(args.model), Dataset.open(args.data)
    train, val = see_split(model, dataset, "train", 4).sized(), see_split(model, dataset, "val", 3).sized()
    for count in (32, 64, 128, 256):
        tell(f"{count} principal components", fit_look(train.features, count).directions, train, val)
    for shrinkage in (0.1, 0.3, 0.6):
        for count in (32, 64, 128):
            tell(f"{count} discriminants, shrunk by {shrinkage}", discriminants(train, shrinkage, count), train, val)
    if args.more:
        both = joined([train, see_split(model, Dataset.open(args.more), "train", 4).sized()])
        tell(f"128 principal components, with {args.more.name}", fit_look(both.features).directions, both, val)


def tell(name: str, directions: Directions, train: SeenViews, val: SeenViews) -> None:
    """Print the error of kernel regression over the objects' mean directions."""
    _, first, members = np.unique(train.objects, return_index=True, return_inverse=True)
    seen = directions(train.features)
    sums = np.zeros((len(first), seen.shape[1]))
    np.add.at(sums, members, seen)
    heads = [SizeHead(unit(sums), train.log_metres[first], width, np.zeros(3), COVERAGE) for width in BANDWIDTHS]
    errors = [np.abs(head.middle_and_spread(directions(val.features))[0] - val.log_metres).mean() for head in heads]
    print(json.dumps({"directions": name, "log_error": round(float(min(errors)), 4)}), flush=True)


def discriminants(train: SeenViews, shrinkage: float, count: int) -> Directions:
    """The directions in which kinds differ most, beside how much the objects of one kind do."""
    mean, scale = train.features.mean(axis=0), np.maximum(train.features.std(axis=0), 1e-6)
    values = ((train.features - mean) / scale).astype(np.float64)
    _, kinds = np.unique(train.kinds, return_inverse=True)
    centers = np.stack([values[kinds == kind].mean(axis=0) for kind in range(kinds.max() + 1)])
    within, between = (np.cov(part, rowvar=False, bias=True) for part in (values - centers[kinds], centers[kinds]))
    size = len(within)
    shrunk = (1 - shrinkage) * within + shrinkage * np.trace(within) / size * np.eye(size)
    root = np.linalg.cholesky(np.linalg.inv(shrunk))
    _, vectors = np.linalg.eigh(root.T @ between @ root)
    project = root @ vectors[:, ::-1][:, :count]
    return lambda features: unit((features - mean) / scale @ project)


if __name__ == "__main__":
    main()
