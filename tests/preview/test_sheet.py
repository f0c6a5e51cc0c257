from __future__ import annotations

import numpy as np
import trimesh

from shapeshot.geometry import Mesh, PointCloud, VoxelGrid
from shapeshot.preview import Tile, contact_sheet, preview_image

BLUE = np.full((50, 100, 3), (0, 0, 200), np.uint8)


def is_blue(sheet: np.ndarray) -> np.ndarray:
    return (sheet[..., 2] > 150) & (sheet[..., 0] < 60)


def test_tiles_stand_in_rows_and_columns() -> None:
    sheet = np.asarray(contact_sheet([[Tile(BLUE)] * 3, [Tile(BLUE)]], 80)).astype(int)
    columns = np.flatnonzero(np.diff(is_blue(sheet).any(axis=0).astype(int)) == 1)
    rows = np.flatnonzero(np.diff(is_blue(sheet).any(axis=1).astype(int)) == 1)
    assert len(columns) == 3
    assert len(rows) == 2
    assert len(set(np.diff(columns))) == 1, "equal spacing"
    assert is_blue(sheet)[rows[0] + 5].sum() == 3 * 80, "a wide picture fills its tile's width"
    assert is_blue(sheet)[rows[1] + 5].sum() == 80


def test_long_captions_stay_within_their_tile() -> None:
    caption = "an unreasonably long caption that says far too much about a very small picture\nand goes on"
    sheet = contact_sheet([[Tile(BLUE, caption, caption), Tile(BLUE)]], 100, ["a row " * 90], "title")
    pixels = np.asarray(sheet.convert("L"))
    below = pixels[-60:]
    assert below[:, 100 + 8 : 100 + 8 + 6].min() > 245, "the gap between two tiles is blank"
    assert below[:, :100].min() < 128, "the caption is there"


def test_captions_make_the_sheet_higher() -> None:
    bare = contact_sheet([[Tile(BLUE)]], 100)
    captioned = contact_sheet([[Tile(BLUE, "Chair", "IoU 0.5")]], 100, ["Best"], "Report")
    assert captioned.height > bare.height
    assert captioned.width == bare.width


def test_an_empty_sheet_is_a_blank_page() -> None:
    assert np.asarray(contact_sheet([])).min() == 255


def test_the_picture_is_not_changed_by_transparency() -> None:
    clear = np.zeros((64, 64, 4), np.uint8)
    sheet = np.asarray(contact_sheet([[Tile(clear)]], 64))
    assert sheet.min() > 240


def test_preview_shows_five_panels() -> None:
    box = trimesh.creation.box((0.8, 0.5, 0.6))
    mesh = Mesh(box.vertices, box.faces)
    photo = np.full((60, 90, 4), 255, np.uint8)
    crop = np.full((32, 32, 3), 128, np.uint8)
    cloud = PointCloud(box.sample(500, seed=0))
    image = preview_image(photo, crop, VoxelGrid(np.ones((4, 4, 4), bool)), cloud, mesh, tile_size=96)
    assert image.mode == "RGB"
    assert image.width == 5 * 96 + 6 * 8
    panels = np.asarray(image.convert("L"))[40:90]
    for column in range(1, 5):
        left = 8 + column * 104
        assert panels[:, left : left + 96].min() < 200, f"panel {column} is drawn"


def test_voxels_that_the_mesh_has_lost_are_within_the_picture() -> None:
    box = trimesh.creation.box((0.2, 0.2, 0.2))
    photo, crop = np.full((64, 64, 4), 255, np.uint8), np.full((32, 32, 3), 128, np.uint8)
    voxels = VoxelGrid(np.ones((4, 4, 4), bool), np.zeros((4, 4, 4, 3), np.float32))
    image = preview_image(photo, crop, voxels, PointCloud(box.sample(50, seed=0)), Mesh(box.vertices, box.faces), 96)
    left, top = 8 + 2 * 104, 8
    panel = np.asarray(image.convert("L"))[top : top + 96, left : left + 96]
    assert panel[2:-2, [2, -3]].min() > 200
    assert panel[[2, -3], 2:-2].min() > 200
    assert panel.min() < 100
