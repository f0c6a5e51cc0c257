"""First clicks: how well one point picks an object out of composed pictures that show several.

    python recipes/finder/clicks.py --data datasets/finder-sweethome3d --photos datasets/backgrounds --split test

Of scenes with at least two objects, each object is clicked on in its middle: IoU of what the finder then takes, and how
many clicks it refuses (whose masks count like the others). Each scene is pointed at once 6 to 15 % of its side beside
all objects: how many of these points are refused, told, or pass in silence.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt

from shapeshot.errors import UserError
from shapeshot.evaluation.photos.silhouettes import mask_iou
from shapeshot.lab.finder.backgrounds import Photographs
from shapeshot.lab.finder.clicks import worst_point
from shapeshot.lab.finder.compose import Composer, photographed
from shapeshot.lab.finder.data import read_composer
from shapeshot.photo.finder import Finder, Sighting

SIDE, SEED = 384, 5
SMALLEST = 0.01  # share of the picture; smaller things are not clicked on


def main(argv: list[str] | None = None) -> int:
    """Print one JSON line for the other objects and one for the main ones; exit code 2 where data are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True, metavar="DIR", help="datasets")
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR", help="photographs for backgrounds")
    parser.add_argument("--split", default="val", help="whose objects (val)")
    parser.add_argument("--count", type=int, default=120, metavar="N", help="clicks on other objects at least (120)")
    args = parser.parse_args(argv)
    try:
        composer = read_composer(args.data, args.split, Photographs.read(args.photos))
    except UserError as error:
        print(f"finder: {error}", file=sys.stderr)
        return 2
    clicked, beside = scored(composer, args.count)
    for name, rows in clicked.items():
        ious, refused = (np.array(column) for column in zip(*rows, strict=True))
        row = {"clicked": name, "clicks": len(ious), "median_iou": round(float(np.median(ious)), 3)}
        shares = {str(least): round(float((ious >= least).mean()), 3) for least in (0.85, 0.5)}
        print(json.dumps(row | {"mean_iou": round(float(ious.mean()), 3)} | shares | {"refused": int(refused.sum())}))
    print(json.dumps({"clicked": "beside", "clicks": beside.total()} | beside))
    return 0


def scored(composer: Composer, count: int) -> tuple[dict[str, list[tuple[float, bool]]], Counter[str]]:
    """IoUs after one click and whether it was refused, by which object was meant; what becomes of points beside all."""
    finder, number, beside = Finder(), 0, Counter[str]()
    rows: dict[str, list[tuple[float, bool]]] = {"other": [], "main": []}
    while len(rows["other"]) < count:
        number += 1
        rng = np.random.default_rng([SEED, number])
        scene = composer.composite(SIDE, rng)
        if not scene.others:
            continue
        picture = photographed(scene.picture, rng)
        for name, mask in (*(("other", other) for other in scene.others), ("main", scene.mask)):
            truth = mask >= 0.5
            point = worst_point(np.zeros_like(truth), truth)
            if point is not None and (name == "main" or truth.mean() >= SMALLEST):
                found = finder.find(picture, [point])
                rows[name].append((mask_iou(found.mask >= 0.5, truth), bool(found.astray)))
        everything = np.max([scene.mask, *scene.others], axis=0) >= 0.5
        point = beside_all(everything, rng)
        if point is not None:
            beside[outcome(finder.find(picture, [point]))] += 1
    return rows, beside


def beside_all(everything: np.ndarray, rng: np.random.Generator) -> tuple[float, float] | None:
    """A point (x, y) 6 to 15 % of the side beside the mask of all objects; None where there is no room for one."""
    away = distance_transform_edt(~everything) / max(everything.shape)
    rows, columns = np.nonzero((away > 0.06) & (away < 0.15))
    chosen = int(rng.integers(max(1, len(rows))))
    return (float(columns[chosen]), float(rows[chosen])) if len(rows) else None


def outcome(found: Sighting) -> str:
    """What becomes of a point that lies on no object."""
    if found.astray or not (found.mask >= 0.5).any():
        return "refused"
    return "told" if found.remarks else "silent"


if __name__ == "__main__":
    raise SystemExit(main())
