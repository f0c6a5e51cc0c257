"""Alpha channels as other tools leave them; told, and treated as a person would."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shapeshot.errors import PhotoError
from shapeshot.photo import find_object, load_photo, prepare_photo
from shapeshot.photo.alpha import has_cutout, read_cutout

CASES = Path(__file__).parent / "cases"


def cutout(alpha: int = 255, side: int = 200) -> np.ndarray:
    rgba = np.zeros((side, side, 4), np.uint8)
    rgba[60:140, 50:150] = (180, 90, 30, alpha)
    return rgba


def test_a_speck_changes_neither_crop_nor_mask_and_is_told() -> None:
    with_speck, without = cutout(), cutout()
    with_speck[10:12, 10:12] = (0, 0, 0, 255)
    first, second = find_object(with_speck), find_object(without)
    np.testing.assert_array_equal(first.mask, second.mask)
    assert prepare_photo(with_speck, first).box == prepare_photo(without, second).box
    assert "1 stray speck" in first.notes[0]
    assert [*first.remarks, *second.remarks, *second.notes] == []


def test_glass_is_stretched_and_told() -> None:
    found = find_object(cutout(alpha=115))
    assert (found.mask >= 0.5).sum() == 80 * 100
    assert "nowhere above 45%" in found.remarks[0]


def test_the_handed_over_cases() -> None:
    """The crop is all that the network sees: the same crop is the same shape."""
    first, second = (load_photo(CASES / f"{name}.png") for name in ("speck", "without_speck"))
    assert (first != second).any()
    found, other = find_object(first), find_object(second)
    np.testing.assert_array_equal(found.mask, other.mask)
    crops = prepare_photo(first, found), prepare_photo(second, other)
    assert crops[0].box == crops[1].box
    np.testing.assert_array_equal(crops[0].pixels, crops[1].pixels)
    assert "1 stray speck" in found.notes[0]
    glass = find_object(load_photo(CASES / "glass45.png"))
    assert "nowhere above 45%" in glass.remarks[0]
    assert 0.05 < (glass.mask >= 0.5).mean() < 0.95


def test_a_haze_is_no_part_of_the_object() -> None:
    hazy = cutout()
    hazy[..., 3] = np.maximum(hazy[..., 3], 15)
    first, second = find_object(hazy), find_object(cutout())
    assert prepare_photo(hazy, first).box == prepare_photo(cutout(), second).box
    assert not first.mask[:50].any(), "what lies away from the object"
    assert not first.mask[:, :40].any()
    assert "a faint haze over" in first.notes[0]
    assert [*first.remarks, *second.remarks, *second.notes] == []


def test_the_soft_edge_of_an_object_stays() -> None:
    soft = cutout()
    soft[60:140, 150] = (180, 90, 30, 20)
    assert find_object(soft).mask[100, 150] == pytest.approx(20 / 255)


def test_parts_stay() -> None:
    two = cutout()
    two[150:170, 50:70] = (10, 10, 10, 255)
    assert find_object(two).mask[160, 60] == 1
    assert not find_object(two).notes


def test_alpha_of_nothing_but_zeros_is_ignored_and_told() -> None:
    rgba = np.full((200, 200, 4), 235, np.uint8)
    rgba[60:150, 50:150, :3] = (30, 90, 160)
    rgba[..., 3] = 0
    found = find_object(rgba, "plain")
    assert (found.mask >= 0.5).sum() == pytest.approx(90 * 100, rel=0.05)
    assert "alpha is 0 everywhere" in found.notes[0]


def test_an_opaque_picture_is_no_cut_out() -> None:
    opaque = cutout()
    opaque[..., 3] = 255
    assert not has_cutout(opaque)
    with pytest.raises(PhotoError, match="transparent background"):
        read_cutout(opaque)
