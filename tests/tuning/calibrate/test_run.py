"""`shapeshot calibrate` from a dataset to a model folder that the runtime loads, with a network of random weights."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shapeshot.cli import main
from shapeshot.data.dataset import Dataset
from shapeshot.model.field_model import FieldModel
from shapeshot.model.heads.shape import EVIDENCE
from shapeshot.pipeline.reconstruct import reconstruct
from shapeshot.tuning.calibrate import measure, run, shapes
from shapeshot.tuning.calibrate.measure import write_measurements
from shapeshot.tuning.calibrate.shapes import judge_all


@pytest.fixture(autouse=True)
def _few_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights see large, ragged shapes: one view of each object is enough."""
    monkeypatch.setattr(run, "POINT_VIEWS", 1)
    monkeypatch.setattr(measure, "POINT_VIEWS", 1)
    monkeypatch.setattr(shapes, "SHAPE_VIEWS", 1)
    monkeypatch.setattr(measure, "SHAPE_VIEWS", 1)


@pytest.fixture
def model_folder(random_model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(random_model_folder, tmp_path / "model"))


def calibrate(data: Path, model: Path, *words: str) -> int:
    return main(["calibrate", "--data", str(data), "--model", str(model), "--quiet", *words])


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_more_datasets_widen_what_is_known(sized_boxes_folder: Path, model_folder: Path) -> None:
    """The same objects once more, named apart: twice as many in the size estimate, the interval still of one val."""
    assert calibrate(sized_boxes_folder, model_folder, "--views", "1", "--more", str(sized_boxes_folder)) == 0
    heads = FieldModel.load(model_folder).heads
    assert heads.size is not None
    assert len(heads.size.directions) == 24
    calibration = json.loads((model_folder / "card.json").read_text())["calibration"]
    assert (calibration["train_views"], calibration["val_views"]) == (24, 63)
    assert calibration["data"] == f"{sized_boxes_folder.name}, {sized_boxes_folder.name}"
    dataset = Dataset.open(sized_boxes_folder)
    once = judge_all(FieldModel.load(model_folder), [dataset], progress=False)
    assert calibration["shape"]["val"]["shapes"] == 2 * len(once.right)


def test_other_pictures_of_the_same_objects_teach_the_confidence_alone(
    sized_boxes_folder: Path, model_folder: Path, tmp_path: Path
) -> None:
    folders = [Path(shutil.copytree(sized_boxes_folder, tmp_path / name)) for name in ("one", "other")]
    for folder in folders:
        manifest = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps(manifest | {"plan": {"objects_sha256": "a" * 64}}))
    assert calibrate(folders[0], model_folder, "--views", "1", "--more", str(folders[1])) == 0
    calibration = json.loads((model_folder / "card.json").read_text())["calibration"]
    assert calibration["train_views"] == 12
    once = judge_all(FieldModel.load(model_folder), [Dataset.open(folders[0])], progress=False)
    assert calibration["shape"]["val"]["shapes"] == 2 * len(once.right)


@pytest.mark.slow
def test_from_data_to_a_photo_with_a_size(
    sized_boxes_folder: Path, model_folder: Path, photo: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = digests(model_folder)
    assert calibrate(sized_boxes_folder, model_folder, "--views", "2") == 0
    assert "familiar up to" in capsys.readouterr().out
    after = digests(model_folder)
    assert {name for name in after if after[name] != before.get(name)} == {"card.json", "heads.npz"}
    card = json.loads((model_folder / "card.json").read_text())
    assert card["sha256"]["heads.npz"] == after["heads.npz"]
    assert card["calibration"]["train_views"] == 24
    assert str(tmp_path) not in json.dumps(card)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]

    Image.fromarray(photo).save(tmp_path / "disc.png")
    shape = reconstruct(tmp_path / "disc.png", model=model_folder)
    assert shape.size_estimate is not None
    assert all(0.2 < metres < 2.5 for metres in shape.size_estimate.metres)  # no box is outside
    assert shape.familiarity is not None
    assert shape.probabilities is not None
    assert shape.point_confidence is not None
    assert shape.confidence is not None
    assert 0 < shape.confidence < 1
    assert set(card["calibration"]["shape"]["weights"]) == set(EVIDENCE)

    assert calibrate(sized_boxes_folder, model_folder, "--views", "2") == 0
    assert digests(model_folder) == after  # a second run repeats the first


@pytest.mark.slow
def test_boxes_that_look_alike_are_of_their_size(sized_boxes_folder: Path, model_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new"
    assert calibrate(sized_boxes_folder, model_folder, "--out", str(out)) == 0
    assert not (model_folder / "heads.npz").exists()
    numbers = json.loads(write_measurements(sized_boxes_folder, out, tmp_path / "report", num_images=2, progress=False))
    size = numbers["size"]["test"]
    assert size["objects"] == 6
    assert size["model"]["longest"] < 0.3  # the three kinds of boxes differ by far more
    assert size["category_median"]["longest"] < 0.15
    assert numbers["calibration_error"]["val"]["after"] < numbers["calibration_error"]["val"]["before"]
    assert set(numbers["familiarity"]["warned"]) == {"val", "test", "test-unseen"}
    assert numbers["familiarity"]["warned"]["val"] <= 0.05
    assert numbers["shape_confidence"]["test"]["shapes"] > 0
    assert numbers["point_confidence"]["test"]["objects"] == 6
    assert Image.open(tmp_path / "report" / "reliability.png").size[0] > 300
    assert json.loads((tmp_path / "report" / "confidence.json").read_text()) == numbers


def test_a_failed_write_leaves_the_old_model(
    sized_boxes_folder: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = digests(model_folder)

    def full_disk(*_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shapeshot.model.folder.replace_folder", full_disk)
    assert calibrate(sized_boxes_folder, model_folder) == 2
    assert "No space left" in capsys.readouterr().err
    assert digests(model_folder) == before
    assert [path.name for path in model_folder.parent.iterdir()] == ["model"]
    assert FieldModel.load(model_folder).heads.size is None


def test_what_cannot_be_calibrated_is_told_in_one_line(
    boxes_folder: Path, sized_boxes_folder: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrate(boxes_folder, model_folder) == 2
    assert "real size" in capsys.readouterr().err
    assert calibrate(sized_boxes_folder, model_folder, "--views", "0") == 2
    assert "at least 1" in capsys.readouterr().err
    assert calibrate(sized_boxes_folder.parent, model_folder) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
