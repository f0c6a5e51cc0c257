from __future__ import annotations

import numpy as np
import pytest

from shapeshot.errors import PhotoError
from shapeshot.photo import Box, ObjectMask, crop_on_grey, crop_silhouette, object_box, prepare_photo


def naive_crop(rgba: np.ndarray, left: int, top: int, side: int, size: int) -> np.ndarray:
    """Whole-pixel boxes and whole factors only: composite each source pixel on grey, then average the cells."""
    factor = side // size
    result = np.zeros((size, size, 3))
    for row in range(side):
        for column in range(side):
            y, x = top + row, left + column
            inside = 0 <= y < rgba.shape[0] and 0 <= x < rgba.shape[1]
            alpha = rgba[y, x, 3] / 255 if inside else 0.0
            color = rgba[y, x, :3].astype(float) if inside else np.zeros(3)
            result[row // factor, column // factor] += (color * alpha + 128 * (1 - alpha)) / factor**2
    return result


def smooth_picture(height: int = 60, width: int = 80) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    channels = [columns * 3, rows * 4, 255 - columns * 2, np.clip(columns * 4, 0, 255)]
    return np.stack(channels, axis=2).astype(np.uint8)


@pytest.mark.parametrize(("left", "top"), [(10, 5), (-8, -20), (50, 30)])
def test_agrees_with_the_definition(left: int, top: int) -> None:
    """The filter is a triangle, wider than a cell: on smooth pictures both agree away from the frame's edge."""
    rgba = smooth_picture()
    crop = crop_on_grey(rgba, (left, top, 48), 12).astype(float)
    difference = np.abs(crop - naive_crop(rgba, left, top, 48, 12)).max(axis=2)
    edges_x, edges_y = left + np.arange(12) * 4, top + np.arange(12) * 4
    clear_x = (np.abs(edges_x + 2) > 8) & (np.abs(edges_x + 2 - 80) > 8)
    clear_y = (np.abs(edges_y + 2) > 8) & (np.abs(edges_y + 2 - 60) > 8)
    assert difference[np.ix_(clear_y, clear_x)].max() <= 3.0


def test_whole_pixels_at_their_own_size_are_unchanged() -> None:
    rgba = smooth_picture()
    rgba[..., 3] = 255
    np.testing.assert_array_equal(crop_on_grey(rgba, (7, 9, 32), 32), rgba[9:41, 7:39, :3])


def test_beyond_the_frame_is_grey() -> None:
    rgba = np.full((20, 20, 4), 255, np.uint8)
    crop = crop_on_grey(rgba, (-20, -20, 60), 60)
    assert (crop[:18] == 128).all()
    assert (crop[22:38, 22:38] == 255).all()
    assert (crop_on_grey(rgba, (100, 100, 10), 8) == 128).all()


def test_transparent_colours_never_show() -> None:
    rgba = np.zeros((40, 40, 4), np.uint8)
    rgba[..., 1] = 255  # bright green, but transparent
    rgba[10:30, 10:30] = (128, 128, 128, 255)
    crop = crop_on_grey(rgba, (2.5, 3.25, 31.0), 16)
    assert np.abs(crop.astype(int) - 128).max() <= 1


def test_sub_pixel_shifts_move_the_picture() -> None:
    rgba = smooth_picture()
    rgba[..., 3] = 255
    crop, shifted = (crop_on_grey(rgba, (left, 8.0, 40.0), 40).astype(float) for left in (20.0, 20.0 + 1 / 3))
    assert (shifted - crop)[5:-5, 5:-5, 0].mean() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("box", [(0, 0, 0), (0, 0, -3), (0, float("nan"), 5), (0, 0, float("inf"))])
def test_boxes_without_area(box: tuple[float, float, float]) -> None:
    with pytest.raises(PhotoError, match="positive"):
        crop_on_grey(smooth_picture(), box, 16)


def test_object_box() -> None:
    mask = np.zeros((100, 200), np.float32)
    mask[40:60, 50:90] = 1.0
    mask[10, 10] = 0.3  # a faint edge does not count
    assert object_box(mask, 0.1) == pytest.approx((46.0, 26.0, 48.0))
    with pytest.raises(PhotoError, match="no object"):
        object_box(np.zeros((10, 10), np.float32))


def test_prepare_photo_is_crop_on_grey_of_the_masked_photo() -> None:
    rgba = smooth_picture()
    rgba[..., 3] = 255
    mask = np.zeros(rgba.shape[:2], np.float32)
    mask[20:50, 30:60] = 1.0
    photo = prepare_photo(rgba, ObjectMask(mask, "plain background"), size=36, margin=0.1)
    assert photo.box == Box(27.0, 17.0, 36.0)
    assert photo.method == "plain background"
    expected = np.full((36, 36, 3), 128, np.uint8)
    expected[3:33, 3:33] = rgba[20:50, 30:60, :3]
    np.testing.assert_array_equal(photo.pixels, expected)
    assert rgba[0, 0, 3] == 255, "the caller's picture must not change"
    np.testing.assert_array_equal(photo.silhouette, crop_silhouette((mask * 255).astype(np.uint8), photo.box))


def test_a_silhouette_is_what_the_object_covers() -> None:
    alpha = np.zeros((40, 50), np.uint8)
    alpha[10:18, 20:36] = 255
    silhouette = crop_silhouette(alpha, Box(20.0, 2.0, 16.0), size=16)
    expected = np.zeros((16, 16), np.float32)
    expected[8:] = 1
    np.testing.assert_array_equal(silhouette, expected)
    halved = crop_silhouette(alpha, Box(20.0, 2.0, 32.0), size=8)
    assert halved.sum() * 16 == pytest.approx(8 * 16, rel=0.01), "its area, in pixels of the photo"
    assert not crop_silhouette(alpha, Box(-60.0, -60.0, 20.0), size=4).any(), "nothing beyond the frame"
    with pytest.raises(PhotoError, match="must be positive"):
        crop_silhouette(alpha, Box(0.0, 0.0, 0.0))
