"""Crops: what is cut out of a picture whose pixels say where they are."""

from __future__ import annotations

import pytest
import torch

from shapeshot.lab.pretraining.crops import CropOptions, random_crops

PLAIN = CropOptions(low=1.0, high=1.0, light=0.0, color=0.0, grey=0.0)


def ramp(count: int, side: int) -> torch.Tensor:
    """Pictures whose red is x, whose green is y and whose blue is 7."""
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return torch.stack([x, y, torch.full_like(x, 7)]).to(torch.uint8).expand(count, -1, -1, -1).contiguous()


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_whole_picture_is_itself_or_its_mirror_image() -> None:
    pictures = ramp(32, 16)
    crops = random_crops(pictures, 16, PLAIN, seeded())
    whole, mirrored = pictures.float(), pictures.float().flip(-1)
    same = [torch.allclose(crop, whole[0], atol=1e-3) for crop in crops]
    assert all(same[i] or torch.allclose(crop, mirrored[0], atol=1e-3) for i, crop in enumerate(crops))
    assert 0 < sum(same) < 32


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_a_crop_shows_its_share_of_the_area_and_lies_inside(share: float) -> None:
    options = CropOptions(low=share, high=share, light=0.0, color=0.0, grey=0.0)
    red, green, blue = random_crops(ramp(64, 128), 64, options, seeded()).unbind(dim=1)
    width = (red.amax(dim=(1, 2)) - red.amin(dim=(1, 2))) / 127
    height = (green.amax(dim=(1, 2)) - green.amin(dim=(1, 2))) / 127
    torch.testing.assert_close(width * height, torch.full((64,), share), atol=0.02, rtol=0)
    torch.testing.assert_close(blue, torch.full_like(blue, 7))
    assert red.amin() < 3
    assert red.amax() > 124


def test_crops_follow_from_the_generator_and_stay_colours() -> None:
    pictures, wild = ramp(8, 32), CropOptions(low=0.1, light=3.0, color=2.0)
    crops = random_crops(pictures, 32, wild, seeded(3))
    assert torch.equal(crops, random_crops(pictures, 32, wild, seeded(3)))
    assert not torch.equal(crops, random_crops(pictures, 32, wild, seeded(4)))
    assert crops.min() >= 0
    assert crops.max() <= 255


def test_grey_crops_have_no_colour() -> None:
    crops = random_crops(ramp(8, 32), 32, CropOptions(color=0.0, grey=1.0), seeded())
    torch.testing.assert_close(crops[:, 0], crops[:, 1])
    torch.testing.assert_close(crops[:, 0], crops[:, 2])
