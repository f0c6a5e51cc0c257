"""What a set that is missing, damaged or malicious is answered with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from photo_boxes import box_mask, picture_row, write_index, write_photo_set
from PIL import Image

from shapeshot.errors import DatasetError
from shapeshot.evaluation.photos.photo_set import INDEX, PhotoSet


def test_pictures_masks_and_models_come_back(tmp_path: Path) -> None:
    pictures = write_photo_set(tmp_path)
    for entry in pictures.entries:
        photo = pictures.photo(entry)
        assert np.array_equal(pictures.mask(entry, photo), box_mask(entry.object))
        truth = pictures.truth(entry)
        assert (truth is None) == (entry.setting != "room")
        assert truth is None or truth.solid.shape == (128, 128, 128)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / INDEX).unlink(), "build it"),
        (lambda folder: (folder / INDEX).write_text("{"), "no JSON"),
        (lambda folder: (folder / INDEX).write_text("[]"), "version"),
        (lambda folder: write_index(folder, [], version=99), "version"),
        (lambda folder: write_index(folder, []), "no pictures"),
        (lambda folder: write_index(folder, [{"id": "x"}]), "without what it needs"),
        (lambda folder: write_index(folder, [picture_row("tower", "moon", "tower.png", None)]), "setting"),
    ],
)
def test_a_broken_list_is_refused(tmp_path: Path, spoil: Callable[[Path], object], told: str) -> None:
    write_photo_set(tmp_path)
    spoil(tmp_path)
    with pytest.raises(DatasetError, match=told):
        PhotoSet.open(tmp_path)


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd"])
def test_a_set_cannot_read_outside_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    write_photo_set(folder)
    write_index(folder, [picture_row("tower", "scene", name, "tower.mask.png")])
    pictures = PhotoSet.open(folder)
    with pytest.raises(DatasetError, match="outside"):
        pictures.photo(pictures.entries[0])


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    pictures = write_photo_set(tmp_path)
    entry = pictures.entries[1]
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / str(entry.mask))
    with pytest.raises(DatasetError, match="pixels"):
        pictures.mask(entry, pictures.photo(entry))


def test_missing_files_are_told_by_name(tmp_path: Path) -> None:
    pictures = write_photo_set(tmp_path)
    entry = pictures.entries[1]
    photo = pictures.photo(entry)
    for name in (entry.picture, str(entry.mask), f"{entry.model}.solid.npz"):
        (tmp_path / name).unlink()
    with pytest.raises(DatasetError, match="tower-room"):
        pictures.photo(entry)
    with pytest.raises(DatasetError, match="tower-room"):
        pictures.mask(entry, photo)
    with pytest.raises(DatasetError, match="solid"):
        pictures.truth(entry)
