"""Settings: bounds, docstrings of fields, and values that are of no use."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated

import pytest

from shapeshot.errors import ModelError, UserError
from shapeshot.lab.settings import Bounds, Names, check, field_docs, from_json, settings_of, to_json


@dataclass(frozen=True)
class Inner:
    """A table."""

    rate: float = 1.0
    """A rate."""


@dataclass(frozen=True)
class Outer:
    """Settings."""

    kind: str = field(default="outer", init=False)
    count: Annotated[int, Bounds(low=1, high=9)] = 3
    """How
    many."""
    maybe: bool | None = None
    """Perhaps."""
    name: Annotated[str, Names("name", ("a", "b"))] = "a"
    """Which."""
    inner: Inner = field(default_factory=Inner)
    """The rest."""

    def __post_init__(self) -> None:
        check(self, ModelError)


@dataclass(frozen=True)
class Wider(Outer):
    """Settings and one more."""

    kind: str = field(default="wider", init=False)
    more: tuple[str, ...] = ()
    """Further ones."""


@pytest.mark.parametrize(
    ("bounds", "good", "bad"),
    [
        (Bounds(low=1), [1, 10**9], [0, -1, math.inf, math.nan]),
        (Bounds(above=0), [1e-300], [0, -1]),
        (Bounds(low=0, below=1), [0, 0.999], [1, 2, -0.1]),
        (Bounds(low=0, high=9), [0, 9], [10, -1]),
        (Bounds(low=8, multiple_of=8), [8, 16], [12, 4]),
        (Bounds(), [-5.5, 0], [math.inf, -math.inf, math.nan]),
    ],
)
def test_bounds(bounds: Bounds, good: list[float], bad: list[float]) -> None:
    assert [bounds.fault(value) for value in good] == [""] * len(good)
    assert all(bounds.fault(value).startswith("must") for value in bad)


def test_docs_are_those_below_the_fields() -> None:
    assert field_docs(Wider) == {
        "count": "How many.",
        "maybe": "Perhaps.",
        "name": "Which.",
        "inner": "The rest.",
        "more": "Further ones.",
    }
    found = {item.name: (item.kind, item.help) for item in settings_of(Wider)}
    assert found["inner.rate"] == (float, "A rate.")
    assert found["maybe"] == (bool, "Perhaps.")
    assert "kind" not in found


def test_there_and_back() -> None:
    for config in (Wider(count=4, maybe=True, more=("x",), inner=Inner(2.5)), Outer()):
        assert from_json(type(config), to_json(config)) == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"count": "inf"}, "count must be a int"),
        ({"count": "1" * 400}, "count must be a int"),
        ({"count": True}, "count must be a int"),
        ({"count": 10}, r"count must lie in 1\.\.9; got 10"),
        ({"maybe": 1}, "maybe must be a bool"),
        ({"name": "c"}, "unknown name 'c'"),
        ({"inner": {"rate": float("nan")}}, "rate must be a finite number"),
        ({"inner": {"rat": 1}}, "Did you mean 'rate'"),
        ({"more": "x"}, "more must be"),
        ({"kind": "outer"}, "kind must be 'wider'"),
        ([], "must be a table"),
    ],
)
def test_mistakes(values: object, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        from_json(Wider, values)
    assert "\n" not in str(caught.value)


def test_a_table_of_another_class_is_refused() -> None:
    with pytest.raises(ModelError, match="inner must be a Inner"):
        Outer(inner=Outer())  # type: ignore[arg-type]
