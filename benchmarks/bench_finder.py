"""How long finding the object takes: loading the network, one photo whose object fills it, one whose object is small.

    python benchmarks/bench_finder.py [--runs 20]

One JSON line a measurement: the median of warm runs after a warm-up, on one thread, and the ratio to the
plain-background method on the same photo in the same run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from shapeshot.photo.finder import Finder
from shapeshot.photo.plain import plain_background


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line per measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20, help="the median of so many")
    args = parser.parse_args(argv)
    loading = median_of(Finder, min(args.runs, 5))
    print(json.dumps({"what": "load", "seconds": round(loading, 4)}))
    finder = Finder()
    for name, share in (("large", 0.85), ("small", 0.3)):
        rgb = drawing(share)
        rgba = np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
        seconds = median_of(lambda rgb=rgb: finder.find(rgb), args.runs)
        plain = median_of(lambda rgba=rgba: plain_background(rgba), args.runs)
        row = {"what": name, "seconds": round(seconds, 4), "plain_seconds": round(plain, 4)}
        print(json.dumps(row | {"ratio": round(seconds / plain, 2)}))


def median_of(work: Callable[[], object], runs: int) -> float:
    """Seconds of the median run, after one that does not count."""
    work()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def drawing(share: float, width: int = 768, height: int = 1024) -> np.ndarray:
    """A table before a wall, uint8 [height, width, 3]; its width is `share` of the picture's."""
    picture = Image.new("RGB", (width, height), (214, 208, 196))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, int(0.7 * height), width, height), fill=(120, 84, 56))
    left, right = (0.5 - share / 2) * width, (0.5 + share / 2) * width
    top, bottom = 0.55 * height, (0.55 + 0.4 * share) * height
    draw.rectangle((left, top, right, top + 0.06 * share * height), fill=(70, 90, 150))
    for x in (left, right - 0.06 * share * width):
        draw.rectangle((x, top, x + 0.06 * share * width, bottom), fill=(60, 80, 140))
    return np.asarray(picture)


if __name__ == "__main__":
    main()
