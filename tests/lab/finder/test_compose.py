"""Composed pictures and simulated clicks: what is said to be the object is the object."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from shapeshot.errors import UserError
from shapeshot.lab.finder import compose
from shapeshot.lab.finder.backgrounds import Photographs, any_background
from shapeshot.lab.finder.clicks import inside_point, simulated_hints, worst_point
from shapeshot.lab.finder.compose import Composer, photographed, place, textured, without_grain

SIDE = 96


def disc(color: tuple[int, int, int], size: int = 80) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    rgba = np.zeros((size, size, 4), np.uint8)
    rgba[..., :3], rgba[..., 3] = color, 255 * (x * x + y * y < (0.4 * size) ** 2)
    return rgba


@pytest.fixture(scope="module")
def photos() -> Photographs:
    rng = np.random.default_rng(5)
    return Photographs([rng.integers(0, 256, (70, 90, 3), dtype=np.uint8) for _ in range(3)])


@pytest.fixture(scope="module")
def composer(photos: Photographs) -> Composer:
    room = np.full((128, 128, 4), 90, np.uint8)
    room[..., 3] = 0
    room[40:100, 30:90] = (200, 40, 40, 255)
    return Composer([disc((250, 10, 10)), disc((10, 250, 10))], [room], photos)


def test_backgrounds_are_pictures(photos: Photographs) -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        ground = any_background(SIDE, photos, rng)
        assert ground.shape == (SIDE, SIDE, 3)
        assert np.isfinite(ground).all()


def test_a_folder_without_photographs_is_told(tmp_path) -> None:
    with pytest.raises(UserError, match="no photograph"):
        Photographs.read(tmp_path)


def test_placing_keeps_the_size_that_is_asked_for() -> None:
    rng = np.random.default_rng(1)
    for share in (0.3, 0.6):
        for _ in range(20):
            placed = place(disc((9, 9, 9)), SIDE, rng, share, cut=False)
            rows = np.flatnonzero((placed[..., 3] > 127).any(axis=1))
            assert abs(len(rows) - share * SIDE) < 0.2 * share * SIDE + 2


def test_the_frame_cuts_where_it_should() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        inside = place(disc((9, 9, 9)), SIDE, rng, 0.5, cut=True)[..., 3] > 127
        assert inside.any()
        assert inside[0].any() or inside[-1].any() or inside[:, 0].any() or inside[:, -1].any()


def test_the_mask_is_where_the_object_is(composer: Composer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disc has one colour, so the picture has one inside the mask, unless a shadow falls on it."""
    monkeypatch.setattr(compose, "TEXTURED", 0.0)
    rng = np.random.default_rng(3)
    seen, even = 0, 0
    for _ in range(30):
        scene = composer.composite(SIDE, rng)
        inside = scene.mask > 0.99
        if inside.sum() < 50:
            continue
        seen += 1
        even += bool(scene.picture[inside].std(axis=0).max() < 3)
        assert scene.mask.shape == scene.picture.shape[:2]
        assert 0 <= scene.mask.min() <= scene.mask.max() <= 1
        for other in scene.others:
            assert np.minimum(other, scene.mask).max() < 1, "an object hides another or is hidden"
    assert seen > 20
    assert even >= 0.8 * seen


def test_grain_goes_and_nothing_transparent_is_mixed_in() -> None:
    grainy = disc((200, 120, 60))
    grainy[..., :3] = np.clip(grainy[..., :3] + np.random.default_rng(0).normal(0, 25, (80, 80, 3)), 0, 255)
    grainy[grainy[..., 3] == 0, :3] = 0  # black where nothing is
    smooth = np.asarray(without_grain(Image.fromarray(grainy), 1.0))
    np.testing.assert_array_equal(smooth[..., 3], grainy[..., 3])
    inside = grainy[..., 3] > 0
    assert smooth[inside, 0].std() < 0.5 * grainy[inside, 0].std()
    edge = inside & ~np.roll(inside, 3, axis=0)
    assert abs(float(smooth[edge, 0].mean()) - 200) < 12


def test_a_texture_changes_light_and_dark_alone(photos: Photographs) -> None:
    plain = disc((120, 60, 30), 64)
    for seed in range(5):
        painted = textured(plain, photos, np.random.default_rng(seed))
        np.testing.assert_array_equal(painted[..., 3], plain[..., 3])
        inside = plain[..., 3] > 0
        assert painted[inside, 0].std() > 2
        assert abs(float(painted[inside, 0].mean()) / 120 - 1) < 0.3


def test_rooms_keep_a_third_of_the_object(composer: Composer) -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        scene = composer.room(SIDE, rng)
        red = scene.picture[..., 0] > 150
        assert (red == (scene.mask > 0.5)).mean() > 0.98


def test_examples_repeat_and_differ(composer: Composer) -> None:
    first, again, other = (composer.example(SIDE, np.random.default_rng(seed)) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first.pixels, again.pixels)
    np.testing.assert_array_equal(first.hints, again.hints)
    assert not np.array_equal(first.pixels, other.pixels)
    assert first.pixels.dtype == np.uint8
    assert first.pixels.shape == (3, SIDE, SIDE)
    assert first.hints.shape == (2, SIDE, SIDE)


def test_hints_lie_on_what_they_mean() -> None:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[20:60, 30:80] = True
    other = np.zeros_like(mask)
    other[70:90, 5:25] = True
    denied = 0
    for seed in range(60):
        hints = simulated_hints(mask, other, np.random.default_rng(seed))
        assert hints[0].any()
        assert mask[hints[0] > 0].mean() > 0.7
        if hints[1].any():
            denied += 1
            assert mask[hints[1] > 0].mean() < 0.5
    assert denied > 5


def test_a_click_goes_well_inside() -> None:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[20:60, 30:80] = True
    for seed in range(20):
        x, y = inside_point(mask, np.random.default_rng(seed)) or (0, 0)
        assert 34 <= x <= 76
        assert 24 <= y <= 56
    assert inside_point(np.zeros_like(mask), np.random.default_rng(0)) is None


def test_the_first_click_goes_to_the_middle_of_what_is_missing() -> None:
    truth = np.zeros((200, 300), bool)
    truth[50:150, 100:250] = True
    found = truth.copy()
    found[:, 180:] = False
    x, y = worst_point(found, truth) or (0, 0)
    assert 190 <= x <= 240
    assert 80 <= y <= 120
    assert worst_point(truth, truth) is None


def test_photographed_keeps_what_is_shown() -> None:
    picture = np.zeros((SIDE, SIDE, 3), np.float32)
    picture[30:70, 30:70] = 220
    for seed in range(20):
        pixels = photographed(picture, np.random.default_rng(seed))
        assert pixels.dtype == np.uint8
        assert pixels[35:65, 35:65].mean() > pixels[:25].mean() + 60
