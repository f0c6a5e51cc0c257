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
from shapeshot.scores.statistics import paired_difference


def main() -> None:
    """Read both reports' rows and print a line for each score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path, help="a report's folder")
    parser.add_argument("second", type=Path)
    args = parser.parse_args()
    first, second = by_object(args.first), by_object(args.second)
    for name in HIGHER_IS_BETTER:
        less, more = ({key: row[name] for key, row in rows.items() if name in row} for rows in (first, second))
        gain = paired_difference(more, less)
        print(f"{name}: {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}], {gain.count} objects")


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
