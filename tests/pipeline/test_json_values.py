"""Dataclasses to JSON and back: what comes back is what went, and what is not of the type is refused."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from shapeshot.finish import FinishOptions, WallThickness
from shapeshot.model.heads import Familiarity, SizeEstimate
from shapeshot.model.reading import Symmetry
from shapeshot.pipeline.json_values import from_json, to_json
from shapeshot.pipeline.reconstruct import Reconstruction, reconstruct
from shapeshot.pipeline.result import AssumedScale, Finished, PixelBox, Result, result_of


@pytest.fixture(scope="module")
def shape(photo: np.ndarray, analytic_field: Callable[..., Any]) -> Reconstruction:
    return reconstruct(photo, model=analytic_field())


@pytest.fixture
def plain(shape: Reconstruction) -> Result:
    """A result of which nothing more is known than of any."""
    return result_of(shape, "analytic")


@pytest.fixture
def full(plain: Result) -> Result:
    """A result in which every field has a value."""
    return dataclasses.replace(
        plain,
        size_estimate=SizeEstimate((1.0, 2.0, 3.0), (0.5, 1.0, 2.0), (2.0, 3.0, 4.0), 0.9),
        familiarity=Familiarity(0.5, 1.0, True),
        confidence=0.5,
        symmetry=Symmetry(0.4, 0.2),
        warnings=("unlike",),
        object=dataclasses.replace(plain.object, box=PixelBox(0.0, 1.0, 2.0, 3.0)),
        photo="a.jpg",
        files={"mesh": "mesh.glb"},
        assumed_size="estimate",
        assumed_scale=AssumedScale(1.5, "estimate"),
        finish=Finished(FinishOptions(smooth=3), (9, 8), 1, 0.1, 0.2, (0.0, 0.0, 0.0), WallThickness(0.01, 0.02)),
        made_from={"photo": {"bytes": 3}},
    )


def test_there_and_back(plain: Result, full: Result) -> None:
    for result in (plain, full):
        assert from_json(Result, json.loads(json.dumps(to_json(result)))) == result


def test_what_is_not_known_is_left_out_or_null(plain: Result, full: Result) -> None:
    told = to_json(plain)
    assert told["size_estimate"] is told["familiarity"] is told["confidence"] is None
    assert told["warnings"] == []
    left_out = set(to_json(full)) - set(told)
    assert left_out == {"symmetry", "photo", "files", "assumed_size", "assumed_scale", "finish", "made_from"}
    assert "box" not in told["object"]
    assert to_json(full)["assumed_scale"] == {"metres_per_unit": 1.5, "from": "estimate"}


def test_it_tells_the_shape(plain: Result, shape: Reconstruction) -> None:
    assert plain.mesh.faces == len(shape.mesh.faces)
    assert plain.mesh.bounds == tuple(map(tuple, shape.mesh.bounds.tolist()))
    assert plain.size == pytest.approx(np.ptp(shape.mesh.bounds, axis=0).tolist())
    assert plain.voxels.occupied == shape.voxels.occupancy.sum()
    assert (plain.unit, plain.photo_size) == ("cube", (96, 96))


def test_keys_of_another_version_are_passed_over(plain: Result) -> None:
    assert from_json(Result, {**to_json(plain), "new": 1}) == plain


@pytest.mark.parametrize(
    "damage",
    [
        {"points": "many"},
        {"points": True},
        {"points": 1.5},
        {"size": [1.0, 2.0]},
        {"size": 3},
        {"mesh": None},
        {"mesh": {}},
        {"warnings": "none"},
        {"timings": {"total": "fast"}},
        {"photo_size": [1.5, 2]},
        {"familiarity": {"score": 1}},
        {"files": {"mesh": 3}},
    ],
)
def test_what_is_of_another_type_is_refused(plain: Result, damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Result\.\w+"):
        from_json(Result, {**to_json(plain), **damage})


@pytest.mark.parametrize("value", [None, [], 3, "x", {}])
def test_what_is_no_result_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="Result"):
        from_json(Result, value)


def test_the_share_of_its_mirror_images_is_told_where_it_is_known(shape: Reconstruction) -> None:
    assert "symmetry" not in to_json(result_of(shape, "analytic"))
    known = to_json(result_of(dataclasses.replace(shape, symmetry=Symmetry(0.4, 0.1)), "analytic"))
    assert known["symmetry"] == {"left_right": 0.4, "front_back": 0.1}
    assert from_json(Result, known).symmetry == Symmetry(0.4, 0.1)
