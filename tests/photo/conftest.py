"""Photos drawn with a known truth: an object on a studio background with light, shadow, noise and JPEG artefacts."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

STOOL = ((0.30, 0.35, 0.70, 0.43), (0.31, 0.43, 0.37, 0.80), (0.63, 0.43, 0.69, 0.80), (0.37, 0.60, 0.63, 0.64))


def draw_truth(shape: str, size: tuple[int, int]) -> np.ndarray:
    """Coverage of each pixel by the object, float32 [height, width] in [0, 1]."""
    width, height = size[0] * 3, size[1] * 3
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    if shape == "ball":
        draw.ellipse((0.28 * width, 0.25 * height, 0.70 * width, 0.80 * height), fill=255)
    else:
        for left, top, right, bottom in STOOL:
            draw.rectangle((left * width, top * height, right * width, bottom * height), fill=255)
    return np.asarray(image.resize(size, Image.Resampling.BOX), np.float32) / 255


def draw_photo(
    shape: str = "ball",
    size: tuple[int, int] = (480, 360),
    ground: tuple[int, int, int] = (230, 230, 230),
    color: tuple[int, int, int] = (150, 90, 60),
    gradient: float = 0.1,
    shadow: float = 0.35,
    noise: float = 2.0,
    seed: int = 0,
) -> tuple[bytes, np.ndarray]:
    """(JPEG file, truth): vignette and vertical gradient on the ground, a soft shadow, light from the top left."""
    width, height = size
    rows, columns = np.mgrid[:height, :width]
    v, u = 2 * rows / height - 1, 2 * columns / width - 1
    truth = draw_truth(shape, size)[..., None]
    soft = Image.new("L", size)
    ImageDraw.Draw(soft).ellipse((0.2 * width, 0.73 * height, 0.85 * width, 0.88 * height), fill=255)
    dark = np.asarray(soft.filter(ImageFilter.GaussianBlur(width / 50)), np.float32) / 255
    light = (1 + gradient * (0.6 * v - 0.5 * (u * u + v * v))) * (1 - shadow * dark)
    back = np.array(ground) * light[..., None]
    front = np.array(color) * (1 - 0.2 * (u + v))[..., None]
    pixels = back * (1 - truth) + front * truth + np.random.default_rng(seed).normal(0, noise, back.shape)
    file = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=85)
    return file.getvalue(), truth[..., 0]


@pytest.fixture
def studio() -> Callable[..., tuple[bytes, np.ndarray]]:
    """See draw_photo."""
    return draw_photo
