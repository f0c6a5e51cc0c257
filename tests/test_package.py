"""The public list, and the rules of the house that a machine can check."""

from __future__ import annotations

import ast
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import shapeshot

PACKAGE = Path(__file__).parents[1] / "src" / "shapeshot"
SOURCES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 400
MAX_FILES = 20


def test_every_public_name_loads() -> None:
    for name in shapeshot.__all__:
        assert getattr(shapeshot, name) is not None
        assert name in dir(shapeshot)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="reconstrukt"):
        _ = shapeshot.reconstrukt


@pytest.mark.parametrize("first", ["import shapeshot.pipeline.reconstruct as road", "import shapeshot"])
def test_the_function_and_its_module_are_each_what_they_are_called(first: str) -> None:
    code = f"{first}\nimport shapeshot\nassert shapeshot.reconstruct.__kwdefaults__['resolution'] == 32"
    code += "\nimport shapeshot.pipeline.reconstruct as road\nassert road.reconstruct is shapeshot.reconstruct"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_shapes_survive_pickling() -> None:
    mesh = shapeshot.Mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]])
    assert pickle.loads(pickle.dumps(mesh)).faces.tolist() == [[0, 1, 2]]


def test_the_version_is_the_packages() -> None:
    pyproject = (PACKAGE.parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{shapeshot.__version__}"' in pyproject


def test_types_are_shipped() -> None:
    assert (PACKAGE / "py.typed").is_file()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_house_rules(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert len(text.splitlines()) <= MAX_LINES, "split this file: one concept a file"
    assert path.name not in {"utils.py", "helpers.py", "misc.py", "common.py"}, "name it after what it holds"
    assert ast.get_docstring(tree) or not tree.body, "the file says what it is for"
    assert not undocumented(tree)


def undocumented(tree: ast.Module) -> list[str]:
    """Public functions and methods at module or class level without a docstring or a return type.

    Methods of a protocol's implementation whose name Python or a base class fixes (dunders, forward) need no docstring.
    """
    faults = []
    for owner in (tree, *(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_")):
        for node in owner.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            special = node.name.startswith("__")
            if node.name.startswith("_") and not special:
                continue
            if node.returns is None:
                faults.append(f"{node.name} has no return type")
            if isinstance(owner, ast.Module) and not special and not ast.get_docstring(node):
                faults.append(f"{node.name} has no docstring")
    return faults


def test_undocumented_functions_are_found() -> None:
    tree = ast.parse("def f(x):\n    return x\ndef g() -> int:\n    'doc'\ndef _h(): ...")
    assert undocumented(tree) == ["f has no return type", "f has no docstring"]


def test_no_room_is_overfull() -> None:
    """A room can be taken in at a glance; what has grown too large gets rooms of its own."""
    folders = [folder for folder in [PACKAGE, *PACKAGE.rglob("*")] if folder.is_dir() and folder.name != "__pycache__"]
    assert {
        str(folder.relative_to(PACKAGE)): count
        for folder in folders
        if (count := sum(path.is_file() for path in folder.iterdir())) > MAX_FILES
    } == {}
