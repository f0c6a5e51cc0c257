"""Every harness runs, finds what it is there to find, and finds nothing in a few inputs."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from shapeshot.errors import UserError


@pytest.fixture(scope="module")
def fuzzing() -> Iterator[ModuleType]:
    """The runner, with its folder on the path as when it is run."""
    pytest.importorskip("fastapi", reason="needs the extra `studio`")
    folder = str(Path(__file__).parent)
    sys.path.insert(0, folder)
    import run

    yield run
    sys.path.remove(folder)


READERS = ("photos", "meshes", "results", "archives", "shards", "checkpoints", "cards")


@pytest.mark.slow
def test_a_few_requests(fuzzing: ModuleType, tmp_path: Path) -> None:
    figures = fuzzing.fuzz("http", 60, 7, tmp_path / "kept", most=300)
    assert figures.findings == []
    assert figures.inputs == 300
    assert len(figures.outcomes) >= 3
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("name", READERS)
def test_a_few_files_of_every_kind(fuzzing: ModuleType, tmp_path: Path, name: str) -> None:
    figures = fuzzing.fuzz(name, 600, 7, tmp_path / "kept", most=40)
    assert figures.findings == []
    assert figures.inputs == 40
    assert len(figures.outcomes) >= 2
    assert not (tmp_path / "kept").exists()


def test_the_list_above_is_whole(fuzzing: ModuleType) -> None:
    assert set(fuzzing.HARNESSES) == {"http", *READERS}


@pytest.mark.parametrize("name", READERS)
def test_what_the_files_are_made_of_is_read(fuzzing: ModuleType, tmp_path: Path, name: str) -> None:
    reader = fuzzing.HARNESSES[name]()._reader
    for number, files in enumerate(reader.good):
        (tmp_path / str(number)).mkdir()
        assert "read" in reader.read(files, tmp_path / str(number))


def test_findings_are_kept_and_told(fuzzing: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fragile:
        seconds = 0.05

        @contextmanager
        def started(self) -> Iterator[None]:
            yield

        def make(self, chance: random.Random) -> bytes:
            return chance.randbytes(1)

        def feed(self, content: bytes) -> str:
            if content[0] < 20:
                raise ZeroDivisionError("a mistake")
            if content[0] < 128:
                raise UserError("told in a line")
            return "fine"

    monkeypatch.setitem(fuzzing.HARNESSES, "fragile", Fragile)
    figures = fuzzing.fuzz("fragile", 60, 1, tmp_path, most=500)
    assert figures.inputs == sum(figures.outcomes.values()) == 500
    assert set(figures.outcomes) == {"fine", "UserError", "finding"}
    assert len(figures.findings) == figures.outcomes["finding"] > 0
    assert all(path.read_bytes()[0] < 20 for path in tmp_path.iterdir())
    again = fuzzing.fuzz("fragile", 60, 1, tmp_path, most=500)
    assert again.outcomes == figures.outcomes
