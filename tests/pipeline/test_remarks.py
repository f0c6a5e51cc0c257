"""What is told of a print: what is missing from it, and what is too thin."""

from __future__ import annotations

from typing import Any

import pytest

from shapeshot.finish import FinishOptions, WallThickness
from shapeshot.model.heads import SizeEstimate
from shapeshot.pipeline.remarks import centimetres, is_telling, millimetres, print_remarks, size_remarks, unit_notes
from shapeshot.pipeline.result import Finished


def finished(thinnest: float = 0.01, common: float = 0.01, **more: Any) -> Finished:
    return Finished(FinishOptions(printable=True), (8, 8), wall_thickness=WallThickness(thinnest, common), **more)


def test_a_sound_print_has_nothing_against_it() -> None:
    assert print_remarks(None, "cube", 1.0) == ()
    assert print_remarks(finished(pieces_dropped=0, pieces_joined=3), "metre", 0.08) == ()


def test_what_was_left_out_is_told() -> None:
    [said] = print_remarks(finished(pieces_dropped=2, volume_dropped=0.0126), "metre", 0.08)
    assert said.startswith("2 loose pieces, 1.3 % of the volume, left out")
    assert "threshold" in said


@pytest.mark.parametrize(
    ("thinnest", "common", "unit", "said"),
    [
        (0.0, 0.001, "metre", "in places: 0 mm"),
        (0.0000053, 0.001, "metre", "in places: 0.0053 mm"),
        (0.00039, 0.00039, "metre", "in more than 5 % of the surface: 0.39 mm"),
        (0.0038, 0.02, "cube", "0.38 mm at the thinnest in a print 10 cm long"),
    ],
)
def test_walls_that_cannot_be_printed_are_told(thinnest: float, common: float, unit: str, said: str) -> None:
    [found] = print_remarks(finished(thinnest, common), unit, 1.0)
    assert said in found


def test_walls_that_can_are_not() -> None:
    assert print_remarks(finished(0.0004, 0.001), "metre", 1.0) == ()
    assert print_remarks(finished(0.0041, 0.1), "cube", 1.0) == ()


@pytest.mark.parametrize(("metres", "said"), [(0.019, "19 mm"), (0.0019, "1.9 mm"), (0.8, "800 mm"), (0.0, "0 mm")])
def test_lengths_are_told_to_two_digits(metres: float, said: str) -> None:
    assert millimetres(metres) == said


CHAIR = SizeEstimate((0.59, 1.05, 0.63), (0.4, 0.8, 0.45), (0.8, 1.3, 0.9), 0.9)


def test_a_chair_that_lost_its_legs_is_told() -> None:
    """The case of issue 18: 105 cm high by what was given, and as deep as it is high."""
    [said] = size_remarks((0.92, 1.05, 1.07), "metre", CHAIR, "height=105cm")
    assert "the shape is 92 x 105 x 107 cm" in said
    assert "about 59 x 105 x 63 cm" in said
    [said] = size_remarks((0.86, 0.45, 1.0), "cube", CHAIR)
    assert "0.86 : 0.45 : 1.00" in said
    assert "0.56 : 1.00 : 0.60" in said


def test_a_shape_of_the_expected_proportions_is_not_whatever_its_scale() -> None:
    assert size_remarks((0.059, 0.105, 0.063), "metre", CHAIR, "height=105mm") == ()
    assert size_remarks((0.7, 1.05, 0.63), "metre", CHAIR) == ()
    assert size_remarks((0.92, 1.05, 1.07), "metre", None, "height=105cm") == ()


def test_a_file_without_a_unit_and_a_size_is_told() -> None:
    [said] = unit_notes("stl", 0.82, False)
    assert "slicers will show it 0.82 mm high" in said
    assert "--size height=80mm" in said
    assert unit_notes("stl", 0.08, True) == ()
    assert unit_notes("glb", 0.82, False) == unit_notes("3mf", 0.82, False) == ()


def test_a_range_says_something_where_it_is_narrow() -> None:
    assert is_telling(CHAIR)
    assert not is_telling(SizeEstimate((0.3, 0.3, 0.3), (0.056, 0.056, 0.056), (1.96, 1.96, 1.96), 0.9))
    assert centimetres((0.05, 0.123, 1.96)) == "5 x 12 x 196 cm"
