"""Captions: what of an object's description is said, and how."""

from __future__ import annotations

import pytest

from shapeshot.data.objects import ObjectInfo
from shapeshot.lab.pretraining.captions import caption_of


def info(**values: object) -> ObjectInfo:
    told = {"id": "x", "name": "", "kind": "Office chair", "source": "s", "licence": "CC0-1.0", "creator": "Scopia"}
    return ObjectInfo(**(told | values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"name": ""}, "a photo of a chair"),
        ({"kind": "armchair"}, "a photo of an armchair"),
        ({"name": "Office chair 3", "category": "Office"}, "a photo of a chair: Office chair; Office"),
        ({"name": "Chair", "tags": ("seat", "scopia", "Wood", "wood", "7")}, "a photo of a chair: Chair; seat, wood"),
    ],
)  # fmt: skip
def test_captions(values: dict[str, object], expected: str) -> None:
    assert caption_of(info(**values)) == expected
