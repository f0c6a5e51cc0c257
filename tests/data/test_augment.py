"""Augmented crops stay crops of the object, and depend on their generator alone."""

from __future__ import annotations

import numpy as np

from shapeshot.data.augment import (
    AugmentOptions,
    alpha_box,
    disturbed_crop,
    draw_framing,
    found_by_finder,
    plain_crop,
)


def view() -> np.ndarray:
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[20:50, 10:30] = (220, 40, 30, 255)
    return rgba


def augmented(rng: np.random.Generator, options: AugmentOptions) -> np.ndarray:
    """As training sees the view."""
    turned, framing = draw_framing(view(), rng, options)
    return disturbed_crop(turned, framing.box, 48, rng, options)


def test_box_is_the_square_around_the_alpha_with_its_margin() -> None:
    left, top, side = alpha_box(view())
    assert side == 30 * 1.2
    assert left + side / 2 == 20
    assert top + side / 2 == 35
    assert alpha_box(np.zeros((8, 8, 4), np.uint8)) == (0.0, 0.0, 8.0)


def test_plain_crop_shows_the_object_on_grey() -> None:
    crop = plain_crop(view(), 48)
    assert crop.shape == (48, 48, 3)
    np.testing.assert_allclose(crop[0, 0], 128, atol=2)
    np.testing.assert_allclose(crop[24, 24], (220, 40, 30), atol=2)


def test_augmentation_is_seeded_and_varies() -> None:
    options = AugmentOptions()
    crops = [augmented(np.random.default_rng(seed), options) for seed in range(20)]
    again = augmented(np.random.default_rng(7), options)
    np.testing.assert_array_equal(again, crops[7])
    assert all(crop.shape == (48, 48, 3) and crop.dtype == np.uint8 for crop in crops)
    assert len({crop.tobytes() for crop in crops}) == len(crops)
    red = np.mean([crop[24, 24].astype(float) for crop in crops], axis=0)
    assert red[0] > red[1] + 50, "the object must stay in the middle of the crop"


def test_everything_off_is_the_plain_crop() -> None:
    off = AugmentOptions(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    crop = augmented(np.random.default_rng(0), off)
    np.testing.assert_allclose(crop.astype(int), plain_crop(view(), 48).astype(int), atol=1)


def test_the_finder_cuts_an_object_out_of_its_room() -> None:
    room = np.full((96, 96, 4), (205, 200, 190, 0), np.uint8)  # a wall, which goes on under alpha 0
    room[70:] = (120, 90, 60, 0)
    room[30:80, 30:60] = (200, 40, 30, 255)
    found = found_by_finder(room)
    np.testing.assert_array_equal(found[..., :3], room[..., :3])
    inside, exact = found[..., 3] >= 128, room[..., 3] > 0
    assert (found[..., 3] != room[..., 3]).any(), "its edge is the finder's"
    assert (inside & exact).sum() > 0.8 * (inside | exact).sum()
    another = room.copy()
    another[..., 3] = 0
    another[2:10, 80:94, 3] = 255  # what is meant is a piece of wall: the finder takes the box
    np.testing.assert_array_equal(found_by_finder(another), another)
