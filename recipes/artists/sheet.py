"""Objects of datasets as they were rendered, drawn at random, on one picture to be looked at.

python recipes/artists/sheet.py --data datasets/art-0ad-data --out docs/images/artists.jpg
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from shapeshot.data.dataset import Dataset

SIDE, COLUMNS = 104, 12  # pixels of a picture; pictures in a row


def main() -> None:
    """Draw the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--count", type=int, default=72)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    datasets = [Dataset.open(folder) for folder in args.data]
    everything = [(dataset, key) for dataset in datasets for key in dataset.records]
    rng = np.random.default_rng(args.seed)
    chosen = rng.choice(len(everything), args.count, replace=False)
    sheet = Image.new("RGB", (SIDE * COLUMNS, SIDE * -(-args.count // COLUMNS)), "white")
    for place, index in enumerate(chosen):
        dataset, key = everything[index]
        sample = dataset.sample(key)
        picture = Image.fromarray(sample.view(int(rng.integers(sample.num_views)))).resize((SIDE, SIDE))
        sheet.paste(picture, (place % COLUMNS * SIDE, place // COLUMNS * SIDE), picture)
    sheet.save(args.out, quality=88)


if __name__ == "__main__":
    main()
