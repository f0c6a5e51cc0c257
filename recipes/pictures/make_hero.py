"""Make the picture at the top of the README: a photo beside its voxels, points and mesh, all made by shapeshot.

python recipes/pictures/make_hero.py [PHOTO] [OUT]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import shapeshot
from shapeshot.files import atomic_path
from shapeshot.pipeline.photo_texture import textured
from shapeshot.preview import preview_image

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Reconstruct the photo and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", nargs="?", type=Path, default=ROOT / "examples" / "chair.jpg")
    parser.add_argument("out", nargs="?", type=Path, default=ROOT / "docs" / "images" / "hero.png")
    args = parser.parse_args()
    shape = shapeshot.reconstruct(args.photo, num_points=6000)
    forms, (azimuth, elevation) = (shape.voxels, shape.points, textured(shape)), shape.shown_from
    picture = preview_image(
        shape.rgba, shape.photo.pixels, *forms, tile_size=320, azimuth_deg=azimuth, elevation_deg=elevation
    )
    with atomic_path(args.out) as temporary:
        picture.save(temporary, optimize=True)


if __name__ == "__main__":
    main()
