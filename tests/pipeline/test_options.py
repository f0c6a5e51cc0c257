"""The options of a run and the function that they are for agree."""

from __future__ import annotations

import dataclasses
import inspect

import pytest

from shapeshot.errors import UserError
from shapeshot.finish import FinishOptions
from shapeshot.pipeline.options import Options
from shapeshot.pipeline.reconstruct import reconstruct


def test_the_defaults_are_those_of_reconstruct() -> None:
    keywords = inspect.signature(reconstruct).parameters
    for name, value in Options().of("find", "shape").items():
        assert keywords[name].default == value


@pytest.mark.parametrize(
    "wrong",
    [
        {"resolution": 7},
        {"num_points": 0},
        {"size": "tall"},
        {"background": "gren"},
        {"threshold": 2.0},
        {"region": (1, 2, 3)},
    ],
)
def test_options_out_of_range(wrong: dict) -> None:
    with pytest.raises(UserError):
        Options(**wrong).check()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"resolution": 7}, "resolution must lie in 8..256; got 7"),
        ({"num_points": 10**300}, r"the number of points must lie in 1..10000000; got 10{59}... \(301 characters\)"),
        ({"threshold": float("nan")}, "the threshold must lie in 0.001..0.999; got nan"),
        ({"threshold": float("inf")}, "the threshold must lie in 0.001..0.999; got inf"),
        ({"background": "gren"}, "unknown background 'gren'; choose from alpha, auto"),
        ({"size": "height=1e308m"}, "metres"),
        ({"simplify": 3}, "at least 4 faces"),
        ({"smooth": 10**300}, "rounds of smoothing"),
        ({"region": (0, 0, float("nan"), 1)}, "region"),
    ],
)
def test_what_is_said_of_them(wrong: dict, said: str) -> None:
    with pytest.raises(UserError, match=said):
        Options(**wrong).check()


def test_every_option_is_described() -> None:
    for row in Options.declared():
        assert row.doc, row.name
        assert not row.doc.endswith("."), row.name
        assert row.stage in ("find", "shape", "finish")
        assert row.default == getattr(Options(), row.keyword)
        if row.control is not None and row.type in (int, float):
            assert row.low is not None, f"{row.name} has a slider and no lower bound"


def test_each_option_acts_somewhere() -> None:
    """A field of stage "find" or "shape" is a keyword of reconstruct; one of "finish" of FinishOptions."""
    keywords = inspect.signature(reconstruct).parameters
    assert set(Options().of("find", "shape")) <= set(keywords)
    assert set(Options().of("finish")) == {field.name for field in dataclasses.fields(FinishOptions)}


@pytest.mark.parametrize(("text", "value"), [("true", True), ("FALSE", False)])
def test_switches_are_read(text: str, value: bool) -> None:
    [printable] = [row for row in Options.declared() if row.name == "printable"]
    assert printable.parse(text, "printable") is value


@pytest.mark.parametrize("name", ["resolution", "points", "threshold", "printable"])
@pytest.mark.parametrize("text", ["", "many", "0x10", "9" * 5000])
def test_what_cannot_be_read_is_said_in_one_short_line(name: str, text: str) -> None:
    [row] = [row for row in Options.declared() if row.name == name]
    with pytest.raises(UserError, match=rf"{name} must ") as caught:
        row.require(row.parse(text, f"--{name}"))  # 5000 digits are a float: infinity, which is out of bounds
    assert len(str(caught.value)) < 200
