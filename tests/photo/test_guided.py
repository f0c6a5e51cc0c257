"""The guided filter: a mask's edges go where the photo's are."""

from __future__ import annotations

import numpy as np
from PIL import Image

from shapeshot.photo.guided import guided_upsample


def wheel(side: int) -> np.ndarray:
    """A disc with a thin stem, bool."""
    y, x = np.mgrid[:side, :side] / side - 0.5
    return (x * x + (y + 0.1) ** 2 < 0.06) | ((abs(x) < 0.012) & (y > 0) & (y < 0.4))


def test_edges_follow_the_photo() -> None:
    truth = wheel(512)
    photo = np.where(truth[..., None], (180, 60, 40), (90, 120, 160)).astype(np.uint8)
    coarse = np.asarray(Image.fromarray(np.float32(truth)).resize((128, 128), Image.Resampling.BOX))
    plain = np.asarray(Image.fromarray(coarse).resize((512, 512), Image.Resampling.BILINEAR)) >= 0.5
    guided = guided_upsample(coarse, photo) >= 0.5
    assert (guided != truth).sum() < 0.5 * (plain != truth).sum()


def test_colours_of_one_lightness_have_edges() -> None:
    truth = wheel(512)
    photo = np.where(truth[..., None], (200, 90, 90), (90, 146, 90)).astype(np.uint8)
    assert np.ptp(np.asarray(Image.fromarray(photo).convert("L"))) <= 2
    coarse = np.asarray(Image.fromarray(np.float32(truth)).resize((128, 128), Image.Resampling.BOX))
    plain = np.asarray(Image.fromarray(coarse).resize((512, 512), Image.Resampling.BILINEAR)) >= 0.5
    guided = guided_upsample(coarse, photo) >= 0.5
    assert (guided != truth).sum() < 0.5 * (plain != truth).sum()


def test_a_photo_of_one_colour_gives_the_mask_itself() -> None:
    coarse = np.zeros((40, 60), np.float32)
    coarse[10:30, 20:40] = 1
    fine = guided_upsample(coarse, np.full((160, 240, 3), 120, np.uint8))
    assert fine.shape == (160, 240)
    assert fine[80, 120] > 0.95
    assert fine[5, 5] < 0.05


def test_values_stay_within_0_and_1() -> None:
    rng = np.random.default_rng(0)
    fine = guided_upsample(rng.random((32, 48)).astype(np.float32), rng.integers(0, 256, (90, 140, 3), dtype=np.uint8))
    assert fine.dtype == np.float32
    assert 0 <= fine.min() <= fine.max() <= 1
