"""`shapeshot remember` from datasets to a model folder that the runtime loads, with a network of random weights."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shapeshot.cli import main
from shapeshot.data.dataset import Dataset
from shapeshot.data.solids.silhouettes import solid_silhouette, surface_centers
from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.errors import DatasetError
from shapeshot.geometry.camera import Camera
from shapeshot.model.field_model import FieldModel
from shapeshot.photo import find_object, prepare_photo
from shapeshot.pipeline.reconstruct import reconstruct
from shapeshot.tuning import memory_of as memories
from shapeshot.tuning import remember
from shapeshot.tuning.gallery import Gallery
from shapeshot.tuning.memory_of import memory_of, principal_directions


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_principal_directions_are_those_of_a_singular_value_decomposition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memories, "BLOCK", 64)
    rows = (np.random.default_rng(0).normal(size=(200, 8)) * np.arange(1, 9)).astype(np.float32)
    center, basis = principal_directions(rows, 3)
    _, _, expected = np.linalg.svd(rows - rows.mean(axis=0))
    np.testing.assert_allclose(center, rows.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(np.abs(expected[:3] @ basis), np.eye(3), atol=1e-3)


def test_every_training_object_is_recalled_by_its_own_views(boxes: Dataset) -> None:
    memory = memory_of(Gallery([boxes], progress=False), copies=0)
    ids = boxes.ids("train")
    assert len(memory.ends) == len(ids)
    for index, key in enumerate(ids):
        sample = boxes.sample(key)
        np.testing.assert_array_equal(memory.shape(index), downsample_occupancy(sample.solid, 32))
        view = sample.view(0)
        cosines = memory.cosines(prepare_photo(view, find_object(view)).silhouette[None])
        assert cosines[0, index] == pytest.approx(1, abs=1e-2)


def test_copies_differ_and_are_found_by_their_silhouettes(boxes: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    camera = Camera(30.0, 20.0, 4.0, 30.0)
    monkeypatch.setattr(memories, "sample_camera", lambda rng, radius: camera)
    gallery = Gallery([boxes], progress=False)
    memory = memory_of(gallery, copies=3)
    assert len(memory.ends) == 4 * len(boxes.ids("train"))
    assert memory.encode() == memory_of(gallery, copies=3).encode()
    shapes = [memory.shape(index) for index in range(len(memory.ends))]
    assert len({shape.tobytes() for shape in shapes}) > 2 * len(boxes.ids("train")), "copies differ from their objects"
    for shape in shapes:  # a stretched box is a box, its longest side 1
        extents = [np.flatnonzero(shape.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
        assert shape.sum() > 0.9 * np.prod([len(cells) for cells in extents])  # less some edges, half full twice over
        assert max(len(cells) for cells in extents) == 32
    for index in range(len(shapes)):
        if index % 4:  # a copy, four times as fine so that its cells leave no gaps in the picture
            finer = np.kron(shapes[index], np.ones((4, 4, 4), bool))
            seen = solid_silhouette(surface_centers(finer), camera)
            assert memory.cosines(seen[None])[0, index] > 0.85  # the shape is known to a cell


def test_variants_are_not_copied_again(boxes: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "records", {key: replace(row, variant_of="x") for key, row in boxes.records.items()})
    assert len(memory_of(Gallery([boxes], progress=False), copies=3).ends) == len(boxes.ids("train"))


@pytest.mark.parametrize(
    ("copies", "told"),
    [
        (-1, "argument --copies: must be at least 0; got -1; see 'shapeshot remember --help'"),
        (101, "copies must lie in 0..100; got 101"),
    ],
)
def test_a_number_of_copies_out_of_range_is_said(
    copies: int,
    told: str,
    boxes_folder: Path,
    random_model_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["remember", "--data", str(boxes_folder), "--model", str(random_model_folder), "--quiet"]
    assert main([*words, "--out", str(tmp_path / "out"), "--copies", str(copies)]) == 2
    assert capsys.readouterr().err.splitlines() == [f"shapeshot: {told}"]
    assert not (tmp_path / "out").exists()


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
    words = ["remember", "--data", str(boxes_folder), "--model", str(folder), "--quiet", "--table", "--copies", "1"]
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
