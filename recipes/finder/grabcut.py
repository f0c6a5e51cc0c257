"""Cut animals and other things out of real photographs, as further objects for the finder's training.

    blender-env/bin/python recipes/finder/grabcut.py --photos datasets/things --out datasets/cuts

--photos: what `backgrounds.py --things` writes. grabcut.json says in which rectangle of each photograph its thing lies,
in tenths of the width and the height, left, top, right, bottom; the cut is by GrabCut (Rother et al., SIGGRAPH 2004).
Every cut was looked at: what came out wrong is not in the list. Run by the Python that `shapeshot data setup-blender`
made, which has OpenCV.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

LIST = Path(__file__).with_name("grabcut.json")
ROUNDS = 8


def main() -> int:
    """Write a cut-out of every photograph in the list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR", help="what backgrounds.py --things wrote")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the cut-outs go")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    known, credits = json.loads((args.photos / "credits.json").read_text()), {}
    for name, tenths in json.loads(LIST.read_text()).items():
        target = f"thing-{name}.png"
        cv2.imwrite(str(args.out / target), cut(cv2.imread(str(args.photos / f"{name}.jpg")), tenths))
        credits[target] = known[f"{name}.jpg"]
    (args.out / "credits.json").write_text(json.dumps(credits, indent=1) + "\n")
    print(f"{len(credits)} cut-outs in {args.out}")
    return 0


def cut(photo: np.ndarray, tenths: list[float]) -> np.ndarray:
    """The thing in a rectangle of a BGR photograph as BGRA, cropped: the largest piece and what is nearly as large."""
    height, width = photo.shape[:2]
    left, top, right, bottom = (
        int(share / 10 * length) for share, length in zip(tenths, (width, height) * 2, strict=True)
    )
    labels = np.zeros((height, width), np.uint8)
    rectangle = (left, top, right - left, bottom - top)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(photo, labels, rectangle, *models, ROUNDS, cv2.GC_INIT_WITH_RECT)
    inside = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    inside = cv2.morphologyEx(inside, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(inside)
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = np.isin(pieces, 1 + np.flatnonzero(areas > 0.2 * areas.max()))
    alpha = cv2.GaussianBlur((255 * kept).astype(np.uint8), (0, 0), 0.8)
    return np.dstack([photo, alpha])[top:bottom, left:right]


if __name__ == "__main__":
    raise SystemExit(main())
