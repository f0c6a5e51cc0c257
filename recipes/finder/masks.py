"""What finders take for the object, beside each other, to be looked at: each photo, and its cut-out by every finder.

    python recipes/finder/masks.py --photos datasets/things --without recipes/finder/grabcut.json \
        --finder src/shapeshot/weights/finder/finder.onnx out/finder/finder.onnx --out out/masks.png

Below each stand the IoU that the finder expects and how sure it is that there is an object.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from shapeshot.photo.decode import read_photo
from shapeshot.photo.finder import Finder
from shapeshot.preview.sheet import Tile, contact_sheet

BESIDE = np.array([255, 0, 255])  # a colour that no photo is full of


def main() -> None:
    """Find, and write one sheet: a row for each photo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR", help="its .jpg files")
    parser.add_argument("--without", type=Path, metavar="FILE", help="JSON whose names are left out: trained on")
    parser.add_argument("--finder", type=Path, nargs="+", required=True, metavar="FILE", help="finder.onnx of each")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a picture")
    args = parser.parse_args()
    known = set(json.loads(args.without.read_text())) if args.without else set()
    finders = [Finder(path) for path in args.finder]
    photos = [path for path in sorted(args.photos.glob("*.jpg")) if path.stem not in known]
    rows = [tiles(path, finders) for path in photos]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(rows, 160).save(args.out)


def tiles(path: Path, finders: list[Finder]) -> list[Tile]:
    """A photo, and what each finder takes of it."""
    rgb = np.ascontiguousarray(read_photo(path).rgba[..., :3])
    row = [Tile(rgb, path.stem)]
    for finder in finders:
        sighting = finder.find(rgb)
        share = sighting.mask[..., None]
        cut = (rgb * share + BESIDE * (1 - share)).astype(np.uint8)
        row.append(Tile(cut, f"expected {sighting.certainty:.2f}", f"object {sighting.presence:.2f}"))
    return row


if __name__ == "__main__":
    main()
