"""The colour map: every vertex finds its colour in the picture by bilinear filtering, as renderers do it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from shapeshot.export.color_texture import ColorTexture, color_texture


def looked_up(texture: ColorTexture) -> np.ndarray:
    """The picture at the coordinates, as OpenGL's linear filter gives it; 0 to 255."""
    height, width, _ = texture.pixels.shape
    x, y = texture.uvs[:, 0] * width - 0.5, (1 - texture.uvs[:, 1]) * height - 0.5
    left, top = (np.clip(np.floor(a).astype(int), 0, n - 2) for a, n in ((x, width), (y, height)))
    right_share, low_share = (x - left)[:, None], (y - top)[:, None]
    pixels = texture.pixels.astype(float)
    upper = pixels[top, left] * (1 - right_share) + pixels[top, left + 1] * right_share
    lower = pixels[top + 1, left] * (1 - right_share) + pixels[top + 1, left + 1] * right_share
    return upper * (1 - low_share) + lower * low_share


def shaded_wood(rng: np.random.Generator) -> np.ndarray:
    light, grain = rng.random((2, 4000, 1))
    return np.clip(light * [0.6, 0.45, 0.3] + grain * [0.1, 0.02, 0.05] + rng.normal(0, 0.003, (4000, 3)) + 0.1, 0, 1)


def patches(rng: np.random.Generator) -> np.ndarray:
    return np.array([[0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.1, 0.2, 0.9]])[rng.integers(0, 3, 1000)]


@pytest.mark.parametrize("make", [shaded_wood, patches])
def test_every_vertex_finds_its_colour(make) -> None:
    colors = make(np.random.default_rng(0))
    difference = np.abs(looked_up(color_texture(colors)) - colors * 255)
    assert difference.mean() < 1.5
    assert difference.max() < 8


@pytest.mark.parametrize("count", [1, 2, 50])
def test_a_single_colour(count: int) -> None:
    texture = color_texture(np.full((count, 3), 0.3))
    assert np.abs(looked_up(texture) - 76.5).max() <= 0.5


def test_coordinates_blend_as_vertex_colours_do() -> None:
    colors = shaded_wood(np.random.default_rng(1))
    texture = color_texture(colors)
    halfway = ColorTexture(texture.pixels, (texture.uvs[:2000] + texture.uvs[2000:]) / 2)
    difference = np.abs(looked_up(halfway) - (colors[:2000] + colors[2000:]) / 2 * 255)
    assert difference.mean() < 1.5


def test_the_png_holds_the_pixels() -> None:
    texture = color_texture(patches(np.random.default_rng(2)))
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(texture.png()))), texture.pixels)
    assert texture.uvs.min() >= 0
    assert texture.uvs.max() <= 1
