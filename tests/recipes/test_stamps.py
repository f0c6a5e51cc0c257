"""Cut-outs for the finder's training are none of the test set's."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[2] / "recipes"
sys.path.insert(0, str(RECIPES / "finder"))

from stamps import copy_stamps  # noqa: E402

from shapeshot.errors import UserError  # noqa: E402

NAMES = json.loads((RECIPES / "finder" / "stamps.json").read_text())


def test_no_stamp_and_no_kind_of_thing_is_in_the_photo_like_set() -> None:
    tested = json.loads((RECIPES / "photolike" / "list.json").read_text())["cutouts"]
    assert not {row["path"] for row in tested} & set(NAMES)
    things = {word for row in tested for word in (*row["name"].lower().split(), Path(row["path"]).stem.lower())}
    things -= {"red", "green", "black", "large", "small", "tree", "sweet", "pepper", "christmas"}
    named = {name: set(Path(name).stem.lower().replace("-", "_").split("_")) for name in NAMES}
    assert not {name: words & things for name, words in named.items() if words & things}


def test_stamps_are_copied_with_their_credits_and_a_missing_one_is_told(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_bytes(name.encode())
    assert copy_stamps(tmp_path / "root", tmp_path / "out") == len(NAMES)
    credits = json.loads((tmp_path / "out" / "credits.json").read_text())
    assert credits[NAMES[0].replace("/", "-")]["from"] == NAMES[0]
    (tmp_path / "root" / NAMES[3]).unlink()
    with pytest.raises(UserError, match="another version"):
        copy_stamps(tmp_path / "root", tmp_path / "again")
