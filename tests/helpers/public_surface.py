"""All that a user can see of shapeshot, as one flat dictionary that two versions can be compared by.

Keys are paths: "help/reconstruct/--size", "openapi/paths/...", "files/armchair/mesh.glb", "python/reconstruct". Nothing
here names a module of the package but `shapeshot` and `shapeshot.cli`, so that it runs on any layout. Record a version:

    PYTHONPATH=OTHER/src python tests/helpers/public_surface.py tests/golden/public_surface.json

or, where shapes alone are others, what files hold: the same with `files/ single/` behind it.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMANDS = (
    *("", "reconstruct", "studio", "serve", "data", "data build", "data info", "train"),
    *("export", "remember", "calibrate", "evaluate", "compare", "fit"),
)
# One file of every format, and of the forms and options that change what is in it.
SINGLE_FILES = {
    "mesh.glb": [],
    "mesh.obj": [],
    "mesh.ply": [],
    "mesh.stl": ["--size", "height=80cm"],
    "mesh.3mf": [],
    "mesh.usdz": [],
    "mesh.sh3f": ["--category", "Office"],
    "mesh.npz": ["--as", "mesh"],
    "points.ply": ["--as", "points", "--points", "500"],
    "voxels.npz": [],
    "voxels.binvox": ["--resolution", "48"],
    "voxels.glb": ["--as", "voxels", "--threshold", "0.6"],
    "finished.glb": ["--smooth", "--printable", "--region", "0,0,640,620"],
}
ZIPPED = (".npz", ".3mf", ".usdz", ".sh3f")  # their members are compared: how they are packed depends on zlib
# Values that differ from run to run: only their type is compared.
FLEETING = re.compile(r"/timings/\w+$|/modified_ns$")

Surface = dict[str, Any]


def public_surface(folder: Path) -> Surface:
    """Everything; what is written goes below `folder`."""
    return {**help_pages(), **openapi(), **python_names(), **folder_run(folder / "run"), **single_files(folder)}


def help_pages() -> Surface:
    """Each entry of each command's --help, and each item of its usage, by command and the flag's or argument's name."""
    pages: Surface = {}
    for command in COMMANDS:
        with mock.patch.dict(os.environ, {"COLUMNS": "200", "NO_COLOR": "1"}):
            text = _printed([*command.split(), "--help"])
        for name, said in _entries(text):
            pages[f"help/{command or 'shapeshot'}/{name}"] = said
    return pages


def openapi() -> Surface:
    """The leaves of the document that `shapeshot serve` gives."""
    command = [sys.executable, "-m", "shapeshot", "serve", "--port", "0", "--workers", "1"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = re.findall(r"http://\S+", server.stdout.readline())[0]
        with urllib.request.urlopen(f"{url.rstrip('/')}/openapi.json") as answer:
            return flat("openapi", json.load(answer))
    finally:
        server.terminate()
        server.communicate(timeout=30)


def python_names() -> Surface:
    """What `import shapeshot` gives, with the parameters of functions and the fields of a result."""
    import shapeshot

    names = {f"python/{name}": _signature(getattr(shapeshot, name)) for name in shapeshot.__all__}
    reconstruct = inspect.signature(shapeshot.reconstruct).parameters.values()
    names |= {f"python/reconstruct({p.name})": str(p) for p in reconstruct}
    return names


def folder_run(out: Path) -> Surface:
    """Names, contents and facts of a run over the example photos."""
    _printed(["reconstruct", str(EXAMPLES), "--out", str(out)])
    found: Surface = {}
    for path in sorted(out.rglob("*")):
        name = f"files/{path.relative_to(out)}"
        if path.suffix == ".json":
            found |= flat(name, json.loads(path.read_text()))
        elif path.suffix == ".parquet":
            found |= {f"{name}/{column}": kind for column, kind in _columns(path)}
        elif path.suffix == ".png":
            found[name] = "a picture"
        elif path.is_file():
            found |= _digests(name, path)
    return found


def single_files(folder: Path) -> Surface:
    """The content of one file of each format."""
    found: Surface = {}
    for name, words in SINGLE_FILES.items():
        path = folder / "single" / name
        _printed(["reconstruct", str(EXAMPLES / "armchair.jpg"), "--out", str(path), *words])
        for written in sorted(path.parent.iterdir()):
            found |= _digests(f"single/{written.name}", written)
    return found


def canary() -> str:
    """A digest of what the shipped encoder gives here for one picture.

    Where it is another, this processor or ONNX Runtime rounds otherwise, and digests of shapes say nothing.
    """
    import numpy as np
    import onnxruntime

    import shapeshot

    [path] = Path(shapeshot.__file__).parent.rglob("view.onnx")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    [pixels] = session.get_inputs()
    picture = np.random.default_rng(0).integers(0, 255, [1, *pixels.shape[1:]])
    kinds = {"tensor(uint8)": np.uint8, "tensor(float)": np.float32}
    outputs = session.run(None, {pixels.name: picture.astype(kinds[pixels.type])})
    return _digest(b"".join(np.ascontiguousarray(output).tobytes() for output in outputs))


def flat(prefix: str, value: Any) -> Surface:
    """The leaves of JSON values by their path; of fleeting ones the type alone. Empty containers are leaves."""
    if isinstance(value, dict) and value:
        return {k: v for name, inner in value.items() for k, v in flat(f"{prefix}/{name}", inner).items()}
    if isinstance(value, list) and value:
        return {k: v for index, inner in enumerate(value) for k, v in flat(f"{prefix}/{index}", inner).items()}
    return {prefix: type(value).__name__ if FLEETING.search(prefix) else value}


def _printed(words: list[str]) -> str:
    from shapeshot.cli import main

    text, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(errors):
        try:
            code = main(words)
        except SystemExit as leaving:  # --help
            code = int(leaving.code or 0)
    assert code == 0, f"{words}: {errors.getvalue()}"
    return text.getvalue()


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """The name of each flag or argument, and what is said of it: its placeholder and its help."""
    usage, _, rest = text.partition("\n\n")
    for item in _items(" ".join(usage.split()).partition("usage: ")[2]):
        yield f"usage/{item.strip('[]').split()[0]}", item
    for block in re.split(r"\n(?= {2,4}\S)", rest):
        lines = block.partition("\n\n")[0].splitlines()  # what follows is the title of another group
        head, *said = re.split(r"\s{2,}", lines[0].strip(), maxsplit=1)
        name, _, placeholder = head.partition(" ") if head.startswith("-") else (head, "", "")
        yield name, " ".join([placeholder, *said, *(line.strip() for line in lines[1:])]).strip()


def _items(usage: str) -> Iterator[str]:
    """The words of a usage line; what stands in brackets is one."""
    depth, item = 0, ""
    for letter in f"{usage} ":
        depth += (letter == "[") - (letter == "]")
        if letter == " " and not depth:
            if item:
                yield item
            item = ""
        else:
            item += letter


def _signature(thing: Any) -> str:
    if inspect.isclass(thing):
        return "class"
    return "function" if callable(thing) else type(thing).__name__


def _columns(path: Path) -> list[tuple[str, str]]:
    import pyarrow.parquet

    return [(field.name, str(field.type)) for field in pyarrow.parquet.read_schema(path)]


def _digests(name: str, path: Path) -> Surface:
    if path.suffix not in ZIPPED:
        return {name: "a picture" if path.suffix == ".png" else _digest(path.read_bytes())}
    with zipfile.ZipFile(path) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    return {f"{name}/{m}": "a picture" if m.endswith(".png") else _digest(content) for m, content in members.items()}


def _digest(content: bytes) -> str:
    return "sha256 " + hashlib.sha256(content).hexdigest()


def record(golden: Path, prefixes: Sequence[str]) -> None:
    """Record what there is now in a golden file: all of it, or only the keys that begin with one of `prefixes`."""
    with tempfile.TemporaryDirectory() as scratch:
        now = public_surface(Path(scratch))
    if prefixes:
        before, starts = json.loads(golden.read_text())["surface"], tuple(prefixes)
        kept = {key: value for key, value in before.items() if key in now or not key.startswith(starts)}
        now = kept | {key: value for key, value in now.items() if key.startswith(starts)}
    golden.write_text(json.dumps({"canary": canary(), "surface": now}, indent=0, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    record(Path(sys.argv[1]), sys.argv[2:])  # files/ single/ where shapes alone are others
