"""`shapeshot remember` from datasets to a model folder that the runtime loads, with a network of random weights."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from shapeshot.cli import main
from shapeshot.data.dataset import Dataset
from shapeshot.data.solid import downsample_occupancy
from shapeshot.errors import DatasetError
from shapeshot.evaluation import remember
from shapeshot.evaluation.gallery import Gallery
from shapeshot.field_model import FieldModel
from shapeshot.photo import find_object, prepare_photo
from shapeshot.reconstruct import reconstruct


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_principal_directions_are_those_of_a_singular_value_decomposition() -> None:
    rows = (np.random.default_rng(0).normal(size=(200, 8)) * np.arange(1, 9)).astype(np.float32)
    center, basis = remember.principal_directions(rows, 3)
    _, _, expected = np.linalg.svd(rows - rows.mean(axis=0))
    np.testing.assert_allclose(center, rows.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(np.abs(expected[:3] @ basis), np.eye(3), atol=1e-3)


def test_every_training_object_is_recalled_by_its_own_views(boxes: Dataset) -> None:
    memory = remember.memory_of(Gallery([boxes], progress=False))
    ids = boxes.ids("train")
    assert len(memory.ends) == len(ids)
    for index, key in enumerate(ids):
        sample = boxes.sample(key)
        np.testing.assert_array_equal(memory.shape(index), downsample_occupancy(sample.solid, 32))
        view = sample.view(0)
        cosines = memory._cosines(prepare_photo(view, find_object(view)).outline)
        assert cosines[index] == pytest.approx(1, abs=2e-3)


def test_a_model_gets_a_memory_that_helps(
    boxes_folder: Path,
    random_model_folder: Path,
    photo: np.ndarray,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remember, "WEIGHTS", (0.0, 0.5))
    monkeypatch.setattr(remember, "THRESHOLDS", (0.4, 0.5))
    monkeypatch.setattr(remember, "VIEWS", 1)
    folder = Path(shutil.copytree(random_model_folder, tmp_path / "model"))
    before = digests(folder)
    words = ["remember", "--data", str(boxes_folder), "--model", str(folder), "--quiet", "--table"]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * 2 + 1
    after = digests(folder)
    assert {name for name in after if after[name] != before.get(name)} == {"card.json", "memory.npz"}
    card = json.loads((folder / "card.json").read_text())
    assert card["sha256"]["memory.npz"] == after["memory.npz"]
    assert card["threshold"] in (0.4, 0.5)
    assert str(tmp_path) not in json.dumps(card)
    # Random weights know nothing of boxes, and the memory holds some that are much like those of val.
    assert card["memory"]["weight"] == 0.5
    assert card["memory"]["val"]["f_score_5"] > 0.5

    model = FieldModel.load(folder)
    remembered = reconstruct(photo, model=model, threshold=0.45)
    alone = reconstruct(photo, model=FieldModel.load(random_model_folder), threshold=0.45)
    assert not np.array_equal(remembered.voxels.occupancy, alone.voxels.occupancy)

    assert main(words) == 0
    assert digests(folder) == after, "a second run repeats the first, without the first one's memory"


def test_nothing_to_remember_is_said(no_training_folder: Path, random_model_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="train"):
        remember.remember([no_training_folder], random_model_folder, out=tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()
