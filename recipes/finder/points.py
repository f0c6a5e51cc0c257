"""What becomes of points beside the object, and on it, on scenes whose masks are known.

    python recipes/finder/points.py --photos datasets/photolike/pictures

Three points each on the object, 1 to 4 % of the photo's longer side beside it, and 6 to 15 % beside it: how many are
refused, taken with a warning, give the object (IoU of 0.5 or more), or pass in silence with something else.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt

from shapeshot.evaluation.photos.silhouettes import mask_iou
from shapeshot.photo.decode import read_photo
from shapeshot.photo.finder import Finder, Sighting

POINTS = 3
RIGHT = 0.5


def main() -> None:
    """Point and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR", help="NAME-scene.jpg, NAME-scene.mask.png")
    parser.add_argument("--finder", type=Path, metavar="FILE", help="another finder.onnx than the shipped one")
    args = parser.parse_args()
    finder = Finder(args.finder) if args.finder else Finder()
    rng, counts = np.random.default_rng(0), Counter[tuple[str, str]]()
    for path in sorted(args.photos.glob("*-scene.jpg")):
        rgb = read_photo(path).rgba[..., :3]
        mask = Image.open(path.with_name(f"{path.stem}.mask.png")).convert("L").resize(rgb.shape[1::-1])
        truth = np.asarray(mask) > 127
        for where, places in regions(truth).items():
            rows, columns = np.nonzero(places)
            for chosen in rng.integers(len(rows), size=POINTS if len(rows) else 0):
                found = finder.find(rgb, [(float(columns[chosen]), float(rows[chosen]))])
                counts[where, outcome(found, truth)] += 1
    for (where, what), count in sorted(counts.items()):
        print(f"{where:7s} {what:10s} {count}")


def regions(truth: np.ndarray) -> dict[str, np.ndarray]:
    """Where the points lie, bool [height, width] each."""
    side = max(truth.shape)
    inside, outside = distance_transform_edt(truth) / side, distance_transform_edt(~truth) / side
    return {
        "on": inside > min(0.01, 0.6 * inside.max()),
        "near": (outside > 0.01) & (outside <= 0.04),
        "beside": (outside > 0.06) & (outside < 0.15),
    }


def outcome(found: Sighting, truth: np.ndarray) -> str:
    """What a user is told, or gets."""
    if found.astray or not (found.mask >= 0.5).any():
        return "refused"
    if mask_iou(found.mask >= 0.5, truth) >= RIGHT:
        return "right"
    return "warned" if found.remarks else "silent"


if __name__ == "__main__":
    main()
