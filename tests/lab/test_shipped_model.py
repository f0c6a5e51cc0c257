"""The shipped weights: runtime and lab agree on the same photo, and the card tells the truth about the files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from shapeshot.field_model import FieldModel
from shapeshot.geometry import cell_centers
from shapeshot.lab.checkpoint import load_checkpoint
from shapeshot.lab.export_run import model_of
from shapeshot.lab.model import SingleViewModel
from shapeshot.photo import find_object, load_photo, prepare_photo

ROOT = Path(__file__).parents[2]
PHOTOS = sorted((ROOT / "examples").glob("*.jpg"))


@pytest.fixture(scope="module")
def runtime() -> FieldModel:
    return FieldModel.load()


@pytest.fixture(scope="module")
def lab() -> SingleViewModel:
    return model_of(load_checkpoint(ROOT / "checkpoints" / "default.safetensors"))


def test_there_are_photos() -> None:
    assert len(PHOTOS) >= 4


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
def test_runtime_and_lab_agree(path: Path, runtime: FieldModel, lab: SingleViewModel) -> None:
    rgba = load_photo(path)
    pixels = prepare_photo(rgba, find_object(rgba), runtime.image_size).pixels
    planes = runtime.encode(pixels)
    axis = torch.from_numpy(cell_centers(32))
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (500, 3)).astype(np.float32)
    with torch.no_grad():
        lab_planes = lab(torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None])
        lab_probability = lab.field.grid(lab_planes, axis, axis, axis)[0].sigmoid().numpy()
        lab_colors = lab.field.at(lab_planes, torch.from_numpy(points)[None])[1][0].numpy()
    probability = 1 / (1 + np.exp(-runtime.grid(planes, 32).logits))
    np.testing.assert_allclose(probability, lab_probability, atol=1e-3)
    np.testing.assert_allclose(runtime.colors_at(planes, points), lab_colors, atol=1e-3)
    np.testing.assert_allclose(planes, lab_planes[0].numpy(), atol=1e-3)


def test_the_card_names_its_data_and_its_size_fits_the_wheel(runtime: FieldModel) -> None:
    training = runtime.card["training"]
    assert [row["source"] for row in training["data"]] == ["sweethome3d", "procedural"]
    assert all(row["creators"] and row["licences"] for row in training["data"])
    size = sum(path.stat().st_size for path in runtime.folder.iterdir())
    assert size < 40e6
