"""The options of a run and the function that they are for agree."""

from __future__ import annotations

import inspect

import pytest

from shapeshot.errors import UserError
from shapeshot.folders import BatchOptions
from shapeshot.pipeline.reconstruct import reconstruct


def test_the_defaults_are_those_of_reconstruct() -> None:
    keywords = inspect.signature(reconstruct).parameters
    for name, value in BatchOptions().arguments().items():
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
        BatchOptions(**wrong).check()
