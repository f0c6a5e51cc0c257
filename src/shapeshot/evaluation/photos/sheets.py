"""Contact sheets for the eye: each picture, what the network saw, and the mesh from the photo's side and beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shapeshot.evaluation.photos.answers import PictureAnswer
from shapeshot.evaluation.photos.score import PictureRow
from shapeshot.files import atomic_path
from shapeshot.photo.decode import Photo
from shapeshot.preview import Tile, contact_sheet, render_mesh

if TYPE_CHECKING:
    from jaxtyping import UInt8

TILE = 120
COLUMNS, ROWS = 3, 8  # pictures across and down a sheet; each takes four tiles
TURN_DEG = 40.0
JPEG_QUALITY = 80
OVERVIEW = "overview.jpg"


@dataclass(frozen=True, eq=False)
class Shown:
    """One picture on a sheet: four images, uint8 [side, side, 3 or 4], and what stands below them."""

    tiles: tuple[Tile, ...]

    @classmethod
    def of(cls, row: PictureRow, photo: Photo, found: PictureAnswer, given: PictureAnswer) -> Shown:
        """The found object's shape where there is one; else the refusal, and the shape by the exact mask."""
        shape = found if found.prediction is not None else given
        crop = np.full((8, 8, 3), 255, np.uint8) if found.crop is None else found.crop
        told = (
            "refused" if row.refused else f"mask {row.scores['mask_iou']:.2f}" if "mask_iou" in row.scores else "alpha"
        )
        mesh = None if shape.prediction is None else shape.prediction.mesh
        azimuth, elevation = row.direction or (30.0, 20.0)
        by = "" if found.prediction is not None else "by the exact mask"
        views = [
            np.full((TILE, TILE, 3), 255, np.uint8)
            if mesh is None
            else render_mesh(mesh, TILE, azimuth + turn, elevation)
            for turn in (0.0, TURN_DEG)
        ]
        small = np.asarray(Image.fromarray(photo.rgba).resize(_fitted(photo.rgba, 2 * TILE)))
        return cls(
            (
                Tile(small, row.entry.name),
                Tile(crop, told, "warned" if row.warned else ""),
                Tile(views[0], by or "mesh", f"outline {row.scores['silhouette_given' if by else 'silhouette']:.2f}"),
                Tile(views[1], "turned by 40 degrees"),
            )
        )


def write_sheets(shown: Sequence[Shown], out: Path) -> list[Path]:
    """Sheets of all pictures in their order, `sheet-01.jpg` on, and `overview.jpg`, one sheet of evenly spaced ones.

    Those of an earlier run are removed.
    """
    for old in (*out.glob("sheet-*.jpg"), out / OVERVIEW):
        old.unlink(missing_ok=True)
    a_sheet = COLUMNS * ROWS
    pages = {
        f"sheet-{number:02d}.jpg": shown[start : start + a_sheet]
        for number, start in enumerate(range(0, len(shown), a_sheet), 1)
    }
    if len(shown) > a_sheet:
        pages[OVERVIEW] = [shown[round(index)] for index in np.linspace(0, len(shown) - 1, a_sheet)]
    for name, page in pages.items():
        with atomic_path(out / name) as made:
            sheet(page).save(made, quality=JPEG_QUALITY)
    return [out / name for name in pages]


def sheet(shown: Sequence[Shown]) -> Image.Image:
    """One sheet of pictures, COLUMNS across."""
    rows = [shown[start : start + COLUMNS] for start in range(0, len(shown), COLUMNS)]
    return contact_sheet([[tile for picture in row for tile in picture.tiles] for row in rows], TILE)


def _fitted(rgba: UInt8[np.ndarray, "height width channels"], side: int) -> tuple[int, int]:
    height, width = rgba.shape[:2]
    factor = min(1.0, side / max(height, width))
    return max(1, round(width * factor)), max(1, round(height * factor))
