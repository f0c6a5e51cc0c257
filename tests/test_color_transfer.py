"""Colour transfer: the photo's mean and spread, kept within [0, 1] and never garish."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.color_transfer import ColorTransfer, object_pixels


def test_mean_and_spread_become_the_photos() -> None:
    rng = np.random.default_rng(0)
    predicted = 0.5 + 0.05 * rng.standard_normal((4000, 3))
    photographed = np.array([0.3, 0.6, 0.2]) + 0.08 * rng.standard_normal((4000, 3))
    moved = ColorTransfer.fit(predicted, photographed)(predicted)
    np.testing.assert_allclose(moved.mean(axis=0), photographed.mean(axis=0), atol=1e-3)
    assert moved.std(axis=0).mean() == pytest.approx(photographed.std(axis=0).mean(), rel=0.02)


def test_equal_palettes_change_nothing() -> None:
    colors = np.random.default_rng(1).uniform(0.2, 0.8, (100, 3)).astype(np.float32)
    np.testing.assert_allclose(ColorTransfer.fit(colors, colors)(colors), colors, atol=1e-6)


def test_a_flat_prediction_is_not_blown_up() -> None:
    flat = np.full((10, 3), 0.5) + 1e-9
    vivid = np.random.default_rng(2).uniform(0, 1, (100, 3))
    transfer = ColorTransfer.fit(flat, vivid)
    assert transfer.spread == 2.0
    assert (transfer(np.random.default_rng(3).uniform(-1, 2, (50, 3))) >= 0).all()


def test_only_sure_pixels_of_the_object_count() -> None:
    rgba = np.zeros((10, 10, 4), np.uint8)
    rgba[:5, :, :3] = (255, 0, 0)
    rgba[5:, :, :3] = (0, 0, 255)
    mask = np.zeros((10, 10), np.float32)
    mask[:5] = 1
    np.testing.assert_array_equal(object_pixels(rgba, mask), np.tile([1.0, 0, 0], (50, 1)))
    assert len(object_pixels(rgba, np.zeros((10, 10), np.float32))) == 100
    assert len(object_pixels(rgba, mask, max_pixels=10)) <= 12
