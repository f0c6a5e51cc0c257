"""A region or a mask of one's own: in the photo's pixels, at whatever size it is worked with."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from shapeshot.errors import PhotoError, UserError
from shapeshot.photo import given_mask, object_in_region, read_mask, read_photo
from shapeshot.photo.pointed import check_region

WHITE, RED, BLUE = 255, (200, 30, 30), (30, 30, 200)


def two_discs(scale: int = 1) -> np.ndarray:
    """A red disc on the left and a blue one on the right of a white photo, 320 x 160 pixels times scale."""
    y, x = np.mgrid[: 160 * scale, : 320 * scale] / scale
    photo = np.full((*y.shape, 3), WHITE, np.uint8)
    for middle, color in ((80, RED), (240, BLUE)):
        photo[(x - middle) ** 2 + (y - 80) ** 2 < 40**2] = color
    return photo


@pytest.mark.parametrize("scale", [1, 10])  # 10: worked with at a third of its size
def test_the_object_is_looked_for_inside_the_region(scale: int) -> None:
    photo = read_photo(two_discs(scale))
    found = object_in_region(photo, (170 * scale, 10 * scale, 310 * scale, 150 * scale))
    assert found.method == "plain background"
    colors = photo.rgba[found.mask > 0.5][:, :3].mean(axis=0)
    np.testing.assert_allclose(colors, BLUE, atol=20)
    expected = np.pi * 40**2 * (photo.rgba.shape[1] / 320) ** 2
    assert (found.mask > 0.5).sum() == pytest.approx(expected, rel=0.08)


def test_a_region_is_cut_to_the_frame() -> None:
    photo = read_photo(two_discs())
    whole = object_in_region(photo, (-100, -100, 160, 1000))
    inside = object_in_region(photo, (0, 0, 160, 160))
    np.testing.assert_array_equal(whole.mask, inside.mask)


@pytest.mark.parametrize("region", [(330, 0, 400, 100), (0, 0, 10, 100), (100, 159, 200, 300)])
def test_a_region_with_too_little_photo(region: tuple[float, ...]) -> None:
    with pytest.raises(PhotoError, match="320x160"):
        object_in_region(read_photo(two_discs()), region)


@pytest.mark.parametrize("region", [(1, 2, 3), (0, 0, 0, 10), (5, 0, 1, 10), (0, 0, np.nan, 10), "abcd", 7])
def test_regions_that_are_none(region: object) -> None:
    with pytest.raises(UserError, match="region"):
        check_region(region)


def test_a_mask_is_the_object_whatever_its_scale() -> None:
    photo = read_photo(two_discs(10))
    painted = (two_discs(10)[..., 0] < 128).astype(np.uint8) * 255  # the blue disc
    found = given_mask(photo, painted)
    assert found.method == "given mask"
    assert found.mask.shape == photo.rgba.shape[:2]
    np.testing.assert_allclose(photo.rgba[found.mask > 0.99][:, :3].mean(axis=0), BLUE, atol=2)
    for other in (painted > 0, painted[::10, ::10], painted[::7, ::7]):
        again = given_mask(photo, other)
        assert np.abs(again.mask - found.mask).mean() < 0.02
    nothing_left = painted.copy()
    with pytest.raises(PhotoError, match="no pixel"):
        given_mask(photo, nothing_left, (0, 0, 1600, 1600))  # the region holds the red disc only


@pytest.mark.parametrize(
    ("mask", "named"),
    [
        (np.ones((160, 300), bool), "300x160"),
        (np.ones((320, 160), bool), "160x320"),
        (np.ones((160, 320, 3), np.uint8), "bool or uint8"),
        (np.ones((160, 320), np.float32), "bool or uint8"),
        (np.zeros((160, 320), bool), "no pixel"),
        (np.ones((0, 0), bool), "0x0"),
    ],
)
def test_masks_that_do_not_fit(mask: np.ndarray, named: str) -> None:
    with pytest.raises(PhotoError, match=named):
        given_mask(read_photo(two_discs()), mask)


def test_the_size_told_is_the_upright_photos_own(studio: Callable[..., tuple[bytes, np.ndarray]]) -> None:
    data, _ = studio(size=(2400, 1800))
    photo = read_photo(data)
    assert photo.size == (2400, 1800)
    assert max(photo.rgba.shape) <= 1024


@pytest.mark.parametrize("mode", ["L", "1", "RGB", "RGBA", "LA"])
def test_masks_from_files(mode: str) -> None:
    """White on black, or opaque on transparent: the same mask, larger than it is worked with."""
    inside = two_discs(10)[..., 0] < 128
    grey = Image.fromarray(inside.astype(np.uint8) * 255)
    if "A" in mode:
        image = Image.new(mode, grey.size)  # black, and opaque only where the object is
        image.putalpha(grey)
    else:
        image = grey.convert(mode)
    content = io.BytesIO()
    image.save(content, "PNG")
    mask = read_mask(content.getvalue())
    assert mask.shape == (512, 1024)
    assert (mask > 127).mean() == pytest.approx(inside.mean(), rel=0.01)
    photo = read_photo(two_discs(10))
    assert np.abs(given_mask(photo, mask).mask - given_mask(photo, inside).mask).mean() < 0.01
