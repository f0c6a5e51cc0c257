"""Whose solids a dataset holds otherwise than the present code makes them of the same meshes.

    python recipes/solids_changed.py --data datasets/sweethome3d --every 12

Prints each such object with its stored cells, and how many the present code adds and takes away.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from shapeshot.data.dataset import Dataset
from shapeshot.data.solids.solid import solid_occupancy


def main() -> None:
    """Compare every n-th object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="not of r2n2, whose solids are published ones")
    parser.add_argument("--every", type=int, default=1, help="only every n-th object (1)")
    args = parser.parse_args()
    dataset = Dataset.open(args.data)
    chosen, changed = list(dataset.ids())[:: max(args.every, 1)], 0
    for key in chosen:
        sample = dataset.sample(key)
        stored, made = sample.solid, solid_occupancy(sample.vertices, sample.faces)
        if (stored != made).any():
            changed += 1
            print(f"{key} {stored.sum()} +{(made & ~stored).sum()} -{(stored & ~made).sum()}", flush=True)
    print(f"{changed} of {len(chosen)} objects changed")


if __name__ == "__main__":
    main()
