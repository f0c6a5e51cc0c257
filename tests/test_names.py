"""Names as they are shown, and as folders are called after them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from shapeshot.names import safe_stem, safe_stems, shown

WINDOWS_FORBIDS = set('<>:"/\\|?*') | {chr(code) for code in range(32)}


@pytest.mark.parametrize(("stem", "name"), [
    ("chair", "chair"), ("Stühle 2", "Stühle 2"), ("椅子", "椅子"), ("a.b", "a.b"),
    ("..", "photo"), (".", "photo"), ("", "photo"), ("...", "photo"), (" ", "photo"), (". .", "photo"),
    (".hidden", "_hidden"), ("end.", "end"), ("end . ", "end"),
    ("con", "con_"), ("CON", "CON_"), ("nul.x", "nul_.x"), ("com1", "com1_"), ("lpt²", "lpt²_"), ("console", "console"),
    ("a/b", "a_b"), ("..\\..\\a", "_\\..\\a".replace("\\", "_")), ("C:x", "C_x"), ("a\0b", "a_b"), ("a\nb", "a_b"),
    ("caf\udce9", "caf%E9"), ("\ud83d", "_"),
])  # fmt: skip
def test_stems(stem: str, name: str) -> None:
    assert safe_stem(stem) == name


def test_random_stems_stay_in_their_folder(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    alphabet = [*"aB.. /\\:*\0\n~-é", "\udcff", "\ud800", "😀", "́", "CON", "nul", "con."]
    for _ in range(2000):
        stem = "".join(alphabet[index] for index in rng.integers(0, len(alphabet), rng.integers(0, 9)))
        name = safe_stem(stem)
        assert (tmp_path / name).parent == tmp_path
        assert (tmp_path / name).resolve() != tmp_path.resolve()
        assert not set(name) & WINDOWS_FORBIDS
        assert name == name.strip() == name.rstrip(". ")
        assert not name.startswith(".")
        assert unicodedata.normalize("NFC", name) == name
        assert safe_stem(name) == name
        name.encode()


def test_long_stems_are_cut_in_whole_characters() -> None:
    assert safe_stem("x" * 5000) == "x" * 160
    assert len(safe_stem("椅" * 5000).encode()) <= 160
    assert set(safe_stem("椅" * 5000)) == {"椅"}


@pytest.mark.parametrize(("stems", "names"), [
    (["a", "a", "a"], ["a", "a-2", "a-3"]),
    (["a", "a-2", "a"], ["a", "a-2", "a-3"]),
    (["Chair", "chair", "CHAIR"], ["Chair", "chair-2", "CHAIR-3"]),
    (["straße", "STRASSE"], ["straße", "STRASSE-2"]),
    (["é", "e\u0301"], ["é", "é-2"]),
    (["..", "."], ["photo", "photo-2"]),
    (["manifest.csv", "MANIFEST.CSV"], ["manifest.csv-2", "MANIFEST.CSV-3"]),
])  # fmt: skip
def test_equal_names_are_numbered(stems: list[str], names: list[str]) -> None:
    found = safe_stems(stems, reserved=["manifest.csv"])
    keys = [unicodedata.normalize("NFC", name.casefold()) for name in found]
    assert len(set(keys)) == len(keys)
    assert found == names


def test_fifty_thousand_equal_stems() -> None:
    assert safe_stems(["x"] * 50_000)[-1] == "x-50000"


@pytest.mark.parametrize(("name", "text"), [
    ("chair 椅子.jpg", "chair 椅子.jpg"), ("a\x1b[2Jb", "a\\x1b[2Jb"), ("caf\udce9.jpg", "caf\\xe9.jpg"),
    ("a\u202egpj.exe", "a\\u202egpj.exe"), ("a\r\nb", "a\\x0d\\x0ab"), ("\ud83d", "\\ud83d"),
])  # fmt: skip
def test_shown(name: str, text: str) -> None:
    assert shown(name) == text
    shown(Path(name)).encode()
