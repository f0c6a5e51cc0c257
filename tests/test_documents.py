"""The documents are true where a machine can tell: snippets run, commands parse, files that are named are there."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from shapeshot.cli import build_parser

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands(page: Path) -> Iterator[list[str]]:
    """The words behind `shapeshot` in every shell command of a page."""
    for block in blocks(page, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while words:
                end = words.index("&&") if "&&" in words else len(words)
                if words[0] == "shapeshot":
                    yield [word for word in words[1:end] if word != "&"]
                words = words[end + 1 :]


COMMANDS = [(page.name, command) for page in PAGES for command in commands(page)]


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=lambda value: " ".join(value)[:80])
def test_a_command_in_the_documents_parses(page: str, command: list[str]) -> None:
    build_parser().parse_args(command)


def test_there_are_commands_to_parse() -> None:
    assert sum(page == "README.md" for page, _ in COMMANDS) >= 15


def test_the_readmes_python_runs_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snippets = blocks(ROOT / "README.md", "python")
    assert len(snippets) >= 2
    shutil.copy(ROOT / "examples" / "armchair.jpg", tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"photos": ["armchair.jpg"]}
    for snippet in snippets:
        exec(compile(snippet, "README.md", "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_installs_what_is_not_published(page: Path) -> None:
    """No index has shapeshot yet: whoever has nothing of it installs from the checkout. Take this out once one has.

    Messages of the program may say `pip install 'shapeshot[extra]'`: pip then takes the shapeshot that is there.
    """
    found = re.findall(r"pip install[^`\n]*['\" ]shapeshot\b[^`\n]*", page.read_text(encoding="utf-8"))
    assert not found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_tests_that_it_names_are_there(page: Path) -> None:
    """`tests/x/test_y.py::test_z`, and `::test_z` for another of the same file."""
    file = ROOT
    for path, name in re.findall(r"`(tests/[\w/]+\.py)?(?:::(test_\w+))?`", page.read_text(encoding="utf-8")):
        file = ROOT / path if path else file
        if path or name:
            assert file.is_file(), path
            assert not name or re.search(rf"^def {name}\(", file.read_text(encoding="utf-8"), re.MULTILINE), name


def test_the_architecture_names_files_that_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for row in re.findall(r"^\| (`[^|]*`[^|]*) \|", text, re.MULTILINE):
        folder = ""
        for name in re.findall(r"`([^`]+)`", row):
            if "/" in name.rstrip("/"):
                folder = name.rstrip("/").rsplit("/", 1)[0]
            places = [ROOT / "src/shapeshot" / name, ROOT / "src/shapeshot" / folder / name, ROOT / name]
            assert any(place.exists() for place in places), f"{name} in the row {row}"
