"""TIFFs of more than 8 bits whose layout Pillow refuses, or reads wrongly in silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from image_files import tiff_file

from shapeshot.errors import PhotoError
from shapeshot.photo import load_photo

RAMP = np.linspace(0, 1, 64)[None, :].repeat(32, 0)
COLORS = np.stack([RAMP, RAMP / 2, RAMP / 4], axis=2)
HALF = np.full_like(RAMP, 0.5)
STORED: dict[str, dict[str, Any]] = {
    "plain": {}, "packed": {"packed": True}, "strips": {"rows_per_strip": 7},
    "packed strips": {"packed": True, "rows_per_strip": 7},
}  # fmt: skip


def samples(values: np.ndarray, white: float) -> np.ndarray:
    return values.astype(np.float32) if white == 1 else np.rint(values * white).astype(np.uint16)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("white", [1, 4095, 65535])
def test_colours_in_planes_and_with_alpha(order: str, stored: str, white: int) -> None:
    """White 1 stands for floats."""
    expected = np.rint(COLORS * 255)
    planes = load_photo(tiff_file(samples(COLORS, white), order, planar=True, **STORED[stored]))
    assert np.abs(planes[..., :3] - expected).max() <= 1
    assert planes[..., 3].min() == 255
    for values, more in (
        (np.dstack([COLORS, HALF]), {}),
        (np.dstack([COLORS, HALF]), {"planar": True}),
        (np.dstack([COLORS * 0.5, HALF]), {"premultiplied": True}),
    ):
        rgba = load_photo(tiff_file(samples(values, white), order, **STORED[stored], **more))
        assert np.abs(rgba[..., :3] - expected).max() <= 1
        assert np.abs(rgba[..., 3].astype(int) - 127).max() <= 1
    grey = load_photo(tiff_file(samples(np.dstack([RAMP, HALF]), white), order, **STORED[stored]))
    assert np.abs(grey[..., :3] - np.rint(RAMP * 255)[..., None]).max() <= 1
    assert np.abs(grey[..., 3].astype(int) - 127).max() <= 1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("packed", [False, True])
def test_grey_of_which_zero_is_white_and_floats_of_either_order(order: str, packed: bool) -> None:
    for white in (1, 4095, 65535):
        upright = load_photo(tiff_file(samples(RAMP, white), order, packed=packed))
        turned = load_photo(tiff_file(samples(1 - RAMP, white), order, packed=packed, photometric=0))
        for rgba in (upright, turned):
            assert np.abs(rgba[..., 0] - np.rint(RAMP * 255)).max() <= 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_samples_stored_as_differences(order: str) -> None:
    for values in (COLORS, np.dstack([RAMP, HALF])):
        for planar in (False, True):
            content = tiff_file(samples(values, 4095), order, planar=planar, packed=True, differences=True)
            assert np.abs(load_photo(content)[..., 0] - np.rint(RAMP * 255)).max() <= 1


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_floats_of_colours_that_are_no_numbers(bad: float) -> None:
    values = COLORS.astype(np.float32)
    values[3, 5, 1] = bad
    rgba = load_photo(tiff_file(values))
    assert rgba[3, 5, 1] == (255 if bad == np.inf else 0)
    assert np.abs(rgba[8:, :, :3] - np.rint(COLORS[8:] * 255)).max() <= 1


def test_highlights_do_not_darken_a_picture() -> None:
    """Floats may go beyond white."""
    values = (RAMP * 3).astype(np.float32)
    assert np.abs(load_photo(tiff_file(values))[..., 0] - np.rint(np.minimum(RAMP * 3, 1) * 255)).max() <= 1


def test_other_kinds_are_said_to_be_other_kinds() -> None:
    with pytest.raises(PhotoError, match="of a kind that is not read"):
        load_photo(tiff_file(np.zeros((32, 32, 2), np.float64)))
