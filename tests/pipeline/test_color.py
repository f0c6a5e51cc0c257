"""Colour transfer: the photo's chroma, the field's lightness, within [0, 1]."""

from __future__ import annotations

import numpy as np

from shapeshot.pipeline.color import ColorTransfer, object_pixels


def test_the_chroma_becomes_the_photos_and_the_lightness_stays() -> None:
    rng = np.random.default_rng(0)
    predicted = 0.5 + 0.02 * rng.standard_normal((4000, 3))
    photographed = np.array([0.3, 0.6, 0.2]) + 0.02 * rng.standard_normal((4001, 3))
    moved = ColorTransfer.fit(predicted, photographed)(predicted)
    np.testing.assert_allclose(moved.mean(axis=1), predicted.mean(axis=1), atol=1e-6)
    chroma = np.array([0.3, 0.6, 0.2]) - np.mean([0.3, 0.6, 0.2])
    np.testing.assert_allclose(moved.mean(axis=0) - moved.mean(), chroma, atol=5e-3)


def test_equal_palettes_change_nothing() -> None:
    colors = np.tile(np.array([[0.2, 0.5, 0.7]], np.float32), (9, 1))
    np.testing.assert_allclose(ColorTransfer.fit(colors, colors)(colors), colors, atol=1e-6)


def test_light_and_shade_in_the_photo_change_nothing() -> None:
    predicted = np.random.default_rng(1).uniform(0.3, 0.7, (50, 3))
    photo = np.tile([0.4, 0.5, 0.6], (50, 1))
    for exposure in (-0.2, 0.0, 0.2):
        moved = ColorTransfer.fit(predicted, photo + exposure)(predicted)
        np.testing.assert_allclose(moved, ColorTransfer.fit(predicted, photo)(predicted), atol=1e-6)


def test_results_are_colours() -> None:
    transfer = ColorTransfer(np.array([0.5, -0.5, 0.0], np.float32))
    moved = transfer(np.random.default_rng(2).uniform(0, 1, (4, 5, 3)))
    assert moved.shape == (4, 5, 3)
    assert moved.min() == 0.0
    assert moved.max() == 1.0


def test_only_sure_pixels_of_the_object_count() -> None:
    rgba = np.zeros((10, 10, 4), np.uint8)
    rgba[:5, :, :3] = (255, 0, 0)
    rgba[5:, :, :3] = (0, 0, 255)
    mask = np.zeros((10, 10), np.float32)
    mask[:5] = 1
    np.testing.assert_array_equal(object_pixels(rgba, mask), np.tile([1.0, 0, 0], (50, 1)))
    assert len(object_pixels(rgba, np.zeros((10, 10), np.float32))) == 100
    assert len(object_pixels(rgba, mask, max_pixels=10)) <= 12
