"""What a model makes of pictures, to be looked at: photo, crop, and the shape from the photo's side and from others.

    python recipes/view/look.py --model out/view --pictures datasets/photolike/pictures --count 30 --out out/look.png

Where a model does not tell the photo's camera, its shapes are shown from 30 degrees beside their front.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from shapeshot.errors import UserError
from shapeshot.model.field_model import load_model
from shapeshot.photo import look_at
from shapeshot.pipeline.photo_texture import textured
from shapeshot.pipeline.reconstruct import Reconstruction, shape_in
from shapeshot.preview import render_mesh
from shapeshot.preview.sheet import Tile, contact_sheet

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
TURNS_DEG = (0.0, 50.0, 130.0)  # from the photo's own side
ELEVATION_DEG = 20.0


def main() -> None:
    """Reconstruct, and write one sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", default=["default"], help="names or folders; each adds its columns")
    parser.add_argument("--pictures", type=Path, nargs="+", required=True, help="pictures, or folders with some")
    parser.add_argument("--count", type=int, default=30, help="how many at most, chosen at random (30)")
    parser.add_argument("--seed", type=int, default=0, help="of the choice (0)")
    parser.add_argument("--tile", type=int, default=150, help="pixels (150)")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    models = [load_model(model) for model in args.model]
    rows, captions = [], []
    for path in chosen(args.pictures, args.count, args.seed):
        row: list[Tile] = []
        for model in models:
            try:
                view = look_at(path, model.image_size)
                tiles = [] if row else [Tile(view.source.rgba), Tile(view.photo.pixels)]
                row += tiles
                row += shown(shape_in(view, model.see(view.photo)), args.tile)
            except UserError as error:
                row += [Tile(np.full((8, 8, 3), 255, np.uint8), str(error)[:40])]
        rows.append(row)
        captions.append(path.stem)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(rows, args.tile, captions).save(args.out)


def chosen(places: Sequence[Path], count: int, seed: int) -> list[Path]:
    """Return some of the pictures, always the same ones."""
    found = [path for place in places for path in ([place] if place.is_file() else sorted(place.rglob("*")))]
    pictures = [path for path in found if path.suffix.lower() in SUFFIXES]
    order = np.random.default_rng(seed).permutation(len(pictures))[:count]
    return [pictures[index] for index in sorted(order)]


def shown(shape: Reconstruction, size: int) -> list[Tile]:
    """Return pictures of a shape from the photo's side and beside it."""
    camera = shape.camera
    start, elevation = (30.0, ELEVATION_DEG) if camera is None else (camera.azimuth_deg, camera.elevation_deg)
    views = [(start + turn, elevation if turn == 0 else ELEVATION_DEG) for turn in TURNS_DEG]
    mesh = textured(shape)
    return [Tile(render_mesh(mesh, size, azimuth, up, one_sided=True)) for azimuth, up in views]


if __name__ == "__main__":
    main()
