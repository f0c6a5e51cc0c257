"""The confidence of whole shapes: a monotone probability, and the words for what lowers it."""

from __future__ import annotations

from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from shapeshot.errors import ModelError
from shapeshot.model.heads import Assessment, Evidence, Familiarity, Heads, ShapeHead, SizeEstimate
from shapeshot.model.heads.shape import EVIDENCE
from shapeshot.pipeline.confidence import DOUBTS, evidence_of, low_confidence, stretch

COUNT = len(EVIDENCE)


def head(**weights: float) -> ShapeHead:
    values = np.array([weights.get(name, 0.0) for name in EVIDENCE], np.float32)
    return ShapeHead(np.full(COUNT, -0.2, np.float32), np.full(COUNT, 0.5, np.float32), values, 0.3)


def test_by_hand() -> None:
    score = (-0.5 + 0.2) / 0.5 * 2.0 + (0.0 + 0.2) / 0.5 * 1.0 + 0.3
    found = head(points=2.0, mask=1.0)(Evidence(points=-0.5))
    assert found == pytest.approx(1 / (1 + np.exp(-score)), rel=1e-5)


@pytest.mark.parametrize("name", EVIDENCE)
def test_what_speaks_against_a_shape_lowers_it_and_is_named(name: str) -> None:
    judge = head(**dict.fromkeys(EVIDENCE, 1.0))
    worse = replace(Evidence(), **{name: -3.0})
    assert judge(worse) < judge(Evidence())
    assert judge.main_doubt(worse) == name
    assert DOUBTS[name] in low_confidence(0.2, DOUBTS[name])


def test_there_and_back() -> None:
    kept = Heads.decode(Heads(shape=head(camera=1.5)).encode()).shape
    assert kept is not None
    for entry in fields(ShapeHead):
        np.testing.assert_array_equal(getattr(kept, entry.name), getattr(head(camera=1.5), entry.name))


@pytest.mark.parametrize(
    "change",
    [
        {"weights": np.full(COUNT, -1, np.float32)},
        {"scale": np.zeros(COUNT, np.float32)},
        {"mean": np.zeros(COUNT + 1, np.float32)},
        {"bias": np.nan},
    ],
)
def test_a_head_that_is_not_sound_is_refused(change: dict) -> None:
    with pytest.raises(ModelError):
        Heads.decode(Heads(shape=replace(head(), **change)).encode())


def test_the_evidence_of_a_shape() -> None:
    sure = np.linspace(0, 1, 101, dtype=np.float32)
    size = SizeEstimate((1.0, 1.0, 2.0), (0.5,) * 3, (3.0,) * 3, 0.9)
    known = Assessment(size, Familiarity(0.3, 0.6, True), None, sure)
    reading: Any = SimpleNamespace(camera=None, explained=0.75, depth_doubt=2.5)
    found = evidence_of(known, reading, 0.4, np.array([0.5, 0.5, 0.5], np.float32), 0.9)
    assert found is not None
    expected = {"points": -0.5, "worst_points": -0.9, "familiarity": -0.5, "explained": -0.25, "mask": -0.1}
    expected |= {"depth": -2.5, "slender": -0.4}
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, abs=1e-6)
    assert found.proportions == pytest.approx(-np.log(2))
    assert found.camera == 0


def test_stretching_does_not_depend_on_the_scale() -> None:
    size = SizeEstimate((0.4, 0.9, 0.5), (0.1,) * 3, (2.0,) * 3, 0.9)
    extents = np.array([0.2, 0.9, 0.4])
    assert stretch(extents, size) == pytest.approx(stretch(7 * extents, size))
    assert stretch(np.array(size.metres), size) == pytest.approx(0, abs=1e-12)


def test_without_points_there_is_no_evidence() -> None:
    reading: Any = SimpleNamespace(camera=None, explained=1.0, depth_doubt=0.0)
    assert evidence_of(Assessment(), reading, 0.5, np.ones(3), None) is None
