"""Few warnings, the most useful first; what asks for nothing is a note, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from shapeshot.model.heads import Familiarity, SizeEstimate
from shapeshot.photo.background import ObjectMask
from shapeshot.photo.finder import NOTHING_MEANT, doubts
from shapeshot.pipeline.confidence import DOUBTFUL, DOUBTS, LOW
from shapeshot.pipeline.options import MIRRORED
from shapeshot.pipeline.reconstruct import Reconstruction, reconstruct
from shapeshot.pipeline.result import result_of

STRANGE = Familiarity(score=1.1, limit=1.0, is_familiar=False)
NARROW = SizeEstimate((1.0, 0.1, 2.0), (0.8, 0.08, 1.6), (1.2, 0.12, 2.4), 0.8)
WIDE = replace(NARROW, low=(0.1, 0.01, 0.2), high=(10.0, 1.0, 20.0))


@pytest.fixture(scope="module")
def shape(photo: np.ndarray, analytic_field: Any) -> Reconstruction:
    return reconstruct(photo, model=analytic_field(), resolution=16, num_points=100)


def found(shape: Reconstruction, *remarks: str, notes: tuple[str, ...] = ()) -> ObjectMask:
    return replace(shape.found, remarks=remarks, notes=notes)


def test_a_shape_that_came_out_well_carries_no_warning(shape: Reconstruction) -> None:
    """Unfamiliar, of other proportions than a wide guess, with a speck left out: facts, and result.json has them."""
    sure = replace(
        shape,
        confidence=0.8,
        doubt="points",
        familiarity=STRANGE,
        size_estimate=WIDE,
        found=found(shape, notes=("1 stray speck was left out",)),
    )
    assert sure.warnings == ()
    speck, strange, proportions = sure.notes
    assert (speck, strange[:27]) == ("1 stray speck was left out", "this photo is unlike anythi")
    assert "things that look like this" in proportions
    facts = result_of(sure, "default", ("of its files",))
    assert (facts.warnings, facts.notes) == ((), (*sure.notes, "of its files"))


def test_proportions_are_a_warning_where_the_guess_is_narrow(shape: Reconstruction) -> None:
    [warning] = replace(shape, confidence=0.8, doubt="points", size_estimate=NARROW).warnings
    assert "things that look like this" in warning


@pytest.mark.parametrize(("confidence", "warned", "noted"), [(0.1, 1, 0), (0.34, 1, 0), (0.4, 0, 1), (0.6, 0, 0)])
def test_a_low_confidence_warns_and_an_open_one_is_noted(
    shape: Reconstruction, confidence: float, warned: int, noted: int
) -> None:
    assert 0.34 < DOUBTFUL < 0.4 < LOW < 0.6
    told = replace(shape, confidence=confidence, doubt="depth")
    assert (len(told.warnings), len(told.notes)) == (warned, noted)
    assert all(DOUBTS["depth"] in text for text in (*told.warnings, *told.notes))


def test_what_follows_from_one_another_is_one_sentence(shape: Reconstruction) -> None:
    unsure = doubts(0.3)[0]
    low = replace(shape, confidence=0.1, doubt="mask", familiarity=STRANGE, found=found(shape, unsure, "it is cut"))
    first, second = low.warnings
    assert first.startswith(f"this shape is probably not right (confidence 0.10): {unsure}; this photo is unlike")
    assert (second, low.notes) == ("it is cut", ())
    other = replace(low, doubt="depth").warnings
    assert other[:2] == (unsure, "it is cut")
    assert DOUBTS["depth"] in other[2]
    assert "unlike anything" in other[2]


def test_what_was_typed_comes_first(photo: np.ndarray, analytic_field: Any) -> None:
    told = reconstruct(photo, model=analytic_field(), resolution=16, size="height=80")
    assert "was read as 80 metres" in replace(told, found=found(told, "it is cut")).warnings[0]


def test_no_object_and_an_uncertain_one_are_one_remark(monkeypatch: pytest.MonkeyPatch) -> None:
    from shapeshot.photo.background import _told

    mask = np.ones((8, 8), np.float32)
    assert _told(ObjectMask(mask, "finder", 0.2, (NOTHING_MEANT,)), False).remarks == (NOTHING_MEANT,)
    assert _told(ObjectMask(mask, "finder", 0.2), False).remarks == doubts(0.2)


def test_of_a_mirrored_depth_it_is_told_that_nobody_knows_how_sure_it_is(shape: Reconstruction) -> None:
    mirrored = replace(shape, depth=MIRRORED, familiarity=STRANGE)
    assert mirrored.warnings == ()
    assert [note[:25] for note in mirrored.notes] == ["this photo is unlike anyt", "its depth is mirrored, as"]
    assert (result_of(mirrored, "default").depth, result_of(shape, "default").depth) == ("mirrored", None)
