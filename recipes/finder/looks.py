"""Second looks that the runtime does not take: other margins, means with the mirror image, the surest of several.

    python recipes/finder/looks.py --data datasets/finder-sweethome3d --split val

Of every picture in a room of the split: mask IoU by the runtime, by the first look alone, by a second one at the first
one's box with several margins, by the mean of a look and its mirror image, by the surest of all looks, by the one that
is right (which nobody can know), and by a look at the true box. Each look counts, without the check that it agrees.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from evaluate import Case, rooms
from tqdm import tqdm

from shapeshot.errors import UserError
from shapeshot.evaluation.photos.silhouettes import mask_iou
from shapeshot.photo.finder import Finder, Look
from shapeshot.photo.finder import finder as runtime
from shapeshot.photo.finder.boxes import Box, placed
from shapeshot.photo.regions import grown

MARGINS = (0.15, 0.3, 0.5)  # around the object, of its longer side


def main(argv: list[str] | None = None) -> int:
    """Print a JSON line for every way of looking; exit code 2 where data are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True, metavar="DIR", help="datasets with rooms")
    parser.add_argument("--split", default="val", help="whose rooms (val)")
    args = parser.parse_args(argv)
    try:
        cases = list(rooms(args.data, (args.split,)))
    except UserError as error:
        print(f"finder: {error}", file=sys.stderr)
        return 2
    finder = Finder()
    rows = [ways(finder, case) for case in tqdm(cases)]
    for way in rows[0]:
        values = np.array([row[way] for row in rows])
        shares = {"0.85": round(float((values >= 0.85).mean()), 3), "wrong": int((values < 0.5).sum())}
        mean, median = (round(float(value), 3) for value in (values.mean(), np.median(values)))
        print(json.dumps({"way": way, "pictures": len(rows), "mean_iou": mean, "median_iou": median} | shares))
    return 0


def ways(finder: Finder, case: Case) -> dict[str, float]:
    """The IoU of one picture by every way of looking."""
    height, width = case.truth.shape
    frame = (0, 0, width, height)
    found = {"runtime": mask_iou(finder.find(case.picture).mask >= 0.5, case.truth)}
    first = finder._look(case.picture, frame, ())
    seen = whole_mask(first, case.picture, frame)
    looks = [(first.certainty, mask_iou(seen, case.truth))]
    found |= {"first": looks[0][1], "first and mirror": with_mirror(finder, first, case, frame)}
    for margin in MARGINS:
        box = box_around(seen if seen.any() else np.ones_like(seen), margin)
        look = finder._look(case.picture, box, ())
        looks.append((look.certainty, mask_iou(whole_mask(look, case.picture, box), case.truth)))
        found[f"margin {margin}"] = looks[-1][1]
        found[f"margin {margin} and mirror"] = with_mirror(finder, look, case, box)
        box = box_around(case.truth, margin)
        true = whole_mask(finder._look(case.picture, box, ()), case.picture, box)
        found[f"true box, margin {margin}"] = mask_iou(true, case.truth)
    return found | {"the surest": max(looks)[1], "the right one": max(iou for _, iou in looks)}


def with_mirror(finder: Finder, look: Look, case: Case, box: Box) -> float:
    """The IoU of the mean of the logits of a look and of one at its mirror image."""
    width, (left, top, right, bottom) = case.truth.shape[1], box
    mirrored = finder._look(np.ascontiguousarray(case.picture[:, ::-1]), (width - right, top, width - left, bottom), ())
    logits = [np.log(np.clip(p, 1e-4, 1 - 1e-4) / np.clip(1 - p, 1e-4, 1)) for p in (look.mask, mirrored.mask[:, ::-1])]
    mean = 1 / (1 + np.exp(-np.mean(logits, axis=0)))
    return mask_iou(whole_mask(look._replace(mask=mean), case.picture, box), case.truth)


def whole_mask(look: Look, picture: np.ndarray, box: Box) -> np.ndarray:
    """What a look takes for the object, bool of the picture's size."""
    kept = runtime._meant(look.mask >= 0.5, ())
    mask: np.ndarray = placed(look.mask * grown(kept, runtime.RIM), picture, box) >= 0.5
    return mask


def box_around(mask: np.ndarray, margin: float) -> Box:
    """The mask's box with a margin, inside the picture."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    room = margin * (max(np.ptp(rows), np.ptp(columns)) + 1)
    left, top = max(0, int(columns[0] - room)), max(0, int(rows[0] - room))
    right, bottom = int(columns[-1] + 1 + room) + 1, int(rows[-1] + 1 + room) + 1
    return left, top, min(mask.shape[1], right), min(mask.shape[0], bottom)


if __name__ == "__main__":
    raise SystemExit(main())
