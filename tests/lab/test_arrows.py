"""Inside the lab: no module imports one that imports it, and only the kinds know which kinds there are."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import shapeshot.lab
from shapeshot.lab.kinds import KINDS

LAB = Path(shapeshot.lab.__file__).parent
SOURCES = {path.relative_to(LAB.parents[1]).with_suffix(""): path for path in sorted(LAB.rglob("*.py"))}
MODULES = {".".join(name.parts).removesuffix(".__init__"): path for name, path in SOURCES.items()}


def imported(path: Path) -> set[str]:
    """The lab's modules that a file imports, at its top, inside functions or for types alone."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in MODULES else node.module)
    return found & set(MODULES)


def test_there_is_no_circle() -> None:
    graph = {name: imported(path) - {name} for name, path in MODULES.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)  # raises CycleError with the circle


def test_no_room_of_the_lab_is_crowded() -> None:
    for folder in {path.parent for path in MODULES.values()}:
        assert len(list(folder.glob("*.py"))) <= 20, folder


def test_only_the_kinds_ask_what_kind_it_is() -> None:
    for name, path in MODULES.items():
        if name.startswith("shapeshot.lab.kinds"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare | ast.Match):
                constants = {item.value for item in ast.walk(node) if isinstance(item, ast.Constant)}
                assert not constants & set(KINDS), f"{path}:{node.lineno}"
