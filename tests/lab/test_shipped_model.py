"""The shipped weights: runtime and lab agree on the same photo, and the card tells the truth about the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hand_models import shown
from PIL import Image

from shapeshot.lab.checkpoint import load_checkpoint
from shapeshot.lab.export.run import model_of
from shapeshot.lab.model import SingleViewModel
from shapeshot.model.field_model import FieldModel
from shapeshot.model.folder import HEADS_FILE, VIEW
from shapeshot.model.heads import Heads
from shapeshot.model.view_network import OUTPUTS
from shapeshot.onnx_runtime import Session
from shapeshot.photo import find_object, load_photo, prepare_photo
from shapeshot.pipeline.reconstruct import reconstruct
from shapeshot.tuning.calibrate.other_images import MAKERS

ROOT = Path(__file__).parents[2]
TENSORS, MISSING = 377, 245
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
    with torch.no_grad():
        output, pooled = lab.see(torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None])
        parts = lab.decoder.split(output)
    found = Session(runtime.folder.path / VIEW).run({"pixels": pixels[None]})
    expected = (*parts, pooled)
    for name, mine, theirs in zip(OUTPUTS, found, expected, strict=True):
        theirs = theirs.sigmoid() if name in ("occupancy", "colors") else theirs
        mine = 1 / (1 + np.exp(-mine)) if name == "occupancy" else mine
        np.testing.assert_allclose(mine, theirs.numpy(), atol=1e-3, err_msg=name)


def test_the_card_tells_what_the_weights_are_and_what_was_fitted(runtime: FieldModel, lab: SingleViewModel) -> None:
    card = runtime.card
    assert card["kind"] == "view"
    assert card["architecture"]["mirror"] == lab.config.mirror  # type: ignore[attr-defined]
    for run in _runs_of(card["training"]):
        assert run["steps"] > 1000
        assert 0.2 < run["validation_score"] < 1
    facts = card["calibration"]
    assert facts["applied"] == (facts["fitted"]["val_calibration_error"] <= facts["val_calibration_error"]["before"])


def _runs_of(training: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The runs whose weights a card's are the mean of, those of a mean among them as well."""
    parts = training.get("average_of")
    return [training] if parts is None else [run for part in parts for run in _runs_of(part)]


def test_the_graph_does_not_hold_all_that_can_be_trained(runtime: FieldModel) -> None:
    """Why the checkpoint is kept beside it: docs/architecture.md tells these numbers."""
    graph = onnx.load(runtime.folder.path / VIEW).graph
    arrays = [onnx.numpy_helper.to_array(part) for part in graph.initializer]
    held = {array.tobytes() for array in arrays} | {array.T.tobytes() for array in arrays if array.ndim == 2}
    tensors = load_checkpoint(ROOT / "checkpoints" / "default.safetensors").tensors["model"]
    missing = {name: tensor for name, tensor in tensors.items() if tensor.numpy().tobytes() not in held}
    assert (len(tensors), len(missing)) == (TENSORS, MISSING)
    assert all(name.startswith("encoder.") for name in missing)


def test_the_card_names_its_data_and_its_size_fits_the_wheel(runtime: FieldModel) -> None:
    training = runtime.card["training"]
    assert {row["source"] for row in training["data"]} == {"sweethome3d", "procedural", "folder"}
    assert all(row["licences"] for row in training["data"])
    size = sum(path.stat().st_size for path in runtime.folder.path.iterdir())
    assert size < 30e6


REAL_SIZES = {  # metres, from examples/README.md
    "armchair": (0.59, 1.05, 0.63),
    "bed": (2.02, 1.14, 2.28),
    "chair": (0.44, 0.95, 0.44),
    "sofa": (2.30, 0.87, 1.60),
}


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
def test_examples_are_familiar_and_of_their_size(path: Path, runtime: FieldModel) -> None:
    shape = reconstruct(path, model=runtime)
    assert shape.warnings == ()
    assert shape.size_estimate is not None
    for low, metres, high in zip(shape.size_estimate.low, REAL_SIZES[path.stem], shape.size_estimate.high, strict=True):
        assert low < metres < high
    assert shape.point_confidence is not None
    assert 0.05 < shape.point_confidence.mean() < 0.95


def test_other_things_are_stranger_than_any_example(runtime: FieldModel) -> None:
    """Most of them warn, too; docs/results.md says how many."""
    heads = runtime.heads
    assert heads.look is not None
    assert heads.familiarity is not None

    def distances(pictures: list[np.ndarray]) -> np.ndarray:
        crops = [np.asarray(Image.fromarray(picture).resize((128, 128))) for picture in pictures]
        features = [runtime.see(shown(crop)).features for crop in crops]
        return heads.familiarity.distances(heads.look.directions(np.array(features)))

    examples = distances([load_photo(path)[..., :3] for path in PHOTOS])
    for name in ("texture", "text", "noise"):
        others = distances([MAKERS[name](np.random.default_rng(seed)) for seed in range(10)])
        assert np.median(others) > examples.max()


def test_the_heads_are_small_and_none_is_missing(runtime: FieldModel) -> None:
    assert (runtime.folder.path / HEADS_FILE).stat().st_size < 1e6
    assert all(getattr(runtime.heads, entry.name) is not None for entry in fields(Heads))
