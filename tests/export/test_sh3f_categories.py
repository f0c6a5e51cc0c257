"""Names to categories of Sweet Home 3D, beside its own catalogue where that is installed."""

from __future__ import annotations

import pytest

from shapeshot.data.sources.sweethome3d import DEFAULT_FOLDER, SweetHome3DSource
from shapeshot.export.sh3f_categories import CATEGORIES, OTHER, category_of
from shapeshot.kinds import KINDS


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("armchair", "Living room"),
        ("blue_armchair-2", "Living room"),
        ("Bed", "Bedroom"),
        ("IKEA desk lamp (3)", "Lights"),
        ("fridge.front", "Kitchen"),
        ("IMG_20240101", OTHER),
        ("", OTHER),
    ],
)
def test_a_name_tells_the_category(name: str, category: str) -> None:
    assert category_of(name) == category


def test_every_kind_in_the_table_is_one_and_stands_once() -> None:
    kinds = [kind for kinds in CATEGORIES.values() for kind in kinds]
    assert len(kinds) == len(set(kinds))
    assert set(kinds) <= set(KINDS)


@pytest.mark.skipif(not DEFAULT_FOLDER.is_dir(), reason="needs the Debian package sweethome3d-furniture")
def test_most_of_the_catalogue_lies_where_it_would() -> None:
    entries = SweetHome3DSource().entries()
    right = [category_of(entry.info.kind) == entry.info.category for entry in entries]
    assert sum(right) / len(right) > 0.8
