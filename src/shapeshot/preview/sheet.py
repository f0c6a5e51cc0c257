"""Pictures side by side, with captions: the preview of a reconstruction and the contact sheets of reports."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from shapeshot.geometry import Mesh, PointCloud, VoxelGrid, cell_centers
from shapeshot.preview.render import contact_shadow, render_mesh, render_points, render_voxels
from shapeshot.preview.view import Framing

if TYPE_CHECKING:
    from jaxtyping import UInt8

_PAPER, _INK, _FAINT, _PANEL = (255, 255, 255), (38, 41, 46), (124, 130, 138), (246, 247, 249)


@dataclass(frozen=True, eq=False)
class Tile:
    """One picture of a sheet.

    image: uint8 [height, width, 3 or 4]; RGBA is laid on the panel's pale ground.
    caption: a word or two below it; note: a second, fainter line.
    """

    image: UInt8[np.ndarray, "height width channels"]
    caption: str = ""
    note: str = ""


def contact_sheet(
    rows: Sequence[Sequence[Tile]],
    tile_size: int = 256,
    row_captions: Sequence[str] = (),
    title: str = "",
) -> Image.Image:
    """Rows of equally large tiles on white, each picture fitted into its square; RGB.

    row_captions stand above their rows. Rows may differ in length.
    """
    page = _Page(tile_size, max((len(row) for row in rows), default=0), title)
    heights = [page.row_height(row, bool(row_captions)) for row in rows]
    sheet = Image.new("RGB", (page.width, page.top + sum(heights) + page.gap), _PAPER)
    draw = ImageDraw.Draw(sheet)
    if title:
        draw.text((page.gap, page.gap), title, _INK, page.title_font)
    y = page.top
    for index, (row, height) in enumerate(zip(rows, heights, strict=True)):
        caption = row_captions[index] if index < len(row_captions) else ""
        page.draw_row(sheet, draw, row, y, caption if row_captions else None)
        y += height
    return sheet


def preview_image(
    photo_rgba: UInt8[np.ndarray, "height width 4"],
    pixels: UInt8[np.ndarray, "size size 3"],
    voxels: VoxelGrid,
    points: PointCloud,
    mesh: Mesh,
    tile_size: int = 192,
    azimuth_deg: float = 35.0,
    elevation_deg: float = 20.0,
) -> Image.Image:
    """One reconstruction at a glance: the photo, the network's crop of it, voxels, points and mesh; RGB.

    photo_rgba: uint8 [height, width, 4], as load_photo returns. pixels: uint8 [size, size, 3], the prepared crop.
    mesh: closed. All three shapes are seen from azimuth_deg and elevation_deg and stand on the same shadow, the mesh's.
    """
    place = (tile_size, azimuth_deg, elevation_deg)
    framing = _framing_of(voxels, mesh)
    shadow = contact_shadow(mesh, *place, framing=framing)
    picture = render_mesh(mesh, *place, framing=framing, shadow=shadow, one_sided=True)
    tiles = [
        Tile(photo_rgba, "Photo", f"{photo_rgba.shape[1]} x {photo_rgba.shape[0]} px"),
        Tile(pixels, "What the network sees", f"{pixels.shape[1]} x {pixels.shape[0]} px"),
        Tile(render_voxels(voxels, *place, framing=framing, shadow=shadow), "Voxels", _cells(voxels)),
        Tile(render_points(points, *place, framing=framing, shadow=shadow), "Point cloud", f"{len(points):,} points"),
        Tile(picture, "Mesh", f"{len(mesh.faces):,} triangles"),
    ]
    return contact_sheet([tiles], tile_size)


def _framing_of(voxels: VoxelGrid, mesh: Mesh) -> Framing:
    """The sphere about both: voxels keep the loose pieces that a mesh is rid of."""
    centers = cell_centers(voxels.resolution, voxels.side)[np.argwhere(voxels.occupancy)]
    half = voxels.cell_size / 2
    return Framing.around(np.concatenate([mesh.vertices, centers - half, centers + half]))


def _cells(voxels: VoxelGrid) -> str:
    n = voxels.resolution
    return f"{n} x {n} x {n}, {int(voxels.occupancy.sum()):,} filled"


class _Page:
    """The measures of a sheet, all in proportion to its tiles."""

    def __init__(self, tile_size: int, num_columns: int, title: str) -> None:
        self.tile, self.gap = tile_size, max(8, tile_size // 16)
        text_size, title_size = max(11, tile_size // 18), max(14, tile_size // 12)
        self.font = ImageFont.load_default(text_size)
        self.note_font = ImageFont.load_default(max(10, tile_size // 23))
        self.title_font = ImageFont.load_default(title_size)
        self.line = int(text_size * 1.45)
        self.width = self.gap + num_columns * (tile_size + self.gap)
        self.top = self.gap + (int(title_size * 1.9) if title else 0)

    def row_height(self, row: Sequence[Tile], has_caption: bool) -> int:
        lines = 1 * any(tile.caption for tile in row) + 1 * any(tile.note for tile in row) + 1 * has_caption
        return self.tile + lines * self.line + self.gap

    def draw_row(
        self, sheet: Image.Image, draw: ImageDraw.ImageDraw, row: Sequence[Tile], y: int, caption: str | None
    ) -> None:
        if caption is not None:
            draw.text((self.gap, y), self._fitted(caption, self.font, self.width - 2 * self.gap), _INK, self.font)
            y += self.line
        for column, tile in enumerate(row):
            x = self.gap + column * (self.tile + self.gap)
            sheet.paste(_panel(tile.image, self.tile), (x, y))
            below = y + self.tile + self.line // 4
            draw.text((x, below), self._fitted(tile.caption, self.font, self.tile), _INK, self.font)
            note = self._fitted(tile.note, self.note_font, self.tile)
            draw.text((x, below + self.line), note, _FAINT, self.note_font)

    @staticmethod
    def _fitted(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
        """The text on one line, cut with dots where it is wider than `width` pixels."""
        text = " ".join(text.split())
        if font.getlength(text) <= width:
            return text
        fitting = bisect_right(range(len(text)), width, key=lambda end: int(font.getlength(text[:end] + "...")))
        return text[: max(fitting - 1, 0)].rstrip() + "..."


def _panel(pixels: UInt8[np.ndarray, "height width channels"], size: int) -> Image.Image:
    """A picture fitted into a square with a pale ground and slightly rounded corners."""
    is_opaque = pixels.shape[2] == 3 or pixels[..., 3].min() == 255
    image = Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB" if is_opaque else "RGBA")
    scale = size / max(image.size)
    fitted = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if fitted != image.size:
        image = image.resize(fitted, Image.Resampling.LANCZOS, reducing_gap=1.0)
    ground = Image.new("RGB", (size, size), _PANEL)
    place = ((size - fitted[0]) // 2, (size - fitted[1]) // 2)
    ground.paste(image, place, None if is_opaque else image)
    panel = Image.new("RGB", (size, size), _PAPER)
    panel.paste(ground, mask=_rounded_corners(size))
    return panel


@lru_cache(maxsize=4)
def _rounded_corners(size: int) -> Image.Image:
    corners = Image.new("L", (size * 2, size * 2), 0)
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, size * 2 - 1, size * 2 - 1), radius=size // 16, fill=255)
    return corners.resize((size, size), Image.Resampling.BOX)
