"""Score the finder as the runtime runs it, on pictures that it was not trained on.

    python recipes/finder/evaluate.py --data datasets/finder-sweethome3d --photos datasets/photolike --out out/finder

Two sets: `rooms`, the pictures in rooms of a dataset's test splits, and `composites`, real cut-outs of the photo-like
set over its photographs (--each of them for every cut-out). Each is scored without a hint and, where that gives less
than 0.85, after one click in the middle of what was missed. scores.json holds every picture's figures, and worst.png
shows the worst masks. --method auto scores the
whole road of `--background auto` in the finder's place, and --method plain the plain-background method alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from shapeshot.data.dataset import Dataset
from shapeshot.errors import PhotoError, UserError
from shapeshot.evaluation.photos.silhouettes import mask_iou as iou
from shapeshot.files import atomic_write
from shapeshot.lab.finder.clicks import worst_point
from shapeshot.photo import ObjectMask, find_object
from shapeshot.photo.finder import Finder, doubts
from shapeshot.scores.statistics import bootstrap_mean

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "photolike"))
from cutouts import scene  # noqa: E402 (a script of the other recipe)
from packages import Packages  # noqa: E402

GOOD = 0.85
WRONG = 0.5  # below, another thing was taken than the one that is meant
TEST_SPLITS = ("test", "test-unseen")
SHOWN, TILE = 40, 128


@dataclass(frozen=True, eq=False)
class Case:
    """A picture uint8 [height, width, 3] with the mask bool [height, width] of its object."""

    name: str
    group: str
    picture: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True, eq=False)
class Scored:
    """iou: without a hint. clicked: after one click, where that was needed. certainty: what the finder expected."""

    case: Case
    found: np.ndarray
    iou: float
    clicked: float | None
    certainty: float
    seconds: float
    remarks: tuple[str, ...]


def main(argv: list[str] | None = None) -> int:
    """Score; exit code 2 where the data cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="*", default=[], metavar="DIR", help="datasets with rooms")
    parser.add_argument("--splits", nargs="+", default=TEST_SPLITS, metavar="NAME", help="val to choose settings by")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="the photo-like set, for composites")
    parser.add_argument("--each", type=int, default=3, metavar="N", help="composites of every cut-out (3)")
    parser.add_argument("--finder", type=Path, metavar="FILE", help="another finder.onnx than the shipped one")
    parser.add_argument("--method", choices=("finder", "plain", "auto"), default="finder")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    args = parser.parse_args(argv)
    try:
        finder = Finder(args.finder) if args.finder else Finder()
        sets = {"rooms": list(rooms(args.data, args.splits)) if args.data else []}
        sets["composites"] = list(composites(args.photos, args.each)) if args.photos else []
    except UserError as error:
        print(f"finder: {error}", file=sys.stderr)
        return 2
    scored = {
        name: [score(finder, case, args.method) for case in tqdm(cases, desc=name)]
        for name, cases in sets.items()
        if cases
    }
    args.out.mkdir(parents=True, exist_ok=True)
    summary = {name: summarise(rows) for name, rows in scored.items()}
    rows = {
        name: [
            {"name": r.case.name, "iou": r.iou, "clicked": r.clicked, "certainty": r.certainty, "remarks": r.remarks}
            for r in rows
        ]
        for name, rows in scored.items()
    }
    atomic_write(
        args.out / "scores.json", (json.dumps({"summary": summary, "pictures": rows}, indent=1) + "\n").encode()
    )
    for name, found in scored.items():
        sheet(sorted(found, key=lambda row: row.iou)[:SHOWN]).save(args.out / f"worst-{name}.png")
        step = max(1, len(found) // SHOWN)
        sheet(found[::step][:SHOWN]).save(args.out / f"sample-{name}.png")
    print(json.dumps(summary, indent=1))
    return 0


def rooms(datasets: Sequence[Path], splits: Sequence[str]) -> Iterator[Case]:
    """The pictures in rooms of these splits."""
    for folder in datasets:
        dataset = Dataset.open(folder)
        for split in splits:
            for object_id in dataset.ids(split):
                sample = dataset.sample(object_id)
                for index, is_room in enumerate(sample.rooms):
                    if is_room:
                        view = sample.view(index)
                        truth = view[..., 3] > 127
                        if truth.mean() > 0.002:
                            yield Case(f"{object_id}/{index}", object_id, view[..., :3], truth)


def composites(folder: Path, each: int) -> Iterator[Case]:
    """Every cut-out of the photo-like set over `each` pieces of its photographs."""
    listed = json.loads((HERE.parent / "photolike" / "list.json").read_text())
    packages = Packages(listed["packages"], folder / "packages")
    photos = [Image.open(packages.file(row["package"], row["path"])).convert("RGB") for row in listed["backgrounds"]]
    for row in listed["cutouts"]:
        stamp = Image.open(packages.file("tuxpaint-stamps-default", row["path"])).convert("RGBA")
        for number in range(each):
            rng = np.random.default_rng([zlib.crc32(row["id"].encode()), number])
            picture, mask = scene(stamp, photos[int(rng.integers(len(photos)))], rng)
            yield Case(f"{row['id']}/{number}", row["id"], picture, mask > 127)


def score(finder: Finder, case: Case, method: str) -> Scored:
    """Find the object, and click once where that failed."""
    start = time.perf_counter()
    if method != "finder":
        try:
            whole = find_object(np.dstack([case.picture, np.full(case.truth.shape, 255, np.uint8)]), method)
        except PhotoError:
            whole = ObjectMask(np.zeros(case.truth.shape, np.float32), "refused", None, ("refused",))
        found, seconds = whole.mask >= 0.5, time.perf_counter() - start
        return Scored(case, found, iou(found, case.truth), None, whole.certainty or 0.0, seconds, whole.remarks)
    sighting = finder.find(case.picture)
    seconds = time.perf_counter() - start
    found, told = sighting.mask >= 0.5, (*sighting.remarks, *doubts(sighting.certainty))
    first, clicked = iou(found, case.truth), None
    point = worst_point(found, case.truth)
    if first < GOOD and point is not None:
        clicked = iou(finder.find(case.picture, [point]).mask >= 0.5, case.truth)
    return Scored(case, found, first, clicked, sighting.certainty, seconds, told)


def summarise(rows: Sequence[Scored]) -> dict[str, float | int | list[float]]:
    """Figures of a set; the interval of the mean is by bootstrap over objects."""
    values = np.array([row.iou for row in rows])
    clicked = [row.clicked for row in rows if row.clicked is not None]
    groups = [row.case.group for row in rows]
    interval = bootstrap_mean(values, groups)
    told = [row for row in rows if row.iou < GOOD]
    return {
        "pictures": len(rows),
        "objects": len(set(groups)),
        "median_iou": round(float(np.median(values)), 4),
        "mean_iou": round(float(values.mean()), 4),
        "mean_95": [round(float(interval.low), 4), round(float(interval.high), 4)],
        "below_0.85": len(told),
        "of_those_below_0.85_told": round(float(np.mean([bool(row.remarks) for row in told])), 3) if told else 1.0,
        "good_told": round(float(np.mean([bool(r.remarks) for r in rows if r.iou >= GOOD] or [0])), 3),
        "clicks": len(clicked),
        "mended_by_one_click": round(float(np.mean(np.array(clicked) >= GOOD)), 3) if clicked else 1.0,
        "wrong": sum(row.iou < WRONG for row in rows),
        "wrong_right_after_one_click": round(
            float(np.mean([(row.clicked or 0.0) >= WRONG for row in rows if row.iou < WRONG] or [1.0])), 3
        ),
        "median_seconds": round(float(np.median([row.seconds for row in rows])), 4),
    }


def sheet(rows: Sequence[Scored]) -> Image.Image:
    """Pictures in pairs: the photo, and the photo with what was not found dimmed; the truth's edge in green."""
    columns = 5
    page = Image.new("RGB", (columns * 2 * TILE, -(-len(rows) // columns) * TILE), "white")
    for number, row in enumerate(rows):
        left, top = number % columns * 2 * TILE, number // columns * TILE
        dimmed = row.case.picture.copy()
        dimmed[~row.found] = dimmed[~row.found] // 4
        edge = row.case.truth ^ np.roll(row.case.truth, 1, 0) | row.case.truth ^ np.roll(row.case.truth, 1, 1)
        dimmed[edge] = (0, 255, 0)
        for offset, pixels in ((0, row.case.picture), (TILE, dimmed)):
            tile = Image.fromarray(pixels)
            tile.thumbnail((TILE, TILE))
            page.paste(tile, (left + offset, top))
    return page


if __name__ == "__main__":
    raise SystemExit(main())
