"""What a model with heads adds to a reconstruction, through the library and the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import shapeshot.model.field_model
from shapeshot.cli import main
from shapeshot.errors import UserError
from shapeshot.model.heads import Heads
from shapeshot.pipeline.reconstruct import Reconstruction, reconstruct

FAMILIAR, STRANGE = np.array([0.0, 0.0, 1.0]), np.array([-1.0, -1.0, -1.0])


@pytest.fixture
def model(analytic_field: Any, heads: Heads) -> Any:
    return analytic_field(heads=heads, features=FAMILIAR)


@pytest.fixture
def shape(photo: np.ndarray, model: Any) -> Reconstruction:
    return reconstruct(photo, model=model)


def test_probabilities_say_the_same_as_the_voxels(shape: Reconstruction, model: Any) -> None:
    assert shape.probabilities is not None
    assert shape.probabilities.shape == shape.voxels.occupancy.shape
    surface = model.heads.calibration(np.array([model.level], np.float32))
    np.testing.assert_array_equal(shape.probabilities > surface, shape.voxels.occupancy)
    np.testing.assert_allclose(shape.probabilities, model.heads.calibration(model.field(32).logits))


def test_points_have_a_confidence_that_a_size_does_not_change(
    shape: Reconstruction, photo: np.ndarray, model: Any
) -> None:
    assert shape.point_confidence is not None
    assert shape.point_confidence.shape == (len(shape.points),)
    assert 0 < shape.point_confidence.min() <= shape.point_confidence.max() <= 1
    metric = reconstruct(photo, model=model, size="height=3m")
    np.testing.assert_array_equal(metric.point_confidence, shape.point_confidence)


def test_size_overrides_the_estimate_and_auto_takes_it(shape: Reconstruction, photo: np.ndarray, model: Any) -> None:
    assert shape.size_estimate is not None
    assert shape.size_estimate.metres == pytest.approx((1.0, 0.1, 2.0), rel=1e-4)
    assert not shape.is_metric
    given = reconstruct(photo, model=model, size="height=80cm")
    assert given.size_estimate == shape.size_estimate  # what the model expects, whatever was given
    assert (given.given_size, shape.given_size) == ("height=80cm", None)
    assert np.ptp(given.mesh.vertices[:, 1]) == pytest.approx(0.8)
    auto = reconstruct(photo, model=model, size="auto")
    assert auto.is_metric
    assert auto.size_estimate == shape.size_estimate
    extents = np.ptp(auto.mesh.vertices, axis=0)
    assert np.prod(extents) == pytest.approx(1.0 * 0.1 * 2.0, rel=1e-3)
    np.testing.assert_allclose(extents / extents.max(), np.ptp(shape.mesh.vertices, axis=0) / 0.8, atol=0.02)


def test_auto_needs_a_head(photo: np.ndarray, analytic_field: Any) -> None:
    with pytest.raises(UserError, match="cannot estimate sizes"):
        reconstruct(photo, model=analytic_field(), size="auto")


def test_a_model_without_heads_says_nothing(photo: np.ndarray, analytic_field: Any) -> None:
    shape = reconstruct(photo, model=analytic_field())
    assert shape.size_estimate is shape.familiarity is shape.point_confidence is shape.probabilities is None
    assert shape.warnings == ()


@pytest.fixture
def run(tmp_path: Path, photo: np.ndarray, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command on a photo with a given model: exit code, stderr and result.json."""
    Image.fromarray(photo).save(tmp_path / "disc.png")

    def run(model: Any, *words: str) -> tuple[int, str, dict[str, Any]]:
        monkeypatch.setattr(shapeshot.model.field_model, "load_model", lambda folder=None: model)
        code = main(["reconstruct", str(tmp_path / "disc.png"), "--out", str(tmp_path / "out"), *words])
        return code, capsys.readouterr().err, json.loads((tmp_path / "out/disc/result.json").read_text())

    return run


def test_result_json_has_it_all(run: Any, model: Any) -> None:
    code, err, facts = run(model)
    assert code == 0
    assert facts["unit"] == "cube"
    assert facts["size_estimate"]["metres"] == pytest.approx([1.0, 0.1, 2.0], rel=1e-4)
    low, middle, high = (facts["size_estimate"][name] for name in ("low", "metres", "high"))
    assert all(a < b < c for a, b, c in zip(low, middle, high, strict=True))
    assert facts["familiarity"] == {"score": 0.0, "limit": 0.5, "is_familiar": True}
    assert facts["size_range_tells"] is True
    assert 0 < facts["point_confidence"] < 1
    assert facts["confidence"] is None  # these heads do not judge whole shapes
    [warning] = facts["warnings"]  # the disc is no flat thing of 1.0 x 0.1 x 2.0 m
    assert "0.50 : 1.00 : 0.75, where things that look like this are about 0.50 : 0.05 : 1.00" in warning
    assert err.endswith(f"disc.png: {warning}\n")


def test_a_strange_photo_warns_in_one_line_and_exits_as_ever(run: Any, analytic_field: Any, heads: Heads) -> None:
    code, err, facts = run(analytic_field(heads=heads, features=STRANGE))
    assert code == 0
    [line] = err.splitlines()
    assert line.startswith("shapeshot: warning: ")
    assert "unlike anything" in line
    assert facts["warnings"] == [line.split("disc.png: ", 1)[1]]
    assert "things that look like this" in facts["notes"][0], "a guess as wide as that is no reason to warn"
    assert not facts["familiarity"]["is_familiar"]


def test_size_on_the_command_line(run: Any, model: Any) -> None:
    _, _, given = run(model, "--size", "height=80cm")
    assert (given["unit"], given["size_estimate"]) == ("metre", None)
    assert given["size"][1] == pytest.approx(0.8)
    code, _, auto = run(model, "--size", "auto")
    assert (code, auto["unit"]) == (0, "metre")
    assert np.prod(auto["size"]) == pytest.approx(0.2, rel=1e-3)


def test_a_size_that_makes_no_sense_of_the_shape_is_told_everywhere(run: Any, photo: np.ndarray, model: Any) -> None:
    """Issue 18: 105 cm high, and as deep as high, where the chair was half as deep."""
    _, err, facts = run(model, "--size", "height=80cm")
    [warning] = facts["warnings"]
    assert "the shape is 40 x 80 x 60 cm, where things that look like this are about 800 x 80 x 1600 cm" in warning
    assert err.endswith(f"disc.png: {warning}\n")
    assert reconstruct(photo, model=model, size="height=80cm").warnings == (warning,)


def test_without_heads_the_keys_are_there_and_empty(run: Any, analytic_field: Any) -> None:
    _, err, facts = run(analytic_field())
    assert err == ""
    assert [facts[name] for name in ("size_estimate", "familiarity", "confidence")] == [None] * 3
    assert facts["warnings"] == []
