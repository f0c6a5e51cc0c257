"""What one model is worth beside another: paired differences of two reports in the frame of the view, with intervals.

    shapeshot evaluate --protocol view --views 2 --data datasets/view-sweethome3d --split val --model A --out out/a
    python recipes/view/worth.py out/a out/b

The second less the first, of each object's mean over its views: mean and 95 % bootstrap interval over objects.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

from shapeshot.evaluation.views.score import HIGHER_IS_BETTER

DRAWS = 10_000


def main() -> None:
    """Read both reports' rows and print a line for each score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path, help="a report's folder")
    parser.add_argument("second", type=Path)
    args = parser.parse_args()
    first, second = by_object(args.first), by_object(args.second)
    rng = np.random.default_rng(0)
    for name in HIGHER_IS_BETTER:
        shared = [key for key in first if (name in first[key]) and name in second.get(key, {})]
        gains = np.array([second[key][name] - first[key][name] for key in shared])
        means = gains[rng.integers(0, len(gains), (DRAWS, len(gains)))].mean(axis=1)
        low, high = np.percentile(means, (2.5, 97.5))
        print(f"{name}: {gains.mean():+.4f} [{low:+.4f}, {high:+.4f}], {len(gains)} objects")


def by_object(report: Path) -> dict[str, dict[str, float]]:
    """Each object's mean scores over its views."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with (report / "rows.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            for name in HIGHER_IS_BETTER:
                if row[name]:
                    found[row["object"]][name].append(float(row[name]))
    return {key: {name: float(np.mean(values)) for name, values in scores.items()} for key, scores in found.items()}


if __name__ == "__main__":
    main()
